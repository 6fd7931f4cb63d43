"""The cases of matrix.py with the official Python SDKs: sdk_matrix.py PLAN; prints failures and a count."""
import asyncio
import json
import sys

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

# Cases at once: most of them wait for a silent target.
AT_ONCE = 16
# Seconds after which a case has failed, whatever the reason.
PATIENCE = 30

# Statuses with which hosts decline a content.
DECLINES = (400, 403)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADhgGANFwtpAAAAABJRU5ErkJggg=="
CONTENTS = ("plain", "tools", "image")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class Chat:
    format = "chat"

    def __init__(self, base):
        self.client = AsyncOpenAI(base_url=base, api_key="dummy", max_retries=0, timeout=PATIENCE)

    def ask(self, content):
        tool = {"type": "function", "function": {"name": "get_weather", "description": "w", "parameters": SCHEMA}}
        look = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}]
        return {
            "plain": {"messages": [{"role": "user", "content": "hi"}]},
            "tools": {"messages": [{"role": "user", "content": "[[tools]] weather?"}], "tools": [tool]},
            "image": {"messages": [{"role": "user", "content": look}]},
        }[content]

    def create(self, model, content, streamed):
        more = {"stream": True, "stream_options": {"include_usage": True}} if streamed else {}
        return self.client.chat.completions.with_raw_response.create(model=model, **self.ask(content), **more)

    async def assemble(self, model):
        """What the SDK's own accumulator makes of a stream."""
        more = {"stream_options": {"include_usage": True}}
        async with self.client.chat.completions.stream(model=model, **self.ask("plain"), **more) as stream:
            async for _ in stream:
                pass
            # What `get_final_completion` gives, but for the answers it raises upon: those that a limit or a filter cut.
            return stream.current_completion_snapshot.model_dump()

    def message(self, parsed):
        choice = parsed["choices"][0]
        kept = ("content", "refusal", "reasoning_content", "reasoning", "reasoning_details", "tool_calls")
        message = {name: choice["message"].get(name) for name in kept}
        return {"finish": choice["finish_reason"], "usage": parsed.get("usage"), **message}

    def arguments(self, call):
        call.get("function", {}).pop("arguments", None)


class Messages:
    format = "messages"

    def __init__(self, base):
        self.client = AsyncAnthropic(base_url=base, api_key="dummy", max_retries=0, timeout=PATIENCE)

    def ask(self, content):
        tool = {"name": "get_weather", "description": "w", "input_schema": SCHEMA}
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        look = [{"type": "image", "source": source}, {"type": "text", "text": "look"}]
        return {
            "plain": {"messages": [{"role": "user", "content": "hi"}]},
            "tools": {"messages": [{"role": "user", "content": "[[tools]] weather?"}], "tools": [tool]},
            "image": {"messages": [{"role": "user", "content": look}]},
        }[content]

    def create(self, model, content, streamed):
        more = {"stream": True} if streamed else {}
        return self.client.messages.with_raw_response.create(model=model, max_tokens=500, **self.ask(content), **more)

    async def assemble(self, model):
        """What the SDK's own accumulator makes of a stream."""
        async with self.client.messages.stream(model=model, max_tokens=500, **self.ask("plain")) as stream:
            return (await stream.get_final_message()).model_dump()

    def message(self, parsed):
        kept = ("content", "stop_reason", "stop_sequence", "stop_details", "usage")
        return {name: parsed.get(name) for name in kept}

    def arguments(self, call):
        call.pop("input", None)


async def answer(host, model, content, streamed):
    """What the SDK makes of the answer: every event of a stream, or the whole; and the answer's headers."""
    raw = await host.create(model, content, streamed)
    parsed = raw.parse()
    parsed = await parsed if asyncio.iscoroutine(parsed) else parsed
    if not streamed:
        return parsed.model_dump(), raw.headers
    return [event.model_dump() async for event in parsed], raw.headers


async def check(host, routed, case, content):
    """None, or what is wrong."""
    got, why, hops = await outcome(routed, case["model"], content, case["streamed"])
    if case["breaks"]:
        return None if why and broke_off(why) else "not an error in mid-stream: %s" % (why or short(got))
    if case["declined"]:
        return None if getattr(why, "status_code", 0) in DECLINES else "not declined: %s" % (why or short(got))
    # What is translated can only be compared with what is translated.
    like = routed if case["abroad"] else host
    wanted, why_not, _ = await outcome(like, case["like"], content, case["streamed"])
    if case["abroad"]:
        got, wanted = impersonal(got), impersonal(wanted)
    if got != wanted or (why is None) != (why_not is None):
        return "%s, but of the emulator itself: %s" % (why or short(got), why_not or short(wanted))
    if case["hop"] and case["hop"] not in hops:
        return "the failing target was not tried first: x-routectl-attempts: %r" % hops
    return None


async def check_shape(routed, shape):
    """None, or how the sum of a stream differs from the whole answer."""
    whole, why, _ = await outcome(routed, shape["model"], "plain", False)
    if why:
        return "no whole answer: %s" % why
    try:
        summed = await asyncio.wait_for(routed.assemble(shape["model"]), PATIENCE)
    except Exception as why:
        return "no sum of the stream: %r" % why
    summed, whole = (comparable(routed, each, shape["differs"]) for each in (summed, whole))
    return None if summed == whole else "%s, but in one piece: %s" % (json.dumps(summed), json.dumps(whole))


async def check_cut(routed, cut):
    """None, or what is wrong: a stream that broke is an error, or was complete."""
    try:
        summed = await asyncio.wait_for(routed.assemble(cut["model"]), PATIENCE)
    except asyncio.TimeoutError:
        return "neither an answer nor an error"
    except (TypeError, KeyError, AttributeError, IndexError, AssertionError) as why:
        return "the SDK stumbles: %r" % why
    except Exception:  # every SDK has its own kinds of error, and its transport's besides
        return None
    whole, why, _ = await outcome(routed, cut["whole"], "plain", False)
    summed, whole = (comparable(routed, each, cut["differs"]) for each in (summed, whole or {}))
    return None if not why and summed == whole else "half an answer without an error: %s" % json.dumps(summed)


def comparable(host, parsed, differs):
    """A message without what only one of the two ways of parsing has."""
    message = pruned(host.message(parsed))
    calls = message.get("tool_calls") or [each for each in message.get("content") or [] if isinstance(each, dict)]
    for call in calls if differs else ():
        host.arguments(call)
    return message


def pruned(value):
    if isinstance(value, dict):
        helpers = ("parsed", "parsed_arguments", "parsed_output", "index")
        # A stream begins with empty content, before it is known that only a call follows.
        return {name: pruned(each) for name, each in value.items() if each not in (None, [], "") and name not in helpers}
    return [pruned(each) for each in value] if isinstance(value, list) else value


def impersonal(value):
    """An answer without the time it was made at and the name that was asked for."""
    if isinstance(value, dict):
        return {name: impersonal(each) for name, each in value.items() if name not in ("created", "model")}
    return [impersonal(each) for each in value] if isinstance(value, list) else value


async def outcome(host, model, content, streamed):
    """(answer, None, hops) or (None, error, None)."""
    try:
        parsed, headers = await asyncio.wait_for(answer(host, model, content, streamed), PATIENCE)
        return parsed, None, headers.get("x-routectl-attempts", "")
    except Exception as why:  # every SDK has its own kinds of error, and its transport's besides
        return None, why, None


def short(parsed):
    return json.dumps(parsed)[-300:]


def broke_off(why):
    """Whether a stream that had begun ended in an error: neither silence nor a refusal before it began."""
    status = getattr(getattr(why, "response", None), "status_code", 200)
    return status == 200 and not isinstance(why, (asyncio.TimeoutError, TypeError, KeyError, AttributeError))


async def main(plan):
    hosts, routed = ({"chat": Chat(plan[way]["chat"]), "messages": Messages(plan[way]["messages"])} for way in ("hosts", "routed"))
    await check_the_measure(hosts, plan["good"])
    slots, wrong = asyncio.Semaphore(AT_ONCE), 0

    async def one(case, content):
        nonlocal wrong
        async with slots:
            if why := await check(hosts[case["format"]], routed[case["format"]], case, content):
                wrong += 1
                print("FAIL python %s %s %s: %s" % (case["model"], "streamed" if case["streamed"] else "whole", content, why))

    async def other(check, case):
        nonlocal wrong
        async with slots:
            if why := await check(routed[case["format"]], case):
                wrong += 1
                print("FAIL python %s for %s: %s" % (case["model"], case["format"], why))

    every = [one(case, content) for case in plan["cases"] for content in CONTENTS]
    every += [other(check_shape, shape) for shape in plan["shapes"]]
    every += [other(check_cut, cut) for cut in plan["cuts"]]
    await asyncio.gather(*every)
    print("%d passed, %d failed" % (len(every) - wrong, wrong))
    return 1 if wrong or not every else 0


async def check_the_measure(hosts, good):
    """What all is compared with must itself be an answer, with a tool call where tools are."""
    for format, host in hosts.items():
        for streamed in (False, True):
            for content in CONTENTS:
                parsed, why, _ = await outcome(host, good, content, streamed)
                if why or ("get_weather" in json.dumps(parsed)) != (content == "tools"):
                    sys.exit("the emulator's good %s answer is none: %s" % (format, why or short(parsed)))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(asyncio.run(main(json.load(file))))
