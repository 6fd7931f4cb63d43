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

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADhgGANFwtpAAAAABJRU5ErkJggg=="
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


async def answer(host, model, content, streamed):
    """What the SDK makes of the answer: every event of a stream, or the whole; and the answer's headers."""
    raw = await host.create(model, content, streamed)
    parsed = raw.parse()
    parsed = await parsed if asyncio.iscoroutine(parsed) else parsed
    if not streamed:
        return parsed.model_dump(), raw.headers
    return [event.model_dump() async for event in parsed], raw.headers


def cases(plan):
    for fault in plan["faults"]:
        for format in fault["formats"]:
            for framing in fault["framings"]:
                for content in ("plain", "tools", "image"):
                    yield fault, format, framing == "streamed", content


async def check(plan, routed, wanted, fault, format, streamed, content):
    """None, or what is wrong."""
    ours = "%s-%s" % (format, fault["name"]) if plan["router"] else plan["good"]
    breaks = fault["phase"] == "AfterContent" and streamed and plan["router"]
    try:
        got, headers = await asyncio.wait_for(answer(routed[format], ours, content, streamed), PATIENCE)
    except Exception as why:  # every SDK has its own kinds of error, and httpx's besides
        return None if breaks and broke_off(why) else "%s: %s" % (type(why).__name__, str(why)[:300])
    if breaks:
        return "a broken stream passed as a whole answer: %s" % json.dumps(got)[-200:]
    if got != wanted[format, streamed, content]:
        return "another answer: %s" % json.dumps(got)[:300]
    hops = headers.get("x-routectl-attempts", "")
    if plan["router"] and "fault-%s-%s" % (fault["name"], format) not in hops:
        return "the failing target was not tried first: x-routectl-attempts: %r" % hops
    return None


def broke_off(why):
    """Whether a stream that had begun ended in an error: neither silence nor a refusal before it began."""
    status = getattr(getattr(why, "response", None), "status_code", 200)
    return status == 200 and not isinstance(why, (asyncio.TimeoutError, TypeError, KeyError, AttributeError))


async def main(plan):
    hosts = {"chat": Chat(plan["hosts"]["chat"]), "messages": Messages(plan["hosts"]["messages"])}
    routed = {"chat": Chat(plan["router"] + "/v1"), "messages": Messages(plan["router"])} if plan["router"] else hosts
    wanted = {}
    for format, host in hosts.items():
        for streamed in (False, True):
            for content in ("plain", "tools", "image"):
                wanted[format, streamed, content], _ = await answer(host, plan["good"], content, streamed)
            if "get_weather" not in json.dumps(wanted[format, streamed, "tools"]):
                sys.exit("the good %s host calls no tool: the comparison would say nothing about tools" % format)
    slots, wrong, count = asyncio.Semaphore(AT_ONCE), 0, 0

    async def one(case):
        nonlocal wrong
        async with slots:
            if why := await check(plan, routed, wanted, *case):
                wrong += 1
                fault, format, streamed, content = case
                print("FAIL python %s %s %s %s: %s" % (format, fault["name"], "streamed" if streamed else "whole", content, why))

    every = list(cases(plan))
    await asyncio.gather(*(one(case) for case in every))
    print("%d passed, %d failed" % (len(every) - wrong, wrong))
    return 1 if wrong or not every else 0


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(asyncio.run(main(json.load(file))))
