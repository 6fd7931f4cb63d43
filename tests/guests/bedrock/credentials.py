"""Credentials: every kind, told by the identity that the judge found behind the signature; and what runs out, and clocks."""
import contextlib
import json
import stat
import time

from bedrock.asking import once
from bedrock.hosts import BEARER, EXPIRED, KEYS, SESSION, Plan, judge, router, static

CLAUDE = "anthropic.claude-sonnet-4-5-20250929"

ASKED = {"max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
# Seconds until a file that changed must have been noticed.
LOOKED_AT = 10
NEVER = "2099-01-01T00:00:00Z"
BEARER_KEY = '{ kind = "bearer-key", key_ref = "literal:%s" }' % BEARER
CHAIN = '{ kind = "default-chain" }'


def profile(name):
    return '{ kind = "profile", name = "%s" }' % name


BY_KEYS = {"kind": "sigv4", "access_key": KEYS[0], "session_token": False}
BY_SESSION = {"kind": "sigv4", "access_key": SESSION[0], "session_token": True}
BY_BEARER = {"kind": "bearer"}

# Router → what each of its accounts says, and whom the judge must see.
KINDS = {
    "of environment keys": {
        "static keys": (static(*KEYS), BY_KEYS),
        "a session": (static(*SESSION), BY_SESSION),
        "the chain": (CHAIN, BY_SESSION),
        "a profile of keys": (profile("keys"), BY_KEYS),
        "a profile of a session": (profile("session"), BY_SESSION),
        "a program": (profile("program"), BY_SESSION),
        "a program whose first keys had run out": (profile("renewing"), BY_SESSION),
        "a bearer key": (BEARER_KEY, BY_BEARER),
    },
    "of a bearer key in the environment": {
        "the chain": (CHAIN, BY_BEARER),
        "static keys": (static(*KEYS), BY_KEYS),
        "a profile": (profile("keys"), BY_KEYS),
    },
    "of a profile in the environment": {"the chain": (CHAIN, BY_KEYS)},
}

ENVIRONMENTS = {
    "of environment keys": {
        "AWS_ACCESS_KEY_ID": SESSION[0],
        "AWS_SECRET_ACCESS_KEY": SESSION[1],
        "AWS_SESSION_TOKEN": SESSION[2],
    },
    "of a bearer key in the environment": {
        "AWS_BEARER_TOKEN_BEDROCK": BEARER,
        "AWS_ACCESS_KEY_ID": SESSION[0],
        "AWS_SECRET_ACCESS_KEY": SESSION[1],
        "AWS_SESSION_TOKEN": SESSION[2],
    },
    "of a profile in the environment": {"AWS_PROFILE": "keys"},
}


def program(folder, name, outputs):
    """A program that prints one identity after the other, and the last one for ever."""
    path = folder / (name + ".sh")
    cases = ""
    for at, (access, secret, token) in enumerate(outputs):
        said = {"Version": 1, "AccessKeyId": access, "SecretAccessKey": secret, "SessionToken": token, "Expiration": NEVER}
        cases += "%s) echo '%s';;\n" % (at if at + 1 < len(outputs) else "*", json.dumps(said))
    count = folder / (name + ".count")
    path.write_text('#!/bin/sh\nn=$(cat %s 2>/dev/null || echo 0)\necho $((n+1)) > %s\ncase $n in\n%sesac\n' % (count, count, cases))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def files(folder):
    """The files of ~/.aws."""
    config = "[profile program]\ncredential_process = %s\n" % program(folder, "program", [SESSION])
    config += "[profile renewing]\ncredential_process = %s\n" % program(folder, "renewing", [EXPIRED, SESSION])
    config += "[profile keys]\nregion = eu-west-1\n"
    return {"config": config, "credentials": keys("keys", *KEYS) + keys("session", *SESSION)}


def keys(name, access, secret, token=None):
    text = "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (name, access, secret)
    return text + ("aws_session_token = %s\n" % token if token else "")


def ask(base, model):
    """None, or the error that the client got."""
    try:
        once(base, model, ASKED)
    except Exception as why:  # whatever it is, it is what is wrong
        return "%s" % why
    return None


def checks(folder, endpoint, recorded):
    """(name, None or what is wrong) of every kind of credential."""
    for name, accounts in KINDS.items():
        place = folder / name.replace(" ", "-")
        place.mkdir()
        plan = Plan(endpoint)
        rows = []
        for at, (what, (creds, who)) in enumerate(accounts.items()):
            for shape in ("invoke", "converse", "messages"):
                upstream = "%s-%s-%d-%s" % (CLAUDE, name.replace(" ", "-"), at, shape)
                rows.append((what, shape, upstream, who, plan.model(plan.provider("p%d" % len(rows), shape, creds), upstream)))
        with router(place, "router", plan, environment=ENVIRONMENTS[name], aws=files(place)) as base:
            for what, shape, upstream, who, model in rows:
                yield "%s on %s, router %s" % (what, shape, name), seen(base, model, recorded, upstream, who)
    yield from rotated(folder, endpoint, recorded)
    yield from clocks(folder)
    yield from regions(folder, endpoint, recorded)


def seen(base, model, recorded, upstream, who):
    """None, or why the judge did not see that identity."""
    if why := ask(base, model):
        return why
    found = recorded.of(upstream)[-1].get("auth", {})
    wrong = {name: found.get(name) for name, each in who.items() if found.get(name) != each}
    return "the judge saw %s" % wrong if wrong else None


def rotated(folder, endpoint, recorded):
    """Keys in a file that had run out, and were written anew while the router ran."""
    place = folder / "rotated"
    place.mkdir()
    plan, upstream = Plan(endpoint), CLAUDE + "-rotated"
    model = plan.model(plan.provider("p", "invoke", profile("rotating")), upstream)
    with router(place, "router", plan, aws={"credentials": keys("rotating", *EXPIRED)}) as base:
        refused = ask(base, model)
        file = place / "router" / "home" / ".aws" / "credentials"
        yield "keys of a file that have run out are refused", None if refused else "answered"
        file.write_text(keys("rotating", *SESSION) + "# written anew\n")
        # Files are looked at from time to time.
        until = time.monotonic() + LOOKED_AT
        while (wrong := seen(base, model, recorded, upstream, BY_SESSION)) and time.monotonic() < until:
            pass
        yield "keys of a file that was written anew are used", wrong


def clocks(folder):
    """A clock that is wrong by ten minutes: one refusal, and then the judge's time."""
    for offset in ("600", "-600"):
        with contextlib.ExitStack() as held:
            endpoint, recorded = held.enter_context(judge(folder, "clock" + offset, "--clock-offset", offset))
            plan = Plan(endpoint)
            asked = [(shape, "%s-%s" % (CLAUDE, shape)) for shape in ("invoke", "converse")]
            models = [plan.model(plan.provider(shape, shape), upstream) for shape, upstream in asked]
            base = held.enter_context(router(folder, "clock-router" + offset, plan))
            for (shape, upstream), model in zip(asked, models, strict=True):
                why = ask(base, model) or ask(base, model)
                statuses = [row["status"] for row in recorded.of(upstream, 3)]
                if not why and statuses != [403, 200, 200]:
                    why = "the judge answered %s" % statuses
                yield "a clock that is wrong by %s s, %s" % (offset, shape), why


def regions(folder, endpoint, recorded):
    """Whose word is taken for the region: configuration, the ARN, the environment, the profile."""
    place = folder / "regions"
    place.mkdir()
    arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-%s"
    rows = [
        ("configured", '"us-east-1"', arn % "configured", "us-east-1"),
        ("of the ARN", None, arn % "own", "eu-west-1"),
        ("of the environment", None, CLAUDE + "-region-of-environment", "us-west-2"),
    ]
    plan, models = Plan(endpoint), []
    for at, (_, region, upstream, _) in enumerate(rows):
        models.append(plan.model(plan.provider("p%d" % at, "invoke", region=region), upstream))
    with router(place, "router", plan, environment={"AWS_REGION": "us-west-2"}) as base:
        for (name, _, upstream, wanted), model in zip(rows, models, strict=True):
            yield "the region %s" % name, seen(base, model, recorded, upstream, {"region": wanted})
    plan, upstream = Plan(endpoint), CLAUDE + "-region-of-profile"
    model = plan.model(plan.provider("p", "invoke", profile("keys"), region=None), upstream)
    with router(place, "profiles", plan, aws=files(place)) as base:
        yield "the region of the profile", seen(base, model, recorded, upstream, {"region": "eu-west-1"})
