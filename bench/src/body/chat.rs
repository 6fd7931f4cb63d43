//! A request as OpenAI's Python SDK spells it.

use std::fmt::Write;

use super::Spelling;
use super::session::{Exchange, instructions, tools};
use super::text::quote;

pub(super) const SPELLING: Spelling = Spelling { begin, exchange, end };

fn begin(out: &mut String, in_session: bool) {
    out.push_str(r#"{"messages":[{"role":"system","content":"#);
    if !in_session {
        out.push_str(r#""You are a concise assistant."},"#);
        return;
    }
    quote(out, &instructions().join("\n\n"));
    out.push_str(r#"},{"role":"user","content":"Mend it."},"#);
}

fn exchange(out: &mut String, exchange: &Exchange) {
    let Exchange { words, call, tool, arguments, result, remark, .. } = exchange;
    out.push_str(r#"{"role":"assistant","content":"#);
    quote(out, words);
    let _ = write!(
        out,
        r#","tool_calls":[{{"id":"{call}","type":"function","function":{{"name":"{tool}","arguments":"#
    );
    quote(out, arguments);
    let _ = write!(out, r#"}}}}]}},{{"role":"tool","tool_call_id":"{call}","content":"#);
    quote(out, result);
    out.push_str("},");
    if let Some(remark) = remark {
        out.push_str(r#"{"role":"user","content":"#);
        quote(out, remark);
        out.push_str("},");
    }
}

fn end(model: &str, streamed: bool, in_session: bool) -> String {
    let mut end = format!(r#"],"model":"{model}""#);
    if in_session {
        end.push_str(r#","max_completion_tokens":32000"#);
    }
    let _ = write!(end, r#","stream":{streamed}"#);
    if in_session {
        end.push_str(r#","tools":["#);
        for (n, tool) in tools().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            let _ = write!(
                end,
                r#"{comma}{{"type":"function","function":{{"name":"{}","description":"#,
                tool.name
            );
            quote(&mut end, &tool.description);
            let _ = write!(end, r#","parameters":{}}}}}"#, tool.schema);
        }
        end.push(']');
    }
    end.push('}');
    end
}
