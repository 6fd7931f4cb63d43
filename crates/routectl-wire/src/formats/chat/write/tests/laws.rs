//! What holds for every request.

use super::*;

/// A long conversation with everything in it, up to so many turns.
fn growing(turns: usize) -> Request {
    let mut all = Vec::new();
    for round in 0..4 {
        let id = format!("functions.look:{round}");
        all.push(user([text("look"), document(pdf(), None)]));
        all.push(assistant([
            thought("hm", None),
            text("Looking."),
            call(&id, "look around", r#"{"n":1.0}"#),
        ]));
        all.push(user([result(&id, [text("seen"), png()]), text("go on")]));
        all.push(assistant([text("Done.")]));
    }
    all.truncate(turns);
    Request {
        system: vec![Block::text("Be brief.", Place::BODY.member("system"))],
        tools: vec![tool("look around", Some(r#"{"type": "object"}"#))],
        max_tokens: Some(100),
        ..ask(&all)
    }
}

#[test]
fn the_same_request_is_the_same_bytes() {
    for (_, abilities) in hosts() {
        let first = write(&growing(16), &abilities);
        assert_eq!(first, write(&growing(16), &abilities));
    }
}

#[test]
fn bodies_of_a_growing_conversation_begin_alike() {
    for (_, abilities) in hosts() {
        for turns in (1..16).step_by(2) {
            let before = write(&growing(turns), &abilities).body;
            let after = write(&growing(turns + 2), &abilities).body;
            continues(&before, &after);
        }
    }
}

#[test]
fn a_cache_mark_that_moves_on_changes_nothing_else() {
    let able = host(Quirks { cache_marks: CacheMarks::Control, ..Quirks::NONE });
    let marked = |turn: usize| {
        let mut request = growing(7);
        request.turns[turn].blocks.last_mut().unwrap().cache = Some(Default::default());
        let body = String::from_utf8(write(&request, &able).body).unwrap();
        assert!(body.contains("cache_control"), "{turn}");
        body.replace(r#","cache_control":{"type":"ephemeral"}"#, "")
    };
    assert_eq!(marked(0), marked(2));
    assert_eq!(marked(2), marked(6));
}

#[test]
fn every_message_has_what_the_vendor_demands() {
    for (_, abilities) in hosts() {
        for turns in 1..=16 {
            keeps_the_rules(&body(&write(&growing(turns), &abilities)));
        }
    }
}
