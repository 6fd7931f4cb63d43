//! The same request is the same bytes, and a growing one keeps those it had. (G7)

use routectl_core::{CacheMark, ToolChoice};

use super::*;

/// A long conversation of everything that a turn can hold.
fn conversation() -> Vec<Turn> {
    let mut turns = Vec::new();
    for round in 0..4 {
        turns.push(user(&format!("Round {round}?")));
        if round == 2 {
            turns.push(system("Be brief."));
        }
        turns.push(assistant(vec![
            signed("hm"),
            text_of("Let me see."),
            // The ids repeat from round to round.
            call("functions.look:0", "look.up", "{ \"n\": 1.0 }"),
            call("call_b", "look.up", ""),
        ]));
        turns.push(turn(
            Role::User,
            vec![
                result("functions.look:0", vec![text_of("a"), Content::Image(png())]),
                result("call_b", vec![text_of("b")]),
            ],
        ));
        turns.push(assistant(vec![text_of("Done.")]));
    }
    turns
}

fn with(turns: &[Turn]) -> Request {
    let mut request = asking(turns.to_vec());
    request.system = vec![Block::text("S", Place::BODY)];
    request.tools = vec![tool("look.up", r#"{"type":"object"}"#)];
    request.tool_choice = Some(ToolChoice::Auto);
    request
}

#[test]
fn the_same_request_is_the_same_bytes() {
    let request = with(&conversation()[..3]);
    for upstream in [OPUS_5, SONNET_5, SONNET_4_5, OPUS_4_1, OPUS_5_5, "glm-4.6"] {
        assert_eq!(written(&request, upstream), written(&request, upstream));
    }
}

#[test]
fn a_growing_conversation_keeps_its_prefix() {
    let turns = conversation();
    for upstream in [OPUS_5, SONNET_5, SONNET_4_5, "glm-4.6"] {
        let mut before: Option<Vec<u8>> = None;
        // Clients ask when the user or the tools have spoken.
        let asked = (1..=turns.len()).filter(|length| {
            turns[length - 1].role != Role::Assistant
                && turns.get(*length).is_none_or(|next| next.role == Role::Assistant)
        });
        for length in asked {
            let mut request = with(&turns[..length]);
            request.turns.last_mut().unwrap().blocks[0].cache = Some(CacheMark::default());
            let spelled = written(&request, upstream);
            let text = String::from_utf8(spelled.body).unwrap();
            let text = text.replace(r#","cache_control":{"type":"ephemeral"}"#, "");
            let body = text.split(r#"],"stream""#).next().unwrap().as_bytes().to_vec();
            if let Some(before) = before {
                assert!(body.starts_with(&before), "{upstream} {length}");
            }
            before = Some(body);
        }
        assert!(before.is_some_and(|body| body.len() > 2_000));
    }
}
