"""Real clients against the router: each runs its own scenarios through chains whose first targets fail.

Twice: before hosts of its own format, and before hosts of the other one (the translated lane).
"""
import contextlib
import json
import os
import urllib.request

import tools
from children import finished, free_ports, opener, running
from routing import routectl

# Seconds for all scenarios of one client.
BUDGET = 170

# Client → (install groups, runner, the scenarios that are served so far).
CLIENTS = {
    "openai-python": (["py"], "run_openai_python.sh", """models chat chat-params chat-stream chat-stream-helper
        chat-tools chat-tools-stream chat-tool-forced chat-image chat-parse chat-json-mode chat-reasoning"""),
    "openai-node": (["node22", "sdks"], "run_openai_node.sh",
        "models chat chat-stream chat-runtools chat-image chat-parse"),
    "anthropic-python": (["py"], "run_anthropic_python.sh", """models simple params stream raw-stream tools
        tools-stream-thinking adaptive-effort image caching structured beta auth-token"""),
    "anthropic-ts": (["node22", "sdks"], "run_anthropic_ts.sh",
        "models simple stream tools-stream-thinking caching-image beta"),
    "claude-code": (["node22", "claude"], "run_claude_code.sh", """simple auth-token tool parallel-thinking continue
        stream-json json-schema image old-model"""),
    "aider": (["aider"], "run_aider.sh", "chat anthropic-thinking chat-nostream"),
    "opencode": (["node22", "opencode"], "run_opencode.sh", "chat-tool anthropic-tool"),
}

# What cannot be had from a host of the other format, and why.
NOT_ABROAD = {
    "openai-python": {
        "chat-params": "log probabilities and token weights are refused",
        "chat-json-mode": "asked for in words, which the mock does not heed",
    },
    "anthropic-python": {
        "params": "a prefill is refused",
        "caching": "the mock's Chat host does not say what went into its cache, and unknown is not told as none",
    },
}

# Path prefix at the mock → how every request below it fails.
FAULTS = {
    "overloaded": {"kind": "status", "status": 529, "headers": {"retry-after": "1"}},
    "hollow": {"kind": "empty"},
    "gateway": {"kind": "html"},
    "reset": {"kind": "cut_before"},
}

KINDS = {"chat": ("openai-compat", "/v1"), "messages": ("anthropic-api", "")}


def run(folder, direct):
    """Runs every client; gives (passed, failed)."""
    tools.install(["py"])
    results = []
    with mock(folder) as upstream:
        for lane in ["direct"] if direct else ["native", "translated"]:
            fail_below_prefixes(upstream)
            before = contextlib.nullcontext(upstream) if direct else router(folder, upstream, lane)
            with before as base:
                results += [check_client(name, base, lane) for name in CLIENTS]
            if not direct:
                results.append(check_refusals(upstream, lane))
    return results.count(True), results.count(False)


@contextlib.contextmanager
def mock(folder):
    """The scriptable upstream."""
    (port,) = free_ports(1)
    base = "http://127.0.0.1:%d" % port
    command = [str(tools.PYTHON), str(tools.RUNNERS / "mock.py"), "--port", str(port)]
    with running("the mock", command, folder / "mock.log", base + "/v1/models"):
        yield base


def fail_below_prefixes(upstream):
    """Below each of the fault prefixes all fails, for ever; and the log begins anew."""
    faults = [{"match": "/%s/" % name, "times": 1 << 30, **fault} for name, fault in FAULTS.items()]
    asked = urllib.request.Request(upstream + "/__mock/config", data=json.dumps({"faults": faults}).encode())
    opener().open(asked, timeout=10).close()


def router(folder, upstream, lane):
    providers, models = {}, {}
    for format, (kind, suffix) in KINDS.items():
        for place in [*FAULTS, "good"]:
            prefix = "" if place == "good" else "/" + place
            providers["%s-%s" % (format, place)] = (kind, upstream + prefix + suffix)
            models["%s-%s" % (place, format)] = ("%s-%s" % (format, place), "mock-model")
    chains = {format: ["%s-%s" % (place, format) for place in [*FAULTS, "good"]] for format in KINDS}
    if lane == "translated":
        chains = {"chat": chains["messages"], "messages": chains["chat"]}
    aliases = {
        "gpt-*": chains["chat"],
        "mock-model": chains["chat"],
        "claude-*": chains["messages"],
        "claude-sonnet-4-5": chains["messages"],
        "default": chains["chat"],
    }
    return routectl(folder, providers, models, aliases, {"max_attempts": 1})


def check_client(name, base, lane):
    groups, runner, scenarios = CLIENTS[name]
    left_out = NOT_ABROAD.get(name, {}) if lane == "translated" else {}
    scenarios = [each for each in scenarios.split() if each not in left_out]
    tools.install(groups)
    environment = {
        **os.environ,
        "CLIENTS_DIR": str(tools.INSTALLED),
        "ONLY": ",".join(scenarios),
        "BUDGET": str(BUDGET),
        "NO_PROXY": "127.0.0.1",
    }
    code, said = finished([str(tools.RUNNERS / runner), base], BUDGET + 30, environment)
    ran = sum(line.startswith("ok ") for line in said.splitlines())
    good = code == 0 and ran == len(scenarios)
    print("%s %s, %s: %d of %d scenarios" % ("ok  " if good else "FAIL", name, lane, ran, len(scenarios)), flush=True)
    if not good:
        print("".join("     %s\n" % line for line in said.splitlines() if not line.startswith("ok ")), end="", flush=True)
    return good


def check_refusals(upstream, lane):
    """That the clients were served proves little unless every failing target was really asked before."""
    log = json.load(opener().open(upstream + "/__mock/log", timeout=10))
    asked = {name: sum(row["path"].startswith("/%s/" % name) for row in log) for name in FAULTS}
    good = all(asked.values())
    print("%s every failing target was tried first, %s: %s" % ("ok  " if good else "FAIL", lane, asked), flush=True)
    return good
