"""Whether the measure itself measures: what AWS's clients read of the judge's answers, without any router."""
import json

from bedrock.asking import SCHEMA, THINKING, TOOLS, Messages
from bedrock.asking import CONTENTS

CLAUDE = "anthropic.claude-sonnet-4-5-20250929"
TEXT = "Hello! This is the Bedrock mock speaking."

# What is asked → (calls, thoughts, redacted thoughts, stop).
WANTED = {
    "plain": (0, 0, 0, "end_turn"),
    "tools": (1, 0, 0, "tool_use"),
    "parallel": (2, 0, 0, "tool_use"),
    "thinking": (0, 1, 0, "end_turn"),
    "redacted": (0, 1, 1, "end_turn"),
    "thinking-tools": (1, 1, 0, "tool_use"),
    "limit": (0, 0, 0, "max_tokens"),
    "stop-sequence": (0, 0, 0, "stop_sequence"),
    "refusal": (0, 0, 0, "refusal"),
}
OPERATIONS = ("InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream", "Messages", "Messages streamed")


def checks(reference):
    """(name, None or what is wrong)."""
    for operation in OPERATIONS:
        for content, wanted in WANTED.items():
            try:
                read = reference.again(row(operation, content))
                found = (len(read["calls"]), len(read["thinking"]), len(read["redacted"]), read["stop"])
                text = read["text"] == TEXT or wanted[0] > 0 or content == "refusal"
                wrong = None if found == wanted and text and read["output"] else "%s" % read
            except Exception as why:  # whatever it is, it is what is wrong
                wrong = "%s %s" % (type(why).__name__, why)
            yield "%s, %s" % (operation, content), wrong


def row(operation, content):
    """A request as the judge would have written it down."""
    operation, _, streamed = operation.partition(" ")
    model = CLAUDE + CONTENTS[content]
    asked = Messages("http://127.0.0.1:1").ask(content)
    headers = [["anthropic-version", "2023-06-01"]]
    if operation == "Messages":
        body = {"model": model, **asked, **({"stream": True} if streamed else {})}
    elif operation.startswith("Invoke"):
        body = {"anthropic_version": "bedrock-2023-05-31", **asked}
    else:
        body = converse(content)
    return {"operation": operation, "model": model, "body": json.dumps(body), "headers": headers}


def converse(content):
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"maxTokens": 4000}}
    if content in TOOLS:
        tools = [{"toolSpec": {"name": name, "inputSchema": {"json": SCHEMA}}} for name in ("get_weather", "get_time")]
        body["toolConfig"] = {"tools": tools}
    if content in THINKING:
        body["additionalModelRequestFields"] = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    return body
