//! The scripted answers of the OpenAI-style host (openai-chat facts, sections 5, 6 and 9;
//! provider-quirks facts, section 4).

use crate::good::Good;
use crate::script::STAND_IN;
use crate::stream::{Event, Part};

/// One answer. What stands here is JSON.
#[derive(Debug)]
pub(super) struct Said {
    /// What the chunks between the first and the last hold as `delta`.
    deltas: &'static [&'static str],
    /// Members of the whole answer's message behind its role.
    message: &'static str,
    finish: &'static str,
    usage: &'static str,
}

/// What comes before the choices of a chunk or an answer.
const ID: &str = "chatcmpl-said";

impl Said {
    pub(super) fn spelled(&self, streamed: bool, with_usage: bool) -> Good {
        let Self { message, finish, usage, .. } = self;
        let whole = format!(
            "{{\"id\":\"{ID}\",\"object\":\"chat.completion\",\"created\":1795000000,\
             \"model\":\"{STAND_IN}\",\"choices\":[{{\"index\":0,\"message\":{{\
             \"role\":\"assistant\",{message}}},\"logprobs\":null,\"finish_reason\":{finish}}}]{}}}",
            member(usage)
        );
        let events = streamed.then(|| self.events(with_usage));
        Good::said(whole, events)
    }

    fn events(&self, with_usage: bool) -> Vec<Event> {
        let choice = |delta: &str, finish: &str| {
            format!(
                "{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}"
            )
        };
        let first = "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}";
        let mut events = vec![chunk(Part::Preamble, &choice(first, "null"), "")];
        for delta in self.deltas {
            events.push(chunk(Part::Content, &choice(delta, "null"), ""));
        }
        events.push(chunk(Part::Ending, &choice("{}", self.finish), ""));
        if with_usage && !self.usage.is_empty() {
            events.push(chunk(Part::Ending, "", self.usage));
        }
        events.push(Event::new(Part::Terminator, "data: [DONE]\n\n".to_owned()));
        events
    }
}

fn chunk(part: Part, choice: &str, usage: &str) -> Event {
    let text = format!(
        "data: {{\"id\":\"{ID}\",\"object\":\"chat.completion.chunk\",\"created\":1795000000,\
         \"model\":\"{STAND_IN}\",\"choices\":[{choice}]{}}}\n\n",
        member(usage)
    );
    Event::new(part, text)
}

fn member(usage: &str) -> String {
    if usage.is_empty() { String::new() } else { format!(",\"usage\":{usage}") }
}

const PLAIN: Said = Said {
    deltas: &[r#"{"content":"All "}"#, r#"{"content":"is "}"#, r#"{"content":"wéll."}"#],
    message: r#""content":"All is wéll.","refusal":null"#,
    finish: "\"stop\"",
    usage: r#"{"prompt_tokens":40,"completion_tokens":12,"total_tokens":52}"#,
};

/// Nothing at all.
pub(super) const NOTHING: Said = Said {
    deltas: &[],
    message: r#""content":"","refusal":null"#,
    usage: r#"{"prompt_tokens":40,"completion_tokens":0,"total_tokens":40}"#,
    ..PLAIN
};

/// The usual member for thoughts.
pub(super) const THOUGHTS: Said = Said {
    deltas: &[
        r#"{"reasoning_content":"Let me "}"#,
        r#"{"reasoning_content":"think 🤔."}"#,
        r#"{"content":"Done."}"#,
    ],
    message: r#""content":"Done.","reasoning_content":"Let me think 🤔.""#,
    usage: r#"{"prompt_tokens":40,"completion_tokens":12,"total_tokens":52,"completion_tokens_details":{"reasoning_tokens":7}}"#,
    ..PLAIN
};

/// Both members say the same (Chutes).
pub(super) const THOUGHTS_TWICE: Said = Said {
    deltas: &[
        r#"{"reasoning":"Let me ","reasoning_content":"Let me "}"#,
        r#"{"reasoning":"think.","reasoning_content":"think."}"#,
        r#"{"content":"Done."}"#,
    ],
    message: r#""content":"Done.","reasoning":"Let me think.","reasoning_content":"Let me think.""#,
    ..PLAIN
};

/// The newer member (vLLM, Groq, Ollama).
pub(super) const THOUGHTS_RENAMED: Said = Said {
    deltas: &[
        r#"{"reasoning":"Let me "}"#,
        r#"{"reasoning":"think.","content":""}"#,
        r#"{"reasoning":null,"content":"Done."}"#,
    ],
    message: r#""content":"Done.","reasoning":"Let me think.""#,
    ..PLAIN
};

/// Thoughts beside their details; the signature comes late and without text (OpenRouter).
pub(super) const SIGNED_THOUGHTS: Said = Said {
    deltas: &[
        r#"{"content":"","reasoning":"Let me ","reasoning_details":[{"type":"reasoning.text","text":"Let me ","format":"anthropic-claude-v1","index":0}]}"#,
        r#"{"content":"","reasoning":"think.","reasoning_details":[{"type":"reasoning.text","text":"think.","format":"anthropic-claude-v1","index":0}]}"#,
        r#"{"content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.text","signature":"c2lnbmVkIHRob3VnaHRz","format":"anthropic-claude-v1","index":0}]}"#,
        r#"{"content":"Done."}"#,
    ],
    message: r#""content":"Done.","reasoning":"Let me think.","reasoning_details":[{"type":"reasoning.text","text":"Let me think.","signature":"c2lnbmVkIHRob3VnaHRz","format":"anthropic-claude-v1","index":0}]"#,
    ..PLAIN
};

/// Thoughts that only their minter can read.
pub(super) const SEALED_THOUGHTS: Said = Said {
    deltas: &[
        r#"{"content":"","reasoning_details":[{"type":"reasoning.encrypted","data":"c2VhbGVkIHRob3VnaHRz","format":"openai-responses-v1","id":"rs_1","index":0}]}"#,
        r#"{"content":"Done."}"#,
    ],
    message: r#""content":"Done.","reasoning_details":[{"type":"reasoning.encrypted","data":"c2VhbGVkIHRob3VnaHRz","format":"openai-responses-v1","id":"rs_1","index":0}]"#,
    ..PLAIN
};

/// A model without a parser before it: its thoughts stand in the text, and the pieces do not heed
/// the tags.
pub(super) const TAGGED_THOUGHTS: Said = Said {
    deltas: &[
        r#"{"content":"<thi"}"#,
        r#"{"content":"nk>\nLet me "}"#,
        r#"{"content":"think 🤔.\n</think"}"#,
        r#"{"content":">\n\nDo"}"#,
        r#"{"content":"ne."}"#,
    ],
    message: r#""content":"<think>\nLet me think 🤔.\n</think>\n\nDone.","refusal":null"#,
    ..PLAIN
};

/// The same where the prompt has opened the tag.
pub(super) const UNOPENED_THOUGHTS: Said = Said {
    deltas: &[
        r#"{"content":"Let me "}"#,
        r#"{"content":"think 🤔.\n</"}"#,
        r#"{"content":"think>\n\nDone."}"#,
    ],
    message: r#""content":"Let me think 🤔.\n</think>\n\nDone.""#,
    ..PLAIN
};

/// The same before a call.
pub(super) const TAGGED_CALL: Said = Said {
    deltas: &[
        r#"{"content":"<think>\nI should look.\n</think>\n\n"}"#,
        r#"{"content":"I look."}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]}"#,
    ],
    message: r#""content":"<think>\nI should look.\n</think>\n\nI look.","tool_calls":[{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]"#,
    finish: "\"tool_calls\"",
    ..PLAIN
};

/// The limit comes before the model has said anything.
pub(super) const ONLY_THOUGHTS: Said = Said {
    deltas: &[r#"{"reasoning_content":"Let me "}"#, r#"{"reasoning_content":"think"}"#],
    message: r#""content":"","reasoning_content":"Let me think""#,
    finish: "\"length\"",
    ..PLAIN
};

/// The same inside a tag, which nothing closes.
pub(super) const UNCLOSED_THOUGHTS: Said = Said {
    deltas: &[r#"{"content":"<think>\nLet me "}"#, r#"{"content":"think"}"#],
    message: r#""content":"<think>\nLet me think""#,
    finish: "\"length\"",
    ..PLAIN
};

/// Two calls, one after the other.
pub(super) const TWO_CALLS: Said = Said {
    deltas: &[
        r#"{"content":"I look."}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":" \"Köln\"}"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"clock","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":1,"function":{"arguments":"{\"zone\": 1}"}}]}"#,
    ],
    message: BOTH_CALLS,
    finish: "\"tool_calls\"",
    ..PLAIN
};

const BOTH_CALLS: &str = r#""content":"I look.","tool_calls":[{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}},{"id":"call_b","type":"function","function":{"name":"clock","arguments":"{\"zone\": 1}"}}]"#;

/// Two calls that grow at the same time.
pub(super) const INTERLEAVED_CALLS: Said = Said {
    deltas: &[
        r#"{"content":"I look."}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}},{"index":1,"id":"call_b","type":"function","function":{"name":"clock","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":1,"function":{"arguments":"{\"zo"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"#,
        r#"{"tool_calls":[{"index":1,"function":{"arguments":"ne\": 1}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":" \"Köln\"}"}}]}"#,
    ],
    ..TWO_CALLS
};

/// A new id at an index that was used means a new call.
pub(super) const CALLS_AT_ONE_INDEX: Said = Said {
    deltas: &[
        r#"{"content":"I look."}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"call_b","type":"function","function":{"name":"clock","arguments":"{\"zone\": 1}"}}]}"#,
    ],
    ..TWO_CALLS
};

/// All of a call in one chunk (Ollama, Mistral, Gemini).
pub(super) const CALL_AT_ONCE: Said = Said {
    deltas: &[
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]}"#,
    ],
    message: ONE_CALL,
    finish: "\"tool_calls\"",
    ..PLAIN
};

const ONE_CALL: &str = r#""content":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]"#;

/// A call of a tool that takes nothing.
pub(super) const CALL_WITHOUT_ARGUMENTS: Said = Said {
    deltas: &[
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"clock","arguments":""}}]}"#,
    ],
    message: r#""content":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"clock","arguments":""}}]"#,
    finish: "\"tool_calls\"",
    ..PLAIN
};

/// A call that nobody named (Gemini, some Qwen hosts).
pub(super) const CALL_WITHOUT_ID: Said = Said {
    deltas: &[
        r#"{"tool_calls":[{"index":0,"id":"","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]}"#,
    ],
    message: r#""content":null,"tool_calls":[{"id":"","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}}]"#,
    finish: "\"tool_calls\"",
    ..PLAIN
};

/// `stop` although there is a call.
pub(super) const CALL_UNDER_STOP: Said = Said { finish: "\"stop\"", ..CALL_AT_ONCE };

/// The limit cuts a call in two.
pub(super) const HALF_A_CALL: Said = Said {
    deltas: &[
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\": \"Kö"}}]}"#,
    ],
    message: r#""content":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Kö"}}]"#,
    finish: "\"length\"",
    ..PLAIN
};

/// Numbers and an order that a careless reader changes.
pub(super) const ODD_NUMBERS: Said = Said {
    deltas: &[
        r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"sum","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"z\":1.0,\"a\":1e3,"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"\"m\":12345678901234567890}"}}]}"#,
    ],
    message: r#""content":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"sum","arguments":"{\"z\":1.0,\"a\":1e3,\"m\":12345678901234567890}"}}]"#,
    finish: "\"tool_calls\"",
    ..PLAIN
};

/// Text with its sources.
pub(super) const CITATIONS: Said = Said {
    deltas: &[
        r#"{"content":"Water is wet."}"#,
        r#"{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":13,"title":"Water","url":"https://example.com/water"}}]}"#,
    ],
    message: r#""content":"Water is wet.","annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":13,"title":"Water","url":"https://example.com/water"}}]"#,
    ..PLAIN
};

/// The model declines in its own member.
pub(super) const NO: Said = Said {
    deltas: &[r#"{"refusal":"I can't "}"#, r#"{"refusal":"help with that."}"#],
    message: r#""content":null,"refusal":"I can't help with that.""#,
    ..PLAIN
};

/// The model declines after it has begun.
pub(super) const NO_MIDWAY: Said = Said {
    deltas: &[r#"{"content":"Well, "}"#, r#"{"refusal":"I can't help with that."}"#],
    message: r#""content":"Well, ","refusal":"I can't help with that.""#,
    ..PLAIN
};

/// A filter ends the answer.
pub(super) const FILTERED: Said = Said {
    deltas: &[r#"{"content":"Well, "}"#],
    message: r#""content":"Well, ","refusal":null"#,
    finish: "\"content_filter\"",
    ..PLAIN
};

/// A filter lets nothing through.
pub(super) const FILTERED_AT_ONCE: Said = Said {
    deltas: &[],
    message: r#""content":null,"refusal":null"#,
    finish: "\"content_filter\"",
    ..PLAIN
};

/// The limit ends the answer.
pub(super) const TOO_MUCH: Said = Said { finish: "\"length\"", ..PLAIN };

/// A reason of the host's own.
pub(super) const ODD_STOP: Said = Said { finish: "\"eos\"", ..PLAIN };

/// Most of the prompt comes from a cache, and some goes into it.
pub(super) const CACHED: Said = Said {
    usage: r#"{"prompt_tokens":1200,"completion_tokens":96,"total_tokens":1296,"prompt_tokens_details":{"cached_tokens":1024,"cache_write_tokens":100},"completion_tokens_details":{"reasoning_tokens":41}}"#,
    ..PLAIN
};

/// Cache counters by another name (DeepSeek).
pub(super) const USAGE_OF_OTHERS: Said = Said {
    usage: r#"{"prompt_tokens":1200,"completion_tokens":96,"total_tokens":1296,"prompt_cache_hit_tokens":1024,"prompt_cache_miss_tokens":176}"#,
    ..PLAIN
};

/// Counters are nowhere.
pub(super) const NO_USAGE: Said = Said { usage: "", ..PLAIN };
