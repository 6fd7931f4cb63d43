"""The official SDKs, every fault of the emulator: what the SDK makes of the router's answer is what it makes of a good host's.

For every fault there is a chain [the fault, a good target]. An SDK asks through the chain, and asks the emulator's
good model directly; the two parsed answers must be equal. Only where a stream breaks after its first content there
is no second target any more: there the SDK must raise an error, for a shortened answer would pass as a whole one.
"""
import contextlib
import json
import os
import subprocess

import tools
from children import Failed, finished, free_ports, running
from routing import binary, routectl

# Seconds for all cases of one language.
BUDGET = 600

# Milliseconds that a silent target may take: long enough for a good answer on a loaded machine.
PATIENCE = 2000

GOOD = "mock-good"
LANGUAGES = ("python", "node")


def run(folder, direct):
    """Runs the cases in both languages; gives (passed, failed)."""
    tools.install(["node22", "sdks", "py"])
    with emulator(folder) as hosts:
        faults = list_faults()
        before = contextlib.nullcontext(None) if direct else router(folder, hosts, faults)
        with before as base:
            plan = folder / "plan.json"
            plan.write_text(json.dumps({"hosts": hosts, "router": base, "good": GOOD, "faults": faults}))
            counts = [check_language(language, plan) for language in LANGUAGES]
    return sum(good for good, _ in counts), sum(bad for _, bad in counts)


@contextlib.contextmanager
def emulator(folder):
    """The scripted hosts: format → base URL as an SDK wants it."""
    chat, messages = free_ports(2)
    command = [binary("ROUTECTL_EMULATOR_BIN", "routectl-emulator"), "--chat-port", str(chat)]
    command += ["--messages-port", str(messages), "--for", str(3 * BUDGET)]
    hosts = {"chat": "http://127.0.0.1:%d/v1" % chat, "messages": "http://127.0.0.1:%d" % messages}
    with running("the emulator", command, folder / "emulator.log", hosts["chat"] + "/models"):
        yield hosts


def list_faults():
    """[{name, class, phase, formats, framings}], as the emulator tells them."""
    said = subprocess.run([binary("ROUTECTL_EMULATOR_BIN", "routectl-emulator"), "--list-faults"], capture_output=True, check=False)
    if said.returncode != 0:
        raise Failed("the emulator does not list its faults: %s" % said.stderr.decode("utf-8", "replace"))
    return json.loads(said.stdout)


def router(folder, hosts, faults):
    """Chains `<format>-<fault>`: the target `fault-<name>-<format>`, then `good-<format>`."""
    providers = {"chat": ("openai-compat", hosts["chat"]), "messages": ("anthropic-api", hosts["messages"])}
    models = {"good-%s" % format: (format, GOOD) for format in hosts}
    aliases = {}
    for fault in faults:
        for format in fault["formats"]:
            first = "fault-%s-%s" % (fault["name"], format)
            models[first] = (format, "fault-" + fault["name"])
            aliases["%s-%s" % (format, fault["name"])] = [first, "good-" + format]
    retry = {
        "max_attempts": 1,
        "request_timeout_ms": PATIENCE,
        "stream_first_byte_timeout_ms": PATIENCE,
        "stream_idle_timeout_ms": PATIENCE,
    }
    return routectl(folder, providers, models, aliases, retry)


def check_language(language, plan):
    here = os.path.dirname(os.path.abspath(__file__))
    commands = {
        "python": [str(tools.PYTHON), "-W", "ignore", os.path.join(here, "sdk_matrix.py"), str(plan)],
        "node": [str(tools.NODE), "--no-warnings", os.path.join(here, "sdk_matrix.mjs"), str(plan), str(tools.NODE_PACKAGES)],
    }
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    code, said = finished(commands[language], BUDGET, environment)
    lines = said.splitlines()
    words = lines[-1].split() if lines else []
    print("".join("     %s\n" % line for line in lines if line.startswith("FAIL")), end="")
    if len(words) != 4 or words[1] != "passed,":
        print("FAIL %s SDKs: exit %d\n%s" % (language, code, "\n".join(lines[-20:])), flush=True)
        return 0, 1
    good, bad = int(words[0]), int(words[2])
    print("%s %s SDKs: %d of %d cases" % ("FAIL" if bad else "ok  ", language, good, good + bad), flush=True)
    return good, bad
