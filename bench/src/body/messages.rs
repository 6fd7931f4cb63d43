//! A request as Anthropic's Python SDK spells it, with the marks and members that agents send.

use std::fmt::Write;

use super::Spelling;
use super::session::{Exchange, instructions, tools};
use super::text::quote;

pub(super) const SPELLING: Spelling = Spelling { begin, exchange, end };

/// A cache mark on what is written.
const CACHED: &str = r#","cache_control":{"type":"ephemeral"}"#;

fn begin(out: &mut String, in_session: bool) {
    let max_tokens = if in_session { 32_000 } else { 1_024 };
    let _ = write!(out, r#"{{"max_tokens":{max_tokens},"messages":["#);
    if in_session {
        let _ = write!(
            out,
            r#"{{"role":"user","content":[{{"type":"text","text":"Mend it."{CACHED}}}]}},"#
        );
    }
}

fn exchange(out: &mut String, exchange: &Exchange) {
    let Exchange { words, call, tool, arguments, result, failed, remark } = exchange;
    out.push_str(r#"{"role":"assistant","content":[{"type":"text","text":"#);
    quote(out, words);
    let _ = write!(
        out,
        r#"}},{{"type":"tool_use","id":"{call}","name":"{tool}","input":{arguments}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"{call}","content":"#
    );
    quote(out, result);
    let _ = write!(out, r#","is_error":{failed}}}"#);
    if let Some(remark) = remark {
        out.push_str(r#",{"type":"text","text":"#);
        quote(out, remark);
        out.push('}');
    }
    out.push_str("]},");
}

fn end(model: &str, streamed: bool, in_session: bool) -> String {
    let mut end = format!(r#"],"model":"{model}""#);
    if !in_session {
        let _ = write!(end, r#","stream":{streamed},"system":"You are a concise assistant."}}"#);
        return end;
    }
    let _ = write!(
        end,
        r#","metadata":{{"user_id":"{{\"device\":\"d-1\",\"session\":\"s-1\"}}"}},"stream":{streamed},"system":["#
    );
    for (n, part) in instructions().iter().enumerate() {
        end.push_str(if n == 0 { "" } else { "," });
        end.push_str(r#"{"type":"text","text":"#);
        quote(&mut end, part);
        end.push_str(if n == 0 { "" } else { CACHED });
        end.push('}');
    }
    end.push_str(r#"],"tools":["#);
    for (n, tool) in tools().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(end, r#"{comma}{{"name":"{}","description":"#, tool.name);
        quote(&mut end, &tool.description);
        let _ = write!(end, r#","input_schema":{}}}"#, tool.schema);
    }
    end.push_str("]}");
    end
}
