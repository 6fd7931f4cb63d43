"""Faults: every one that the judge lists × shape × client × streamed and whole, alone and before a good target.

Before content the next target answers unseen; alone, the client gets an error of its format in AWS's words; behind
content the stream ends in an error. Healthy oddities are answers. What is said to pass by itself is tried again.
"""
import asyncio
import importlib.util
import itertools
import json
import re

import anthropic
import openai

from bedrock.asking import CLIENTS
from bedrock.hosts import JUDGE, SHAPES

CLAUDE = "anthropic.claude-sonnet-4-5-20250929"
TEXT = "Hello! This is the Bedrock mock speaking."

# Class → the statuses that it may have at a client, whose format has words for it.
STATUSES = {
    "rate-limited": (429,),
    "quota": (402, 429),
    "overloaded": (503, 529),
    "server-error": (500, 502),
    "timeout": (504,),
    "permission": (403,),
    "credential": (500, 502),
    # Of a model that this account has not: the next target is for that.
    "unfit": (400, 403, 501),
    "missing": (404,),
    "bad-request": (400,),
    "context-window": (400,),
}

CLASSES = {
    "throttle": "rate-limited",
    "throttle-tokens": "rate-limited",
    "throttle-day": "quota",
    "throttle-hint": "rate-limited",
    "not-ready": "overloaded",
    "quota": "quota",
    "unavailable": "overloaded",
    "internal": "server-error",
    "model-timeout": "timeout",
    "model-error": "server-error",
    "access-denied": "permission",
    "no-model-access": "unfit",
    "use-case": "missing",
    "not-found": "missing",
    "eol": "missing",
    "invalid-model": "missing",
    "on-demand": "missing",
    "validation": "bad-request",
    "too-long": "context-window",
    "prompt-too-long": "context-window",
    "max-tokens-limit": "bad-request",
    "invalid-beta": "bad-request",
    "expired-token": "credential",
    "bearer-expired": "credential",
    "html-502": "server-error",
    "no-type": "rate-limited",
    "body-type": "rate-limited",
    "redirect": "server-error",
    "empty-200": "server-error",
    "garbage-200": "server-error",
    "stream-first": "rate-limited",
    "stream-throttle": "rate-limited",
    "stream-internal": "server-error",
    "stream-unavailable": "overloaded",
    "stream-validation": "context-window",
    "stream-model-error": "server-error",
    "stream-timeout": "timeout",
    "stream-error-frame": "server-error",
    "stream-unknown-exception": "server-error",
    "stream-truncate": "server-error",
    "stream-eof": "server-error",
    "stream-reset": "server-error",
    "stream-badcrc": "server-error",
    "stream-badprelude": "server-error",
    "stream-huge": "server-error",
    "stream-hang": "timeout",
}
HEALTHY = ("stream-bytes", "stream-coalesce", "stream-slow", "stream-unknown-event", "stream-no-metadata")
# Faults of a stream that come before its first content, or in its stead.
EARLY = ("stream-first", "redirect", "empty-200", "garbage-200")
# Faults that are of no stream, though the judge lists them there.
NO_STREAM = ("redirect", "empty-200", "garbage-200")
# What passes by itself: asked again, the same target answers.
PASSING = ("throttle", "throttle-tokens", "not-ready", "unavailable", "internal", "model-error", "html-502", "no-type", "body-type")
PASSING_STREAMS = ("stream-first",)

PRIVATE = re.compile(r"\b\d{12}\b|arn:aws")


def load_judge():
    """The judge's own tables."""
    spec = importlib.util.spec_from_file_location("bedrock_mock", JUDGE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Case:
    def __init__(self, number, fault, shape, format, streamed, way):
        self.fault, self.shape, self.format, self.streamed, self.way = fault, shape, format, streamed, way
        again = {"retried": "-n1", "retried twice": "-n2"}.get(way, "")
        self.upstream = "%s-x%d-fault-%s%s" % (CLAUDE, number, fault, again)
        self.first = self.model = None

    def __str__(self):
        ways = "streamed" if self.streamed else "whole"
        return "%s of %s for %s, %s, %s" % (self.fault, self.shape, self.format, ways, self.way)


def cases(judge):
    numbers = itertools.count()
    ways = list(itertools.product(SHAPES, CLIENTS, (True, False)))
    for fault in [*judge.PRE_FAULTS, *judge.STREAM_FAULTS]:
        for shape, format, streamed in ways:
            # On that surface the judge only knows the faults before an answer.
            if shape == "messages" and fault in judge.STREAM_FAULTS:
                continue
            for way in ["alone"] if fault in HEALTHY else ["alone", "chain"]:
                yield Case(next(numbers), fault, shape, format, streamed, way)
            if fault in PASSING + PASSING_STREAMS and streamed:
                yield Case(next(numbers), fault, shape, format, streamed, "retried")
                yield Case(next(numbers), fault, shape, format, streamed, "retried twice")


def plan(into, judge, ways):
    """The cases that go these ways, with their models in the configuration."""
    if unknown := [name for name in [*judge.PRE_FAULTS, *judge.STREAM_FAULTS] if name not in CLASSES and name not in HEALTHY]:
        raise ValueError("the judge has faults that nothing is expected of: %s" % unknown)
    every = [case for case in cases(judge) if case.way in ways]
    good = {}
    for shape in SHAPES:
        good[shape] = into.model(into.provider("good-" + shape, shape), CLAUDE + "-good-" + shape, context_window=1_000_000)
    for case in every:
        # What an exhausted account does is held against all that is on it.
        account = into.provider("p%d" % len(into.providers), case.shape)
        case.first = into.model(account, case.upstream, context_window=100_000)
        case.model = into.chain(case.first, good[case.shape]) if case.way == "chain" else case.first
    return every


async def check(case, clients, recorded, judge):
    """None, or what is wrong."""
    client = clients[case.format]
    answer, headers, why = None, {}, None
    try:
        answer, headers = await asyncio.wait_for(client.answer(case.model, client.ask("plain"), case.streamed), 30)
    except asyncio.TimeoutError:
        return "neither an answer nor an error"
    except (anthropic.APIError, openai.APIError) as error:
        why = error
    rows = await asyncio.to_thread(recorded.of, case.upstream, 1)
    if not rows:
        return "the judge was not asked: %s" % said(why)
    streamed_there = "tream" in rows[0].get("operation", "") or '"stream":true' in rows[0]["body"].replace(" ", "")
    harmless = case.fault in HEALTHY or (case.fault in judge.STREAM_FAULTS and case.fault not in NO_STREAM and not streamed_there)
    late = case.streamed and case.fault in judge.STREAM_FAULTS and case.fault not in EARLY
    # What a reset overtakes has not arrived.
    overtaken = case.fault == "stream-reset" and (why is None or getattr(why, "status_code", 200) != 200)
    if late and not harmless and not overtaken:
        return broke(why, judge, case)
    if case.way != "alone" or harmless:
        return answered(case, answer, headers, why, harmless)
    return refused(case, why, judge)


def answered(case, answer, headers, why, harmless):
    if why:
        return "not answered: %s" % said(why)
    if answer["text"] != TEXT or answer["stop"] not in ("end_turn", "stop"):
        return "another answer: %s" % answer
    if not answer["output"] and case.fault != "stream-no-metadata":
        return "without usage: %s" % answer
    tries = headers.get("x-routectl-attempts", "")
    wanted = 1 if harmless else {"retried": 2, "retried twice": 3}.get(case.way, 1)
    found = sum(each.strip().startswith(case.first + ":") for each in tries.split(","))
    return None if found == wanted else "the failing target was tried %d times: %s" % (found, tries)


def broke(why, judge, case):
    """A stream that had begun, and had to end in an error event of the format."""
    if why is None:
        return "a stream that broke passes as whole"
    status = getattr(getattr(why, "response", None), "status_code", 200)
    body = getattr(why, "body", None)
    if status != 200 or not isinstance(body, dict):
        return "not an error event in the stream: %s %s" % (status, said(why))
    return private(body) or sentence(judge.EXC.get(case.fault, ("", {}))[1].get("message", ""), body)


def refused(case, why, judge):
    if why is None:
        return "answered, though there is nobody who could"
    if not (status := getattr(why, "status_code", None)):
        return "no refusal: %s" % said(why)
    body = why.response.json()
    kind = CLASSES[case.fault]
    # An endpoint that speaks Messages has no other names for its failures than Anthropic's.
    own = (judge.PRE_FAULTS[case.fault].status,) if case.shape == "messages" else ()
    if status not in STATUSES[kind] + own:
        return "status %s: %s" % (status, json.dumps(body))
    error = body.get("error")
    words = judge.EXC[case.fault][1]["message"] if case.fault in judge.EXC else ""
    words = judge.PRE_FAULTS[case.fault].message if case.fault in judge.PRE_FAULTS else words
    if not isinstance(error, dict) or not error.get("type") or not (error.get("message") or own and not words):
        return "not an error of the format: %s" % json.dumps(body)
    if case.format == "messages" and body.get("type") != "error":
        return "not an error of the format: %s" % json.dumps(body)
    native = case.shape == case.format
    if kind == "context-window" and not native:
        told = "prompt is too long" in error["message"] if case.format == "messages" else error.get("code") == "context_length_exceeded"
        if not told:
            return "clients do not see that it was too long: %s" % json.dumps(body)
    return private(body) or sentence(words, body)


def private(body):
    """What is wrong with an error that tells whose account it is."""
    found = PRIVATE.search(json.dumps(body))
    return "it tells %r: %s" % (found[0], json.dumps(body)) if found else None


def sentence(words, body):
    """What is wrong with an error that does not have AWS's words, but for account ids and ARNs."""
    text = json.dumps(body, ensure_ascii=False)
    parts = [part.strip(" .") for part in re.split(r"arn:\S+|\b\d{12}\b", words)]
    missing = [part for part in parts if part and part not in text]
    return "AWS said %r, the client gets %s" % (words, text) if missing else None


def said(why):
    return "%s %s" % (type(why).__name__, str(why)[:300])
