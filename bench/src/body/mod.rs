//! Request bodies of an exact size, in either format: a short question, and a long agent session.

mod chat;
mod messages;
mod session;
mod text;

use crate::Format;
use session::{Exchange, exchanges};

/// Below this size a body is one question; from it on, an agent's session with tools.
const SESSION_FROM: usize = 128 << 10;

/// Room for the last message.
const LAST: usize = 200;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub format: Format,
    pub streamed: bool,
    /// Bytes of the request's body.
    pub size: usize,
}

/// A request for `model`, of the wanted size, or the smallest possible one if that is longer.
///
/// `messages` comes before `model`, as the vendors' Python SDKs write it: a router must look past
/// the whole conversation to find the name.
pub fn request(model: &str, wanted: Wanted) -> String {
    let in_session = wanted.size >= SESSION_FROM;
    let spelling = match wanted.format {
        Format::Chat => chat::SPELLING,
        Format::Messages => messages::SPELLING,
    };
    let end = (spelling.end)(model, wanted.streamed, in_session);
    let mut body = String::with_capacity(wanted.size);
    (spelling.begin)(&mut body, in_session);
    if in_session {
        let room = wanted.size.saturating_sub(end.len() + LAST);
        for exchange in exchanges() {
            let before = body.len();
            (spelling.exchange)(&mut body, &exchange);
            if body.len() > room {
                body.truncate(before);
                break;
            }
        }
    }
    // Both formats say the last message alike.
    body.push_str(r#"{"role":"user","content":"#);
    body.push_str(r#""Go on, please. "#);
    let missing = wanted.size.saturating_sub(body.len() + r#""}"#.len() + end.len());
    body.extend("Mind the failing case in the second table. ".chars().cycle().take(missing));
    body.push_str(r#""}"#);
    body.push_str(&end);
    body
}

/// How a format spells the parts of a request.
struct Spelling {
    /// Up to the conversation, with the first message in a session.
    begin: fn(&mut String, bool),
    /// The model's turn and what its tools gave, each message with a comma behind it.
    exchange: fn(&mut String, &Exchange),
    /// What follows the conversation.
    end: fn(&str, bool, bool) -> String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [Format; 2] = Format::ALL;

    #[test]
    fn a_body_has_the_size_that_was_asked_for() {
        for (format, size) in FORMATS
            .into_iter()
            .flat_map(|it| [1 << 10, 32 << 10, 128 << 10, 1 << 20].map(|size| (it, size)))
        {
            let body = request("bench-1024", Wanted { format, streamed: false, size });
            assert_eq!(body.len(), size, "{format:?}");
        }
    }

    #[test]
    fn a_session_of_1_mib_has_300_exchanges_with_escapes_and_other_scripts() {
        for format in FORMATS {
            let body = request("bench-1024", Wanted { format, streamed: true, size: 1 << 20 });
            for part in ["\\u001b[32m", "größe", "日本語", "🤔", "\\\\src", "\\\"", "\\t"] {
                assert!(body.contains(part), "{part}");
            }
            let results = match format {
                Format::Chat => body.matches(r#""role":"tool""#).count(),
                Format::Messages => body.matches(r#""type":"tool_result""#).count(),
            };
            assert!((290..310).contains(&results), "{format:?}: {results}");
            assert_eq!(depth_at_end(&body), 0);
        }
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
