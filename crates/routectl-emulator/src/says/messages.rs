//! The scripted answers of the Anthropic-style host (anthropic-messages facts, sections 8 to 11).

use super::sealed;
use crate::good::Good;
use crate::script::STAND_IN;
use crate::stream::{Event, Part};

/// One answer. What stands here is JSON; `$SIGNATURE` and `$DATA` are seals.
#[derive(Debug)]
pub(super) struct Said {
    blocks: &'static [Block],
    /// The members of the last `message_delta`, and of the whole answer.
    stop: &'static str,
    /// Counters of the prompt.
    input: &'static str,
    /// Counters of the answer.
    output: &'static str,
}

/// A block as it is streamed, and as it stands in a whole answer.
#[derive(Debug)]
struct Block {
    seed: &'static str,
    deltas: &'static [&'static str],
    whole: &'static str,
    /// Whether the seed alone shows the client something.
    commits: bool,
}

const ID: &str = "msg_said";

impl Said {
    pub(super) fn spelled(&self, streamed: bool) -> Good {
        let Self { blocks, stop, input, output } = self;
        let blocks: Vec<String> = blocks.iter().map(|block| sealed(block.whole)).collect();
        let whole = format!(
            "{{\"id\":\"{ID}\",\"type\":\"message\",\"role\":\"assistant\",\
             \"model\":\"{STAND_IN}\",\"content\":[{}],{stop},\"usage\":{{{input},{output}}}}}",
            blocks.join(",")
        );
        Good::said(whole, streamed.then(|| self.events()))
    }

    fn events(&self) -> Vec<Event> {
        let Self { blocks, stop, input, output } = self;
        let start = format!(
            "\"message\":{{\"id\":\"{ID}\",\"type\":\"message\",\"role\":\"assistant\",\
             \"model\":\"{STAND_IN}\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\
             \"usage\":{{{input},\"output_tokens\":1}}}}"
        );
        let mut events = vec![event(Part::Preamble, "message_start", &start)];
        for (index, block) in blocks.iter().enumerate() {
            let at = format!("\"index\":{index}");
            let shows = index > 0 || block.commits;
            let part = if shows { Part::Content } else { Part::Preamble };
            let seed = format!("{at},\"content_block\":{}", sealed(block.seed));
            events.push(event(part, "content_block_start", &seed));
            for delta in block.deltas {
                let delta = format!("{at},\"delta\":{}", sealed(delta));
                events.push(event(Part::Content, "content_block_delta", &delta));
            }
            events.push(event(Part::Content, "content_block_stop", &at));
        }
        let end = format!("\"delta\":{{{stop}}},\"usage\":{{{output}}}");
        events.push(event(Part::Ending, "message_delta", &end));
        events.push(Event::new(
            Part::Terminator,
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned(),
        ));
        events
    }
}

fn event(part: Part, name: &str, members: &str) -> Event {
    Event::new(part, format!("event: {name}\ndata: {{\"type\":\"{name}\",{members}}}\n\n"))
}

const ALL_IS_WELL: Block = Block {
    seed: r#"{"type":"text","text":""}"#,
    deltas: &[
        r#"{"type":"text_delta","text":"All "}"#,
        r#"{"type":"text_delta","text":"is "}"#,
        r#"{"type":"text_delta","text":"wéll."}"#,
    ],
    whole: r#"{"type":"text","text":"All is wéll."}"#,
    commits: false,
};

const DONE: Block = Block {
    deltas: &[r#"{"type":"text_delta","text":"Done."}"#],
    whole: r#"{"type":"text","text":"Done."}"#,
    ..ALL_IS_WELL
};

const WELL: Block = Block {
    deltas: &[r#"{"type":"text_delta","text":"Well, "}"#],
    whole: r#"{"type":"text","text":"Well, "}"#,
    ..ALL_IS_WELL
};

const THOUGHT: Block = Block {
    seed: r#"{"type":"thinking","thinking":"","signature":""}"#,
    deltas: &[
        r#"{"type":"thinking_delta","thinking":"Let me "}"#,
        r#"{"type":"thinking_delta","thinking":"think 🤔."}"#,
        r#"{"type":"signature_delta","signature":"$SIGNATURE"}"#,
    ],
    whole: r#"{"type":"thinking","thinking":"Let me think 🤔.","signature":"$SIGNATURE"}"#,
    commits: false,
};

const HIDDEN_THOUGHT: Block = Block {
    deltas: &[r#"{"type":"signature_delta","signature":"$SIGNATURE"}"#],
    whole: r#"{"type":"thinking","thinking":"","signature":"$SIGNATURE"}"#,
    ..THOUGHT
};

const SEALED_THOUGHT: Block = Block {
    seed: r#"{"type":"redacted_thinking","data":"$DATA"}"#,
    deltas: &[],
    whole: r#"{"type":"redacted_thinking","data":"$DATA"}"#,
    commits: true,
};

const I_LOOK: Block = Block {
    deltas: &[r#"{"type":"text_delta","text":"I look."}"#],
    whole: r#"{"type":"text","text":"I look."}"#,
    ..ALL_IS_WELL
};

const WEATHER: Block = Block {
    seed: r#"{"type":"tool_use","id":"toolu_a","name":"weather","input":{}}"#,
    deltas: &[
        r#"{"type":"input_json_delta","partial_json":""}"#,
        r#"{"type":"input_json_delta","partial_json":"{\"city\":"}"#,
        r#"{"type":"input_json_delta","partial_json":" \"Köln\"}"}"#,
    ],
    whole: r#"{"type":"tool_use","id":"toolu_a","name":"weather","input":{"city": "Köln"}}"#,
    commits: true,
};

const CLOCK: Block = Block {
    seed: r#"{"type":"tool_use","id":"toolu_b","name":"clock","input":{}}"#,
    deltas: &[
        r#"{"type":"input_json_delta","partial_json":""}"#,
        r#"{"type":"input_json_delta","partial_json":"{\"zone\": 1}"}"#,
    ],
    whole: r#"{"type":"tool_use","id":"toolu_b","name":"clock","input":{"zone": 1}}"#,
    commits: true,
};

const PLAIN: Said = Said {
    blocks: &[ALL_IS_WELL],
    stop: r#""stop_reason":"end_turn","stop_sequence":null"#,
    input: r#""input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":0"#,
    output: r#""output_tokens":12"#,
};

const CALLS: Said = Said { stop: r#""stop_reason":"tool_use","stop_sequence":null"#, ..PLAIN };

/// Nothing at all.
pub(super) const NOTHING: Said = Said { blocks: &[], output: r#""output_tokens":0"#, ..PLAIN };

/// Thoughts that can be read, with their signature.
pub(super) const THOUGHTS: Said = Said {
    blocks: &[THOUGHT, DONE],
    output: r#""output_tokens":12,"output_tokens_details":{"thinking_tokens":7}"#,
    ..PLAIN
};

/// Thoughts that only the vendor can read.
pub(super) const SEALED_THOUGHTS: Said = Said { blocks: &[SEALED_THOUGHT, DONE], ..PLAIN };

/// Thoughts of which only the signature is told, before a call.
pub(super) const HIDDEN_THOUGHTS: Said = Said { blocks: &[HIDDEN_THOUGHT, WEATHER], ..CALLS };

/// Thoughts before a text and before a call.
pub(super) const THOUGHTS_BETWEEN: Said =
    Said { blocks: &[THOUGHT, I_LOOK, HIDDEN_THOUGHT, WEATHER], ..CALLS };

/// Two calls behind a text.
pub(super) const TWO_CALLS: Said = Said { blocks: &[I_LOOK, WEATHER, CLOCK], ..CALLS };

/// A call of a tool that takes nothing.
pub(super) const CALL_WITHOUT_ARGUMENTS: Said = Said {
    blocks: &[Block {
        seed: r#"{"type":"tool_use","id":"toolu_a","name":"clock","input":{}}"#,
        deltas: &[r#"{"type":"input_json_delta","partial_json":""}"#],
        whole: r#"{"type":"tool_use","id":"toolu_a","name":"clock","input":{}}"#,
        commits: true,
    }],
    ..CALLS
};

/// The limit cuts a call in two. A whole answer shows the input that was understood.
pub(super) const HALF_A_CALL: Said = Said {
    blocks: &[Block {
        deltas: &[r#"{"type":"input_json_delta","partial_json":"{\"city\": \"Kö"}"#],
        whole: r#"{"type":"tool_use","id":"toolu_a","name":"weather","input":{"city": "Kö"}}"#,
        ..WEATHER
    }],
    stop: r#""stop_reason":"max_tokens","stop_sequence":null"#,
    ..PLAIN
};

/// Numbers and an order that a careless reader changes.
pub(super) const ODD_NUMBERS: Said = Said {
    blocks: &[Block {
        seed: r#"{"type":"tool_use","id":"toolu_a","name":"sum","input":{}}"#,
        deltas: &[
            r#"{"type":"input_json_delta","partial_json":"{\"z\":1.0,\"a\":1e3,"}"#,
            r#"{"type":"input_json_delta","partial_json":"\"m\":12345678901234567890}"}"#,
        ],
        whole: r#"{"type":"tool_use","id":"toolu_a","name":"sum","input":{"z":1.0,"a":1e3,"m":12345678901234567890}}"#,
        commits: true,
    }],
    ..CALLS
};

/// Text on both sides of a call.
pub(super) const TEXT_AFTER_CALL: Said = Said { blocks: &[I_LOOK, WEATHER, DONE], ..CALLS };

/// Two blocks of text in a row.
pub(super) const TWO_TEXTS: Said = Said { blocks: &[WELL, DONE], ..PLAIN };

/// Text with its sources.
pub(super) const CITATIONS: Said = Said {
    blocks: &[Block {
        seed: r#"{"type":"text","text":"","citations":[]}"#,
        deltas: &[
            r#"{"type":"text_delta","text":"Water is wet."}"#,
            r#"{"type":"citations_delta","citation":{"type":"web_search_result_location","cited_text":"wet","url":"https://example.com/water","title":"Water","encrypted_index":"aQ=="}}"#,
        ],
        whole: r#"{"type":"text","text":"Water is wet.","citations":[{"type":"web_search_result_location","cited_text":"wet","url":"https://example.com/water","title":"Water","encrypted_index":"aQ=="}]}"#,
        commits: false,
    }],
    ..PLAIN
};

/// A tool that runs at the vendor.
pub(super) const SEARCH: Said = Said {
    blocks: &[
        Block {
            seed: r#"{"type":"server_tool_use","id":"srvtoolu_a","name":"web_search","input":{}}"#,
            deltas: &[r#"{"type":"input_json_delta","partial_json":"{\"query\":\"water\"}"}"#],
            whole: r#"{"type":"server_tool_use","id":"srvtoolu_a","name":"web_search","input":{"query":"water"}}"#,
            commits: true,
        },
        Block {
            seed: r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_a","content":[]}"#,
            deltas: &[],
            whole: r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_a","content":[]}"#,
            commits: true,
        },
        DONE,
    ],
    ..PLAIN
};

/// The model declines before it has said anything.
pub(super) const NO: Said = Said {
    blocks: &[],
    stop: r#""stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber","explanation":"I can't help with that."}"#,
    output: r#""output_tokens":0"#,
    ..PLAIN
};

/// The model declines after it has begun.
pub(super) const NO_MIDWAY: Said = Said { blocks: &[WELL], ..NO };

/// The limit ends the answer.
pub(super) const TOO_MUCH: Said =
    Said { stop: r#""stop_reason":"max_tokens","stop_sequence":null"#, ..PLAIN };

/// The window is full before the limit.
pub(super) const FULL_WINDOW: Said =
    Said { stop: r#""stop_reason":"model_context_window_exceeded","stop_sequence":null"#, ..PLAIN };

/// One of the client's texts ends the answer.
pub(super) const STOP_SEQUENCE: Said =
    Said { stop: r#""stop_reason":"stop_sequence","stop_sequence":"END""#, ..PLAIN };

/// A tool at the vendor takes longer than one request.
pub(super) const PAUSE: Said =
    Said { stop: r#""stop_reason":"pause_turn","stop_sequence":null"#, ..PLAIN };

/// A reason that nobody knows yet.
pub(super) const ODD_STOP: Said =
    Said { stop: r#""stop_reason":"daydream","stop_sequence":null"#, ..PLAIN };

/// Most of the prompt comes from a cache, and some goes into it.
pub(super) const CACHED: Said = Said {
    input: r#""input_tokens":76,"cache_creation_input_tokens":100,"cache_read_input_tokens":1024,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":0}"#,
    output: r#""output_tokens":96,"output_tokens_details":{"thinking_tokens":41}"#,
    ..PLAIN
};
