"""The judge, and the router before it: configurations, processes, and what the judge wrote down."""
import contextlib
import hashlib
import json
import sys
import threading
import time
import urllib.parse

from children import Failed, free_ports, running
from routing import REPOSITORY, binary, hermetic

JUDGE = REPOSITORY / "tests" / "judges" / "bedrock_mock.py"

# The judge's own identities.
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SESSION = ("ASIATEMPEXAMPLE", "tempSecretKeyEXAMPLE", "mock-session-token")
EXPIRED = ("ASIAEXPIREDEXAMPLE", "tempSecretKeyEXAMPLE", "expired-session-token")
BEARER = "mock-bedrock-api-key"
REGION = "us-east-1"

SHAPES = ("invoke", "converse", "messages")

# Seconds until the judge has written a request down, which it does behind its answer.
WRITTEN = 10


def static(access, secret, token=None):
    """Keys, as a provider's `creds`."""
    creds = 'kind = "static", access_key_ref = "literal:%s", secret_key_ref = "literal:%s"' % (access, secret)
    return "{ %s }" % (creds + (', session_token_ref = "literal:%s"' % token if token else ""))


def untouched():
    """That the judge is the one that was brought in."""
    recorded = (JUDGE.parent / (JUDGE.name + ".sha256")).read_text().split()[0]
    return hashlib.sha256(JUDGE.read_bytes()).hexdigest() == recorded


class Recorded:
    """What the judge wrote down, by model id."""

    def __init__(self, log):
        self.log, self.place, self.rows, self.lock = log, 0, {}, threading.Lock()

    def of(self, model, at_least=1):
        """All requests for a model, from the moment there are so many."""
        until = time.monotonic() + WRITTEN
        while len(self.read().get(model, [])) < at_least and time.monotonic() < until:
            time.sleep(0.01)
        return self.rows.get(model, [])

    def served(self, model):
        """The latest request for a model, from the moment that it is one which was answered."""
        until = time.monotonic() + WRITTEN
        while (rows := self.of(model)) and rows[-1]["status"] != 200 and time.monotonic() < until:
            time.sleep(0.01)
        return rows[-1]

    def read(self):
        with self.lock, open(self.log, "rb") as file:
            file.seek(self.place)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.place += len(line)
                row = json.loads(line)
                self.rows.setdefault(row.get("model") or named(row), []).append(row)
        return self.rows


def named(row):
    """The model of a request that was refused before the judge looked at it."""
    path = row["path"].split("/")
    return urllib.parse.unquote(path[2]) if path[1] == "model" else None


@contextlib.contextmanager
def judge(folder, name, *options):
    """The judge in a process of its own: its base URL, and what it records."""
    (port,) = free_ports(1)
    log = folder / (name + ".jsonl")
    base = "http://127.0.0.1:%d" % port
    command = [sys.executable, str(JUDGE), "--port", str(port), "--log", str(log), "--hang-seconds", "8", *options]
    with running("the judge", command, folder / (name + ".log"), base + "/__mock/health"):
        yield base, Recorded(log)


class Plan:
    """A configuration that grows with the cases."""

    def __init__(self, endpoint):
        self.endpoint, self.providers, self.models, self.aliases = endpoint, {}, {}, {}

    def provider(self, name, shape, creds=None, **more):
        """An account; values of `more` are TOML."""
        keys = {
            "kind": '"bedrock"',
            "region": '"%s"' % REGION,
            "api_shape": '"%s"' % shape,
            "endpoint_url": '"%s"' % self.endpoint,
            "creds": creds or static(*KEYS),
            **more,
        }
        self.providers[name] = {key: value for key, value in keys.items() if value is not None}
        return name

    def model(self, provider, upstream, **more):
        name = "m%d" % len(self.models)
        keys = {"provider": '"%s"' % provider, "upstream": '"%s"' % upstream, **more}
        self.models[name] = keys
        return name

    def chain(self, *models):
        name = "chain%d" % len(self.aliases)
        self.aliases[name] = models
        return name

    def text(self, port, retry, betas):
        tables = {"server": {"port": port}, "usage": {"enabled": "false"}, "retry": retry}
        tables["bedrock"] = {"allowed_betas": json.dumps(betas)}
        tables.update({"providers." + name: keys for name, keys in self.providers.items()})
        tables.update({"models." + name: keys for name, keys in self.models.items()})
        tables["aliases"] = {'"%s"' % name: json.dumps(chain) for name, chain in self.aliases.items()}
        return "".join("[%s]\n%s\n" % (name, "".join("%s = %s\n" % each for each in keys.items())) for name, keys in tables.items())


@contextlib.contextmanager
def router(folder, name, plan, retry=None, betas=(), environment=None, aws=None):
    """`routectl serve` with that plan, in a home of its own (`aws`: what is in its .aws): its base URL, without /v1."""
    (port,) = free_ports(1)
    place = folder / name
    place.mkdir(exist_ok=True)
    file = place / "config.toml"
    file.write_text(plan.text(port, {"max_attempts": 1, **(retry or {})}, list(betas)))
    base = "http://127.0.0.1:%d" % port
    surroundings = {**hermetic(place), "AWS_EC2_METADATA_DISABLED": "true", **(environment or {})}
    (place / "home" / ".aws").mkdir(exist_ok=True)
    for name, text in (aws or {}).items():
        (place / "home" / ".aws" / name).write_text(text)
    command = [binary("ROUTECTL_BIN", "routectl"), "serve", "--config", str(file)]
    with running("routectl", command, place / "routectl.log", base + "/health", surroundings):
        yield base


def check_judge():
    if not untouched():
        raise Failed("%s is not the judge that was brought in" % JUDGE)
