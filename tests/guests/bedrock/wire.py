"""What goes over the wire: path, signed headers and body members, as AWS's and Anthropic's own clients send them."""
import base64
import json
import os
import urllib.parse

from bedrock.asking import CITY, PNG, SCHEMA, Messages, once
from bedrock.hosts import Plan, router

IDS = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-sonnet-4-6",
    "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/claudeabcdef",
]
# An ARN that does not say whose model it is can only be Converse's.
CONVERSE_IDS = [*IDS, "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456", "amazon.nova-pro-v1:0"]

# Headers that one client signs and another does not; the rest must be signed by all.
SIGNED_OR_NOT = {"content-type", "accept", "content-length", "connection", "accept-encoding", "x-stainless-lang"}

LARGE = 5 * 1024 * 1024


def ask(base, model, streamed=False, **more):
    return once(base, model, {"max_tokens": 4000, "messages": [{"role": "user", "content": "hi"}], **more}, streamed)


def checks(folder, endpoint, recorded, reference):
    """(name, None or what is wrong)."""
    place = folder / "wire"
    place.mkdir()
    plan = Plan(endpoint)
    invoke, converse, messages = (plan.provider(shape, shape) for shape in ("invoke", "converse", "messages"))
    floor = plan.provider("floor", "invoke", anthropic_beta='["context-1m-2025-08-07"]', user_agent='"tester/1"')
    more = {
        shape: plan.provider("more-" + shape, shape, additional_model_request_fields="{ top_k = 5 }") for shape in ("invoke", "converse")
    }
    targets = {("invoke", each): plan.model(invoke, each) for each in IDS}
    targets.update({("converse", each): plan.model(converse, each) for each in CONVERSE_IDS})
    named = {
        "floor": plan.model(floor, "anthropic.claude-sonnet-4-5-floor"),
        "long window": plan.model(invoke, "us.anthropic.claude-opus-4-6[1m]"),
        **{"more " + shape: plan.model(provider, "anthropic.claude-sonnet-4-5-more-" + shape) for shape, provider in more.items()},
        **{
            "large " + provider: plan.model(provider, "anthropic.claude-sonnet-4-5-large-" + provider)
            for provider in (invoke, converse, messages)
        },
        "members": plan.model(invoke, "anthropic.claude-sonnet-4-5-members"),
        "converse members": plan.model(converse, "anthropic.claude-sonnet-4-5-converse-members"),
    }
    with router(place, "router", plan, betas=["computer-use-2025-01-24"]) as base:
        for (shape, upstream), model in targets.items():
            for streamed in (False, True):
                name = "%s to %s, %s" % (upstream, shape, "streamed" if streamed else "whole")
                yield name, guarded(same_request, base, model, shape, upstream, streamed, recorded, reference)
        for check in (floor_goes, long_window, further_members, large_bodies, same_members, same_converse):
            yield check.__name__.replace("_", " "), guarded(check, base, named, recorded, reference)


def guarded(check, *arguments):
    try:
        return check(*arguments)
    except Exception as why:  # a check that stumbles has found something
        return "%s %s" % (type(why).__name__, str(why)[:500])


def same_request(base, model, shape, upstream, streamed, recorded, reference):
    """That boto3 would ask the same place in the same way."""
    before = len(recorded.of(upstream, 0))
    ask(base, model, streamed)
    ours = recorded.of(upstream, before + 1)[-1]
    reference.again(ours)
    theirs = recorded.of(upstream, before + 2)[-1]
    if ours["status"] != 200 or theirs["status"] != 200:
        return "the judge answered %s and %s" % (ours["status"], theirs["status"])
    paths = [urllib.parse.unquote(each["path"]) for each in (ours, theirs)]
    # A colon may stand as it is; the slash of an ARN may not.
    spelled = [each["path"].replace("%3A", ":") for each in (ours, theirs)]
    if paths[0] != paths[1] or spelled[0] != spelled[1]:
        return "path %s, but boto3's %s" % (ours["path"], theirs["path"])
    signed = [set(each["auth"]["signed_headers"]) - SIGNED_OR_NOT for each in (ours, theirs)]
    if signed[0] != {each for each in signed[1] if not each.startswith(("amz-sdk-", "x-amzn-bedrock-"))}:
        return "signed %s, but boto3's %s" % (sorted(signed[0]), sorted(signed[1]))
    return None


def last(recorded, upstream):
    return recorded.of(upstream)[-1]


def floor_goes(base, named, recorded, reference):
    """The operator's betas go past the allowlist, the client's do not; the agent's name is the operator's."""
    betas = {"anthropic-beta": "output-128k-2025-02-19,computer-use-2025-01-24"}
    ask(base, named["floor"], extra_headers=betas)
    row = last(recorded, "anthropic.claude-sonnet-4-5-floor")
    sent = json.loads(row["body"]).get("anthropic_beta")
    agent = dict((name.lower(), each) for name, each in row["headers"]).get("user-agent")
    if sorted(sent or []) != ["computer-use-2025-01-24", "context-1m-2025-08-07"]:
        return "betas: %s" % sent
    return None if agent == "tester/1" else "user-agent: %s" % agent


def long_window(base, named, recorded, reference):
    """A client's way to ask for the long window is no part of the id."""
    ask(base, named["long window"])
    sent = json.loads(last(recorded, "us.anthropic.claude-opus-4-6")["body"]).get("anthropic_beta")
    return None if sent == ["context-1m-2025-08-07"] else "betas: %s" % sent


def further_members(base, named, recorded, reference):
    """`additional_model_request_fields` stand where each shape has them."""
    for shape in ("invoke", "converse"):
        ask(base, named["more " + shape])
        body = json.loads(last(recorded, "anthropic.claude-sonnet-4-5-more-" + shape)["body"])
        fields = body if shape == "invoke" else body.get("additionalModelRequestFields", {})
        if fields.get("top_k") != 5:
            return "%s: %s" % (shape, body)
    return None


def large_bodies(base, named, recorded, reference):
    """Five megabytes are signed as they are."""
    data = base64.b64encode(os.urandom(LARGE * 3 // 4)).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "look"}]
    for shape in ("invoke", "converse", "messages"):
        ask(base, named["large " + shape], messages=[{"role": "user", "content": content}])
        row = last(recorded, "anthropic.claude-sonnet-4-5-large-" + shape)
        if row["status"] != 200 or data not in row["body"]:
            return "%s: %s" % (shape, row["status"])
    return None


def same_members(base, named, recorded, reference):
    """The members of a body, as AnthropicBedrock sends them."""
    upstream = "anthropic.claude-sonnet-4-5-members"
    asked = Messages(base).ask("thinking-tools")
    asked.update(system=CITY, stop_sequences=["END"], extra_headers={"anthropic-beta": "computer-use-2025-01-24"})
    ask(base, named["members"], **asked)
    reference.anthropic(upstream, asked)
    ours, theirs = (json.loads(row["body"]) for row in recorded.of(upstream, 2)[-2:])
    for body in (ours, theirs):
        body.pop("anthropic_version")
    return None if ours == theirs else "%s, but AnthropicBedrock's %s" % (ours, theirs)


def same_converse(base, named, recorded, reference):
    """A request in Converse's words, as one would write it for boto3."""
    upstream = "anthropic.claude-sonnet-4-5-converse-members"
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    tool = {"name": "get_weather", "description": "w", "input_schema": SCHEMA}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "20 degrees"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    messages = [
        {"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": "look"}]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    ask(base, named["converse members"], messages=messages, system=CITY, tools=[tool], tool_choice={"type": "any"})
    ours = json.loads(last(recorded, upstream)["body"])
    wanted = {
        "system": [{"text": CITY}],
        "messages": [
            {"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": PNG}}}, {"text": "look"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "toolu_1", "content": [{"text": "20 degrees"}]}}]},
        ],
        "inferenceConfig": {"maxTokens": 4000},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "get_weather", "description": "w", "inputSchema": {"json": SCHEMA}}}],
            "toolChoice": {"any": {}},
        },
    }
    # Asked for, so that a stop sequence can be told.
    ours.pop("additionalModelResponseFieldPaths", None)
    for turn in ours["messages"]:
        for block in turn["content"]:
            # The same as none.
            if block.get("toolResult", {}).get("status") == "success":
                block["toolResult"].pop("status")
    return None if ours == wanted else "%s, but one would write %s" % (json.dumps(ours), json.dumps(wanted))
