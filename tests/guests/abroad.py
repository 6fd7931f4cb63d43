"""The translated lane of the matrix: an SDK of one vendor before a host of the other's format.

Three questions, all through the router. *Faults*: the answer after a failing target is the good target's, or an error
where it breaks after content. *Shapes*: what an SDK's own accumulator makes of a stream is what the SDK parses from the
whole answer, for every scripted answer and every oddity. *Cuts*: of a stream that is cut, at every event of every scripted
answer and at every byte of one, the SDK makes that same message or raises.
"""
import http.client
import json
import urllib.parse

OTHER = {"chat": "messages", "messages": "chat"}
PATHS = {"chat": "/chat/completions", "messages": "/v1/messages"}

# On this lane an answer in one piece is told as a stream: it is no fault.
NO_FAULT = "json-for-stream"
# The scripted answer that is cut at every byte.
BYTEWISE = "says-two-calls"
# What a stream tells otherwise than a whole answer, and must: half of a call's arguments can no longer be wrapped.
DIFFERS = ["says-half-a-call"]


def fault_cases(scripts, own_end):
    """Like the cases of the native lane. The host is always asked to stream; the client as it likes."""
    for fault in scripts["faults"]:
        for host in streamed_hosts(fault):
            for streamed in (True, False):
                answers = fault["name"] in (NO_FAULT, own_end)
                model = alias(fault["model"], host)
                yield {
                    "format": OTHER[host],
                    "streamed": streamed,
                    "abroad": True,
                    "model": model,
                    "like": model if answers else good(host),
                    "hop": target(fault["model"], host),
                    "breaks": fault["phase"] == "after-content" and streamed and not answers,
                    "declined": fault["class"] == "content-policy",
                }


def shapes(scripts):
    """Streams whose sum must be the whole answer."""
    for script in scripts["sayings"] + scripts["oddities"]:
        for host in streamed_hosts(script):
            yield {"format": OTHER[host], "model": target(script["model"], host), "differs": script["model"] in DIFFERS}


def cuts(hosts, scripts):
    """Streams that break: (host, upstream, scripted answer)."""
    for script in scripts["sayings"]:
        for host in streamed_hosts(script):
            stream = spoken(hosts[host], host, script["model"])
            ends = [at + 2 for at in range(len(stream)) if stream[at : at + 2] == b"\n\n"]
            for at in range(len(stream)) if script["model"] == BYTEWISE else ends[:-1]:
                yield host, "cut-at-%d-%s" % (at, script["model"]), script["model"]


def cut_cases(broken):
    for host, upstream, saying in broken:
        yield {
            "format": OTHER[host],
            "model": target(upstream, host),
            "whole": target(saying, host),
            "differs": saying in DIFFERS,
        }


def routes(scripts, broken, large, small):
    """The router's models and aliases for all of these."""
    models = {good(host): ("good-" + host, "mock-good", large) for host in OTHER}
    aliases = {}
    for fault in scripts["faults"]:
        for host in streamed_hosts(fault):
            models[target(fault["model"], host)] = (host, fault["model"], small)
            aliases[alias(fault["model"], host)] = [target(fault["model"], host), good(host)]
    for script in scripts["sayings"] + scripts["oddities"]:
        for host in streamed_hosts(script):
            models[target(script["model"], host)] = (host, script["model"], small)
    for host, upstream, _ in broken:
        models[target(upstream, host)] = (host, upstream, small)
    return models, aliases


def streamed_hosts(script):
    return [host for host, mode in script["applies"] if mode == "streamed"]


def target(model, host):
    return "%s-at-%s" % (model, host)


def alias(model, host):
    return "abroad-%s-after-%s" % (host, model)


def good(host):
    return target("good", host)


def spoken(base, host, model):
    """The bytes of a scripted answer, from the emulator itself."""
    url = urllib.parse.urlsplit(base)
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    body.update({"max_tokens": 500} if host == "messages" else {"stream_options": {"include_usage": True}})
    headers = {"content-type": "application/json", "authorization": "Bearer dummy", "anthropic-version": "2023-06-01"}
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    connection.request("POST", url.path + PATHS[host], json.dumps(body), headers)
    answer = connection.getresponse()
    stream = answer.read()
    connection.close()
    if answer.status != 200:
        raise ValueError("%s: %d %s" % (model, answer.status, stream[:200]))
    return stream
