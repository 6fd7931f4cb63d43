"""AWS's and Anthropic's own clients before the judge: what they read is what ours must read.

What the router sent is sent once more, as it was, by boto3 (InvokeModel, Converse) or by Anthropic's SDK (Bedrock's
Messages endpoint): the judge's answers depend on nothing but the body and the model.
"""
import base64
import json

import boto3
from anthropic import Anthropic, AnthropicBedrock
from botocore.config import Config

from bedrock.asking import of_message
from bedrock.hosts import BEARER, KEYS, REGION

# Converse's stop reasons in Anthropic's words; what is not here is spelled alike.
STOPS = {"content_filtered": "refusal", "guardrail_intervened": "refusal"}

# Anthropic's stop reasons in OpenAI's words.
FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "refusal": "content_filter",
}


class Reference:
    def __init__(self, endpoint):
        quiet = Config(retries={"total_max_attempts": 1}, read_timeout=40)
        keys = {"aws_access_key_id": KEYS[0], "aws_secret_access_key": KEYS[1], "region_name": REGION}
        self.aws = boto3.client("bedrock-runtime", endpoint_url=endpoint, config=quiet, **keys)
        self.messages = Anthropic(base_url=endpoint + "/anthropic", auth_token=BEARER, api_key=None, max_retries=0)
        self.bedrock = AnthropicBedrock(
            aws_access_key=KEYS[0], aws_secret_key=KEYS[1], aws_region=REGION, base_url=endpoint, max_retries=0
        )

    def again(self, row):
        """What the vendor's client reads when it sends the request that the judge wrote down."""
        body, model = row["body"], row["model"]
        operation = row["operation"]
        if operation == "InvokeModel":
            answer = self.aws.invoke_model(modelId=model, body=body, contentType="application/json")
            return of_message(json.loads(answer["body"].read()))
        if operation == "InvokeModelWithResponseStream":
            answer = self.aws.invoke_model_with_response_stream(modelId=model, body=body, contentType="application/json")
            return of_message(summed(json.loads(event["chunk"]["bytes"]) for event in answer["body"]))
        if operation == "Messages":
            return self.message(json.loads(body), row)
        members = self.decoded("Converse", json.loads(body))
        if operation == "Converse":
            return of_converse(self.aws.converse(modelId=model, **members))
        return of_converse(summed_converse(self.aws.converse_stream(modelId=model, **members)["stream"]))

    def anthropic(self, model, asked):
        """What Anthropic's client for Bedrock reads; of the version that older models know."""
        body = {"anthropic_version": "bedrock-2023-05-31", **asked.get("extra_body", {})}
        return self.bedrock.messages.create(model=model, **{**asked, "extra_body": body}).model_dump()

    def message(self, body, row):
        came = {name.lower(): value for name, value in row["headers"]}
        headers = {name: came[name] for name in ("anthropic-version", "anthropic-beta") if name in came}
        streamed = body.pop("stream", False)
        known = {name: body.pop(name) for name in ("model", "max_tokens", "messages")}
        if not streamed:
            return of_message(self.messages.messages.create(**known, extra_body=body, extra_headers=headers).model_dump())
        with self.messages.messages.stream(**known, extra_body=body, extra_headers=headers) as stream:
            return of_message(stream.get_final_message().model_dump())

    def decoded(self, operation, body):
        """JSON as it is on the wire, as boto3 takes it: blobs as bytes."""
        shape = self.aws.meta.service_model.operation_model(operation).input_shape
        return blobs(shape, body)


def blobs(shape, value):
    kind = shape.type_name
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        return {name: blobs(shape.members[name], each) for name, each in value.items()}
    if kind == "list":
        return [blobs(shape.member, each) for each in value]
    return base64.b64decode(value) if kind == "blob" else value


def summed(events):
    """Anthropic's events as one message."""
    message, arguments = {}, {}
    for event in events:
        kind, at = event.get("type"), event.get("index")
        if kind == "message_start":
            message = event["message"]
        elif kind == "content_block_start":
            message["content"].append(event["content_block"])
        elif kind == "content_block_delta":
            delta, block = event["delta"], message["content"][at]
            for name in ("text", "thinking", "signature"):
                block[name] = block.get(name, "") + delta[name] if name in delta else block.get(name)
            arguments[at] = arguments.get(at, "") + delta.get("partial_json", "")
        elif kind == "content_block_stop" and message["content"][at]["type"] == "tool_use":
            message["content"][at]["input"] = json.loads(arguments[at] or "{}")
        elif kind == "message_delta":
            message.update(event["delta"])
            message["usage"].update(event["usage"])
    return message


def summed_converse(events):
    """Converse's events as one answer."""
    blocks, rest = {}, {}
    for event in events:
        ((kind, said),) = event.items()
        if kind == "contentBlockStart":
            blocks[said["contentBlockIndex"]] = {"toolUse": {**said["start"]["toolUse"], "input": ""}}
        elif kind == "contentBlockDelta":
            grow(blocks.setdefault(said["contentBlockIndex"], {}), said["delta"])
        elif kind in ("messageStop", "metadata"):
            rest.update(said)
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    content = [blocks[at] for at in sorted(blocks)]
    return {"output": {"message": {"content": content}}, **rest}


def grow(block, delta):
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    if "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    thought = delta.get("reasoningContent", {})
    if "redactedContent" in thought:
        block["reasoningContent"] = thought
    elif thought:
        text = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {})
        for name, each in thought.items():
            text[name] = text.get(name, "") + each


def of_converse(answer):
    """Converse's answer in the one form."""
    usage, blocks = answer.get("usage", {}), answer["output"]["message"]["content"]
    thoughts = [block["reasoningContent"] for block in blocks if "reasoningContent" in block]
    texts = [thought["reasoningText"] for thought in thoughts if "reasoningText" in thought]
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    return {
        "text": "".join(block["text"] for block in blocks if "text" in block),
        "thinking": [(text["text"], text.get("signature")) for text in texts],
        "redacted": [base64.b64encode(each["redactedContent"]).decode() for each in thoughts if "redactedContent" in each],
        "calls": [(call["name"], call["input"]) for call in calls],
        "stop": STOPS.get(answer["stopReason"], answer["stopReason"]),
        "stop_sequence": (answer.get("additionalModelResponseFields") or {}).get("stop_sequence"),
        "input": usage.get("inputTokens"),
        "output": usage.get("outputTokens"),
        "read": usage.get("cacheReadInputTokens", 0),
        "written": usage.get("cacheWriteInputTokens", 0),
    }


def expected(read, format):
    """What a client of that format should have, when the vendor's client has read this."""
    if format == "messages":
        return {name: each for name, each in read.items() if name != "raw"}
    known = read["input"] is not None
    return {
        "text": read["text"],
        "thinking": "".join(text for text, _ in read["thinking"]),
        "calls": read["calls"],
        "stop": FINISHES.get(read["stop"], read["stop"]),
        "input": read["input"] + read["read"] + read["written"] if known else None,
        "output": read["output"],
        "read": read["read"],
    }
