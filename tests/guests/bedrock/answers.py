"""Answers: what the SDKs read through the router is what AWS's own clients read at the judge.

Claude on each shape, the other vendors on Converse, streamed and whole; and conversations with a tool, whose second turn
carries the first answer back, thinking and all.
"""
import asyncio
import itertools

from bedrock.asking import CLIENTS, CONTENTS, THINKING, Messages, once
from bedrock.hosts import SHAPES
from bedrock.reference import expected

# Claude as it was before adaptive thinking, and after.
CLAUDES = {"anthropic.claude-sonnet-4-5-20250929": False, "us.anthropic.claude-opus-4-8": True}

OTHERS = [
    "amazon.nova-pro-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "cohere.command-r-plus-v1:0",
    "deepseek.v3-v1:0",
    "openai.gpt-oss-120b-1:0",
    "qwen.qwen3-235b-a22b-2507-v1:0",
]
OTHERS_ASKED = ("plain", "system", "tools")


class Case:
    def __init__(self, number, format, streamed, shape, base, content, adaptive=False, turns=1):
        self.format, self.streamed, self.shape, self.content = format, streamed, shape, content
        self.adaptive, self.turns = adaptive, turns
        # An id of its own, by which the judge's records are found. A version must stay the end of an id.
        name, colon, version = base.partition("-v1:")
        name = "%s-x%d" % (name, number)
        self.upstream = name + "-v1:" + version if colon else name + CONTENTS[content]
        self.model = None

    def __str__(self):
        ways = "streamed" if self.streamed else "whole"
        return "%s on %s, %s, %s%s (%s)" % (self.format, self.shape, ways, self.content, " loop" * (self.turns > 1), self.upstream)


def cases():
    numbers = itertools.count()
    ways = list(itertools.product(CLIENTS, (True, False)))
    for format, streamed in ways:
        for shape in SHAPES:
            for base, adaptive in CLAUDES.items():
                for content in CONTENTS:
                    # Only thinking differs between the two.
                    if not adaptive or content in THINKING:
                        yield Case(next(numbers), format, streamed, shape, base, content, adaptive)
                for content in ("tools", "parallel", "thinking-tools"):
                    yield Case(next(numbers), format, streamed, shape, base, content, adaptive, turns=2)
        for base in OTHERS:
            for content in OTHERS_ASKED:
                yield Case(next(numbers), format, streamed, "converse", base, content)
            yield Case(next(numbers), format, streamed, "converse", base, "tools", turns=2)


def plan(into):
    """The cases, with their models in the configuration."""
    for shape in SHAPES:
        into.provider("answers-" + shape, shape)
    every = list(cases())
    for case in every:
        case.model = into.model("answers-" + case.shape, case.upstream)
    return every


async def check(case, clients, recorded, reference):
    """None, or what is wrong."""
    client = clients[case.format]
    asked = client.ask(case.content, case.adaptive)
    for turn in range(case.turns):
        answer, headers = await client.answer(case.model, asked, case.streamed)
        # Every second request was the measure's.
        rows = (await asyncio.to_thread(recorded.of, case.upstream, 2 * turn + 1))[2 * turn :]
        if len(rows) != 1 or rows[-1]["status"] != 200:
            return "turn %d: the judge saw %s" % (turn, [(row.get("status"), row.get("error")) for row in rows])
        read = await asyncio.to_thread(reference.again, rows[-1])
        await asyncio.to_thread(recorded.of, case.upstream, 2 * turn + 2)
        if wrong := differences(expected(read, case.format), answer):
            return "turn %d: %s" % (turn, wrong)
        if case.content in THINKING and turn == 0 and not answer["thinking"]:
            return "no thinking came, though it was asked for: %s" % rows[-1]["body"][-300:]
        if turn + 1 < case.turns:
            if not answer["calls"]:
                return "turn %d: no call" % turn
            asked = client.further(asked, answer)
        elif case.turns > 1 and answer["calls"]:
            return "the results of the tools did not arrive"
    return None


def differences(wanted, got):
    return "; ".join(
        "%s is %r, but AWS's client reads %r" % (name, got.get(name), each) for name, each in wanted.items() if got.get(name) != each
    )


def check_anthropic(base, reference, content, model, upstream):
    """None, or how the router's answer differs from that of Anthropic's own client for Bedrock."""
    asked = Messages(base).ask(content)
    answer = once(base, model, asked)
    own = reference.anthropic(upstream, asked)
    for block, other in zip(answer["raw"], own["content"], strict=True):
        # The judge makes ids up.
        if {**block, "id": None} != {**other, "id": None}:
            return "%r, but AnthropicBedrock reads %r" % (block, other)
    return None
