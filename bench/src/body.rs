//! Chat Completions request bodies of an exact size: a short question, and a long agent session.

use std::fmt::Write;

/// Below this size a body is one question; from it on, an agent's session with tools.
const SESSION_FROM: usize = 64 << 10;

/// Room for the last message and the members that follow the messages.
const TAIL: usize = 2 << 10;

/// A request for `model` of `size` bytes, or the smallest possible one if that is longer.
///
/// `messages` comes before `model`, as OpenAI's Python SDK writes it: a router must look past the
/// whole conversation to find the name.
pub fn request(model: &str, streamed: bool, size: usize) -> String {
    let mut body = String::with_capacity(size + TAIL);
    body.push_str(r#"{"messages":["#);
    if size >= SESSION_FROM {
        session(&mut body, size - TAIL - tools().len());
    } else {
        body.push_str(r#"{"role":"system","content":"You are a concise assistant."},"#);
    }
    let end = end(model, streamed, size >= SESSION_FROM);
    last_question(&mut body, size.saturating_sub(end.len()));
    body.push_str(&end);
    body
}

/// The last user message, padded so that the body is `size` long with it.
fn last_question(body: &mut String, size: usize) {
    const OPEN: &str = r#"{"role":"user","content":"Go on, please. "#;
    const CLOSE: &str = r#""}"#;
    const WORDS: &str = "Mind the failing case in the second table. ";
    body.push_str(OPEN);
    let missing = size.saturating_sub(body.len() + CLOSE.len());
    body.extend(WORDS.chars().cycle().take(missing));
    body.push_str(CLOSE);
}

fn end(model: &str, streamed: bool, with_tools: bool) -> String {
    let mut end = format!(r#"],"model":"{model}","stream":{streamed}"#);
    if with_tools {
        end.push_str(r#","tools":"#);
        end.push_str(&tools());
    }
    end.push('}');
    end
}

/// Turns of an agent at work, until `body` is at least `size` long but for one turn.
fn session(body: &mut String, size: usize) {
    body.push_str(r#"{"role":"system","content":""#);
    for rule in 0..120 {
        escape(body, &format!("{rule}. Use \"apply_patch\" for edits; never touch C:\\build.\n\t"));
    }
    body.push_str(r#""},"#);
    for turn in 0.. {
        let before = body.len();
        one_turn(body, turn);
        if body.len() > size {
            body.truncate(before);
            return;
        }
    }
}

/// A question, the model's tool call, and what the tool printed.
fn one_turn(body: &mut String, turn: usize) {
    let path = format!("src/módulo_{turn}/日本語.rs");
    body.push_str(r#"{"role":"user","content":""#);
    escape(body, &format!("Look at {path} — why does it fail? 🤔"));
    let _ = write!(
        body,
        r#""}},{{"role":"assistant","content":null,"tool_calls":[{{"id":"call_{turn:06}","type":"function","function":{{"name":"read_file_{}","arguments":""#,
        turn % TOOLS
    );
    let arguments = format!(r#"{{"path":"{path}","offset":{turn},"limit":400,"follow":true}}"#);
    escape(body, &arguments);
    let _ = write!(body, r#""}}}}]}},{{"role":"tool","tool_call_id":"call_{turn:06}","content":""#);
    for line in 0..40 + (turn * 7) % 60 {
        escape(
            body,
            &format!(
                "\u{1b}[32m{line:>5}\u{1b}[0m\t    let row = rows.get({line}).expect(\"größer als null\"); // C:\\src\\{turn}\n"
            ),
        );
    }
    body.push_str(r#""},"#);
}

const TOOLS: usize = 24;

/// Tools with the nested schemas that agents send.
fn tools() -> String {
    let mut tools = String::from("[");
    for tool in 0..TOOLS {
        if tool > 0 {
            tools.push(',');
        }
        let _ = write!(
            tools,
            r#"{{"type":"function","function":{{"name":"read_file_{tool}","description":""#
        );
        for _ in 0..6 {
            escape(
                &mut tools,
                "Reads a file of the project; answers at most 2000 lines.\n- \"path\" must be absolute\n",
            );
        }
        tools.push_str(r#"","parameters":{"type":"object","properties":{"path":{"type":"string","description":"The absolute path"},"offset":{"type":"integer","minimum":0},"limit":{"type":"integer","default":2000,"maximum":1e4},"follow":{"type":"boolean"},"ranges":{"type":"array","items":{"type":"object","properties":{"from":{"type":"integer"},"to":{"type":["integer","null"]}},"required":["from"]}}},"required":["path"],"additionalProperties":false}}}"#);
    }
    tools.push(']');
    tools
}

/// Appends `text` as the inside of a JSON string, spelled as JavaScript's `JSON.stringify` does.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_size_that_was_asked_for() {
        for size in [1 << 10, 32 << 10, 64 << 10, 1 << 20] {
            assert_eq!(request("bench-1024", false, size).len(), size);
        }
    }

    #[test]
    fn a_session_has_escapes_letters_of_other_scripts_and_closed_brackets() {
        let body = request("bench-1024", true, 1 << 20);
        for part in ["\\u001b[32m", "日本語", "🤔", "\\\\src", "\\\"path\\\"", r#""tool_calls""#]
        {
            assert!(body.contains(part), "{part}");
        }
        assert_eq!(depth_at_end(&body), 0);
    }

    fn depth_at_end(body: &str) -> i32 {
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        for letter in body.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                '{' | '[' if !quoted => depth += 1,
                '}' | ']' if !quoted => depth -= 1,
                _ => {}
            }
        }
        assert!(!quoted && !escaped);
        depth
    }
}
