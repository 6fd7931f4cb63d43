"""The official SDKs, every fault of the emulator: what the SDK makes of the router's answer is what it makes of a good host's.

For every fault there is a chain [the fault, a good target]. An SDK asks through the chain, and asks the emulator's
good model directly; the two parsed answers must be equal. Only where a stream breaks after its first content there
is no second target any more: there the SDK must raise an error, for a shortened answer would pass as a whole one.
And what a vendor's policy declines is not taken elsewhere: the SDK must get the refusal.

The emulator's oddities (lawful answers in odd shapes) are asked through the router and directly: what the SDK makes of
them must be the same, be it an answer or an error. All of this is the native lane; abroad.py has the translated one.
"""
import contextlib
import json
import os
import subprocess

import abroad
import tools
from children import Failed, finished, free_ports, running
from routing import binary, routectl

# Seconds for all cases of one language.
BUDGET = 600

# Milliseconds that a silent target may take: long enough for a good answer on a loaded machine.
PATIENCE = 2000

GOOD = "mock-good"

# What the good target holds, in tokens, and what a failing one holds: after a request has been too long for one target,
# only a larger one is tried.
LARGE, SMALL = 1_000_000, 100_000

# Oddities that an SDK reads worse from the host than through the router, which mends them, and what it should get: the
# same answer in its ordinary shape.
MENDED = {("odd-no-last-blank-line", "messages"): "mock-1"}
# A host that says `[DONE]` without having named a finish. Some never name one, so it is an end: it passes as it is.
OWN_END = "done-after-content"


def run(folder, direct):
    """Runs the cases in both languages; gives (passed, failed)."""
    languages = commands()
    with emulator(folder) as hosts:
        scripts = list_scripts()
        broken = [] if direct else list(abroad.cuts(hosts, scripts))
        before = contextlib.nullcontext(None) if direct else router(folder, hosts, scripts, broken)
        with before as base:
            plan = folder / "plan.json"
            routed = {"chat": base + "/v1", "messages": base} if base else hosts
            every = {"cases": list(cases(scripts, direct)), "shapes": [], "cuts": []}
            if not direct:
                every["cases"] += abroad.fault_cases(scripts, OWN_END)
                every["shapes"] += abroad.shapes(scripts)
                every["cuts"] += abroad.cut_cases(broken)
            plan.write_text(json.dumps({"hosts": hosts, "routed": routed, "good": GOOD, **every}))
            counts = [check_language(language, [*command, str(plan)]) for language, command in languages.items()]
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


def list_scripts():
    """What the emulator can do besides answering well: {faults, oddities, sayings}, each a list of {name, model, applies}."""
    said = subprocess.run([binary("ROUTECTL_EMULATOR_BIN", "routectl-emulator"), "--list-faults"], capture_output=True, check=False)
    if said.returncode != 0:
        raise Failed("the emulator does not list its faults: %s" % said.stderr.decode("utf-8", "replace"))
    return json.loads(said.stdout)


def cases(scripts, direct):
    """What the SDKs do with each: ask for `model` through the router; `like` is what the emulator is asked for itself.

    `hop` must be named among the attempts; `breaks` says that the answer must end in an error, `declined` that it must
    be the refusal.
    """
    for fault in scripts["faults"]:
        own_end = fault["name"] == OWN_END
        for format, mode in fault["applies"]:
            yield {
                "format": format,
                "abroad": False,
                "streamed": mode == "streamed",
                "model": GOOD if direct else alias(fault, format),
                "like": fault["model"] if own_end and not direct else GOOD,
                "hop": None if direct else "%s-%s" % (fault["model"], format),
                "breaks": fault["phase"] == "after-content" and mode == "streamed" and not own_end and not direct,
                "declined": fault["class"] == "content-policy" and not direct,
            }
    for odd in scripts["oddities"]:
        for format, mode in odd["applies"]:
            model = odd["model"] if direct else alias(odd, format)
            like = odd["model"] if direct else MENDED.get((odd["model"], format), odd["model"])
            yield {
                "format": format,
                "abroad": False,
                "streamed": mode == "streamed",
                "model": model,
                "like": like,
                "hop": None,
                "breaks": False,
                "declined": False,
            }


def alias(script, format):
    return "%s-after-%s" % (format, script["model"])


def router(folder, hosts, scripts, broken):
    """A chain for every fault: the failing target `MODEL-FORMAT`, then `good-FORMAT`; an oddity is served as it is."""
    providers = {"chat": ("openai-compat", hosts["chat"]), "messages": ("anthropic-api", hosts["messages"])}
    # Accounts of their own: what an exhausted one does is held against all that is on it.
    providers.update({"good-" + format: providers[format] for format in hosts})
    models = {"good-%s" % format: ("good-" + format, GOOD, LARGE) for format in hosts}
    aliases = {}
    for script in scripts["faults"] + scripts["oddities"]:
        for format in {format for format, _ in script["applies"]}:
            first = "%s-%s" % (script["model"], format)
            models[first] = (format, script["model"], SMALL)
            aliases[alias(script, format)] = [first, "good-" + format] if script in scripts["faults"] else [first]
    there, chains = abroad.routes(scripts, broken, LARGE, SMALL)
    models.update(there)
    aliases.update(chains)
    retry = {
        "max_attempts": 1,
        "request_timeout_ms": PATIENCE,
        "stream_first_byte_timeout_ms": PATIENCE,
        "stream_idle_timeout_ms": PATIENCE,
        # Or a target that says "come back later" would be passed over by the cases after the first.
        "max_honored_retry_after_ms": 0,
    }
    return routectl(folder, providers, models, aliases, retry)


def commands():
    """Language → what runs its cases; the plan comes last."""
    here = os.path.dirname(os.path.abspath(__file__))
    node, packages = tools.matrix_node()
    return {
        "python": [str(tools.matrix_python()), "-W", "ignore", os.path.join(here, "sdk_matrix.py")],
        "node": [str(node), "--no-warnings", os.path.join(here, "sdk_matrix.mjs"), str(packages)],
    }


def check_language(language, command):
    code, said = finished(command, BUDGET, {**os.environ, "NO_PROXY": "127.0.0.1"})
    lines = said.splitlines()
    words = lines[-1].split() if lines else []
    print("".join("     %s\n" % line for line in lines if line.startswith("FAIL")), end="")
    if len(words) != 4 or words[1] != "passed,":
        print("FAIL %s SDKs: exit %d\n%s" % (language, code, "\n".join(lines[-20:])), flush=True)
        return 0, 1
    good, bad = int(words[0]), int(words[2])
    print("%s %s SDKs: %d of %d cases" % ("FAIL" if bad else "ok  ", language, good, good + bad), flush=True)
    return good, bad
