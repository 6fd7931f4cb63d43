"""What clients ask, as each of the two official SDKs asks it; and what they got, in one form for all."""
import asyncio
import json

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

# Seconds after which a case has failed, whatever the reason.
PATIENCE = 40

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADhgGANFwtpAAAAABJRU5ErkJggg=="
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
NAMES = ("get_weather", "get_time")
CITY = "It is about the cities that one travels to."

# What is asked → the end of the model's id, by which the judge chooses its answer.
CONTENTS = {
    "plain": "",
    "system": "",
    "tools": "",
    "parallel": "-say-parallel",
    "no-arguments": "-say-emptyargs",
    "thinking": "",
    "redacted": "-say-redacted",
    "thinking-tools": "",
    "image": "",
    "caching": "",
    "stop-sequence": "-say-stop-seq",
    "limit": "-say-max-tokens",
    "refusal": "-say-refusal",
    "unicode": "-say-unicode",
}
THINKING = ("thinking", "redacted", "thinking-tools")
TOOLS = ("tools", "parallel", "no-arguments", "thinking-tools")


class Messages:
    format = "messages"

    def __init__(self, base):
        self.client = AsyncAnthropic(base_url=base, api_key="dummy", max_retries=0, timeout=PATIENCE)

    def ask(self, content, adaptive=False):
        asked = {"max_tokens": 4000, "messages": [{"role": "user", "content": "hi"}]}
        if content in TOOLS:
            asked["tools"] = [{"name": name, "description": "w", "input_schema": SCHEMA} for name in NAMES]
        if content in THINKING:
            asked["thinking"] = {"type": "adaptive"} if adaptive else {"type": "enabled", "budget_tokens": 2000}
        if content == "system":
            asked["system"] = [{"type": "text", "text": CITY}, {"type": "text", "text": "Be short."}]
            # What some models no longer take, the SDK no longer knows.
            asked["extra_body"] = {"temperature": 0.5}
        if content == "image":
            source = {"type": "base64", "media_type": "image/png", "data": PNG}
            asked["messages"][0]["content"] = [{"type": "image", "source": source}, {"type": "text", "text": "look"}]
        if content == "caching":
            asked["system"] = [{"type": "text", "text": CITY, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
            part = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
            asked["messages"][0]["content"] = [part]
        if content == "stop-sequence":
            asked["stop_sequences"] = ["END"]
        return asked

    async def answer(self, model, asked, streamed):
        """(answer, headers)."""
        if not streamed:
            raw = await self.client.messages.with_raw_response.create(model=model, **asked)
            parsed = raw.parse()
            parsed = await parsed if asyncio.iscoroutine(parsed) else parsed
            return of_message(parsed.model_dump()), raw.headers
        async with self.client.messages.stream(model=model, **asked) as stream:
            message = await stream.get_final_message()
            return of_message(message.model_dump()), stream.response.headers

    def further(self, asked, answer):
        """The next turn: the answer as it came, and a result for each call."""
        blocks = [lean(block) for block in answer["raw"]]
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "20 degrees"} for block in blocks if block["type"] == "tool_use"
        ]
        turns = [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
        return {**asked, "messages": [*asked["messages"], *turns]}


class Chat:
    format = "chat"

    def __init__(self, base):
        self.client = AsyncOpenAI(base_url=base + "/v1", api_key="dummy", max_retries=0, timeout=PATIENCE)

    def ask(self, content, adaptive=False):
        asked = {"max_completion_tokens": 4000, "messages": [{"role": "user", "content": "hi"}]}
        if content in TOOLS:
            function = {"description": "w", "parameters": SCHEMA}
            asked["tools"] = [{"type": "function", "function": {"name": name, **function}} for name in NAMES]
        if content in THINKING:
            asked["reasoning_effort"] = "high" if adaptive else "low"
        if content == "system":
            asked["messages"].insert(0, {"role": "system", "content": CITY})
            asked["temperature"] = 0.5
        if content == "image":
            look = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}
            asked["messages"][0]["content"] = [{"type": "text", "text": "look"}, look]
        if content == "caching":
            part = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
            asked["messages"][0]["content"] = [part]
        if content == "stop-sequence":
            asked["stop"] = ["END"]
        return asked

    async def answer(self, model, asked, streamed):
        """(answer, headers)."""
        more = {"stream": True, "stream_options": {"include_usage": True}} if streamed else {}
        raw = await self.client.chat.completions.with_raw_response.create(model=model, **asked, **more)
        parsed = raw.parse()
        parsed = await parsed if asyncio.iscoroutine(parsed) else parsed
        if not streamed:
            dump = parsed.model_dump()
            choice = dump["choices"][0]
            return of_completion(choice["message"], choice["finish_reason"], dump.get("usage")), raw.headers
        message, finish, usage = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": []}, None, None
        async for chunk in parsed:
            dump = chunk.model_dump()
            usage = dump.get("usage") or usage
            for choice in dump["choices"]:
                finish = choice["finish_reason"] or finish
                grow(message, choice["delta"])
        return of_completion(message, finish, usage), raw.headers

    def further(self, asked, answer):
        """The next turn: the answer as it came, and a result for each call."""
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "20 degrees"} for call in answer["raw"]["tool_calls"]]
        message = {name: each for name, each in answer["raw"].items() if each not in (None, [], "")}
        return {**asked, "messages": [*asked["messages"], message, *results]}


CLIENTS = {"messages": Messages, "chat": Chat}


def once(base, model, asked, streamed=False):
    """The answer that a Messages client gets, which asks for nothing else."""

    async def ask():
        client = Messages(base)
        try:
            return (await client.answer(model, asked, streamed))[0]
        finally:
            await client.client.close()

    return asyncio.run(ask())


def lean(block):
    return {name: each for name, each in block.items() if each is not None and name != "parsed_output"}


def grow(message, delta):
    """Adds a chunk's delta to the message."""
    for name in ("content", "reasoning_content"):
        message[name] += delta.get(name) or ""
    for piece in delta.get("tool_calls") or []:
        calls = message["tool_calls"]
        while len(calls) <= piece["index"]:
            calls.append({"id": None, "type": "function", "function": {"name": "", "arguments": ""}})
        call = calls[piece["index"]]
        call["id"] = piece.get("id") or call["id"]
        call["function"]["name"] += piece["function"].get("name") or ""
        call["function"]["arguments"] += piece["function"].get("arguments") or ""


def of_message(message):
    """An answer in Anthropic's words."""
    blocks, usage = message["content"], message.get("usage") or {}
    of = lambda kind: [block for block in blocks if block["type"] == kind]
    return {
        "text": "".join(block["text"] for block in of("text")),
        "thinking": [(block["thinking"], block["signature"]) for block in of("thinking")],
        "redacted": [block["data"] for block in of("redacted_thinking")],
        "calls": [(block["name"], block["input"]) for block in of("tool_use")],
        "stop": message["stop_reason"],
        "stop_sequence": message.get("stop_sequence"),
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "read": usage.get("cache_read_input_tokens") or 0,
        "written": usage.get("cache_creation_input_tokens") or 0,
        "raw": blocks,
    }


def of_completion(message, finish, usage):
    """An answer in OpenAI's words."""
    usage = usage or {}
    calls = message.get("tool_calls") or []
    return {
        "text": message.get("content") or "",
        "thinking": message.get("reasoning_content") or "",
        "calls": [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls],
        "stop": finish,
        "input": usage.get("prompt_tokens"),
        "output": usage.get("completion_tokens"),
        "read": (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        "raw": {**message, "tool_calls": calls},
    }
