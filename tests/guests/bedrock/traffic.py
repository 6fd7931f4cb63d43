"""Recorded traffic of Claude Code to InvokeModel: the judge receives the client's bytes but for the named edits."""
import json
import re
import urllib.error
import urllib.request

from children import opener
from routing import REPOSITORY

RECORDED = REPOSITORY / "fixtures" / "requests" / "claude-code"

# What the router must do to a body of Messages: these leave, these come.
LEAVE = {"model", "stream"}
COME = {"anthropic_version", "anthropic_beta"}

# Headers that belong to a connection, or are the test's own.
OWN = ("host", "content-length", "connection", "accept-encoding", "x-api-key", "authorization")


def files():
    return sorted(RECORDED.glob("*.json"))


def upstream(file, betas):
    """A model of the generation that was asked for, by the name of the recording."""
    name = "claude-opus-4-5-20251101" if "old-model" in file.name else "claude-opus-5-5"
    return "global.anthropic.%s-%s-%s" % (name, re.sub("[^a-z0-9]+", "-", file.stem), betas)


# What the judge says to a system message among the others, and Claude Code knows to heed.
FOLD = 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter'


def folded(body):
    """The request as Claude Code sends it again after that refusal: without system messages among the others."""
    request = json.loads(body)
    request["messages"] = [each for each in request["messages"] if each["role"] != "system"]
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()


def check(file, base, model, recorded, asked_for, allowed):
    """None, or what is wrong. `allowed` are the betas that may go; None is what the judge takes."""
    body = file.read_bytes()
    if any(each["role"] == "system" for each in json.loads(body)["messages"]):
        said = check_body(file, body, base, model, recorded, asked_for, allowed)
        if not said or not said.startswith("refused: 400") or FOLD not in said.replace("\\", ""):
            return "its refusal does not arrive word by word: %s" % said
        body = folded(body)
    return check_body(file, body, base, model, recorded, asked_for, allowed)


def check_body(file, body, base, model, recorded, asked_for, allowed):
    headers = dict(line.split(": ", 1) for line in file.with_suffix(".head").read_text().splitlines()[1:])
    headers = {name: value for name, value in headers.items() if name.lower() not in OWN}
    request = urllib.request.Request(base + "/v1/messages?beta=true", body, {**headers, "x-routectl-alias": model})
    try:
        opener().open(request, timeout=30).read()
    except urllib.error.HTTPError as refusal:
        return "refused: %d %s" % (refusal.code, refusal.read()[:600])
    # Refusals stand before it: of the messages that are folded, and of what was mended.
    sent, came = members(body.decode()), members(recorded.served(asked_for)["body"])
    if gone := [name for name in sent if name not in came and name not in LEAVE]:
        return "gone: %s" % gone
    if new := [name for name in came if name not in sent and name not in COME]:
        return "new: %s" % new
    if left := [name for name in LEAVE if name in came]:
        return "left: %s" % left
    if other := [name for name in sent if name in came and sent[name] != came[name]]:
        name = other[0]
        return "not the client's bytes: %s, of which %s" % (other, first_difference(sent[name], came[name]))
    if [name for name in came if name not in COME] != [name for name in sent if name not in LEAVE]:
        return "in another order: %s" % list(came)
    betas = json.loads(came["anthropic_beta"])
    wanted = [beta for beta in headers["anthropic-beta"].split(",") if beta in allowed]
    missing = [beta for beta in wanted if beta not in betas]
    return "betas that could go are missing: %s" % missing if missing else None


def members(text):
    """Top-level member → its bytes, in order."""
    found, at, read = {}, text.index("{") + 1, json.JSONDecoder()
    space = re.compile(r"[\s,:]*")
    while True:
        at = space.match(text, at).end()
        if text[at] == "}":
            return found
        name, at = read.raw_decode(text, at)
        at = space.match(text, at).end()
        _, end = read.raw_decode(text, at)
        found[name] = text[at:end]
        at = end


def first_difference(one, other):
    at = next((at for at, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))
    around = slice(max(0, at - 60), at + 60)
    return "%r became %r" % (one[around], other[around])
