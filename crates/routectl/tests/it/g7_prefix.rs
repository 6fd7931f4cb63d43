//! G7: a prompt's prefix stays byte-stable from turn to turn, so that prompt caches hit.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use std::collections::BTreeMap;

use routectl_wire::dialects::DIALECTS;
use serde_json::json;
use serde_json::value::RawValue;

use crate::abroad::other;
use crate::harness::*;
use crate::talk::{self, Talk};

/// The members of a body with their raw values.
fn members(body: &[u8]) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_slice(body).unwrap()
}

/// Whether a request is the one before it with more turns behind, and nothing else.
fn grows(before: &[u8], after: &[u8]) -> Result<(), String> {
    let common = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (one, other) = (members(before), members(after));
    let names = |it: &BTreeMap<String, Box<RawValue>>| it.keys().cloned().collect::<Vec<_>>();
    if names(&one) != names(&other) {
        return Err(format!("members {:?} and {:?}", names(&one), names(&other)));
    }
    for (name, value) in &one {
        let (value, grown) = (value.get(), other[name].get());
        let holds = match name.as_str() {
            "messages" => grown.starts_with(value.trim_end_matches(']')),
            _ => value == grown,
        };
        if !holds {
            let at = value.bytes().zip(grown.bytes()).take_while(|(one, other)| one == other);
            let at = at.count().saturating_sub(60);
            let cut = |text: &str| text.bytes().skip(at).take(200).collect::<Vec<u8>>();
            let [value, grown] =
                [value, grown].map(|it| String::from_utf8_lossy(&cut(it)).into_owned());
            return Err(format!("{name} changes:\n  …{value}\n  …{grown}"));
        }
    }
    // What stands before the messages stands there byte for byte, and so do they.
    let messages = before.windows(11).position(|it| it == b"\"messages\":").unwrap();
    let end = messages + 11 + one["messages"].get().len() - 1;
    if common >= end { Ok(()) } else { Err(format!("equal up to {common}, not up to {end}")) }
}

/// Has a conversation of many turns, and compares what arrived at the host from turn to turn.
async fn check(client: Format, host: Format, provider: &str, marks: bool) {
    let plan = Plan::brisk().target_with("there", host, "lenient-1", provider);
    let house = House::open(plan).await;
    let mut talk = Talk::new(client, "there");
    if marks {
        let system = json!([
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.330.a1b; cch=00000;"},
            {"type": "text", "text": "You are of help.", "cache_control": {"type": "ephemeral"}}
        ]);
        talk = talk.with("system", system);
    }
    hold(&house, talk, host, marks).await;
}

/// Has one conversation in a house, and compares what arrived.
async fn hold(house: &House, mut talk: Talk, host: Format, marks: bool) {
    house.hosts.forget();
    talk::have(house, &mut talk, marks).await;
    let arrived = house.hosts.requests();
    assert!(arrived.len() > 8, "only {} requests", arrived.len());
    for (turn, pair) in arrived.windows(2).enumerate() {
        let [before, after] = [&pair[0].body, &pair[1].body].map(|body| unmarked(host, body));
        if let Err(why) = grows(&before, &after) {
            panic!("{talk}, turn {turn}: {why}");
        }
    }
}

/// A prompt is cached without its marks: they may come and go. (facts: Anthropic messages, sections
/// 6.4 and 13)
fn unmarked(host: Format, body: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    match host {
        Chat => text.into(),
        Messages => text.replace(r#","cache_control":{"type":"ephemeral"}"#, "").into(),
    }
}

#[tokio::test]
async fn g7_a_native_prefix_stays_as_it_is() {
    for format in FORMATS {
        check(format, format, "", false).await;
    }
}

#[tokio::test]
async fn g7_a_translated_prefix_stays_byte_for_byte() {
    for client in FORMATS {
        check(client, other(client), "", false).await;
    }
}

#[tokio::test]
async fn g7_a_prefix_stays_byte_for_byte_in_every_dialect() {
    let plan = DIALECTS.iter().fold(Plan::brisk(), |plan, row| {
        let name = row.dialect.name;
        let keys = format!("reasoning_dialect = \"{name}\"");
        let kept = format!("{keys}\nhistory_reasoning = \"preserve\"");
        plan.target_of(name, Chat, "lenient-1", "", &keys).target_of(
            &format!("{name}-kept"),
            Chat,
            "lenient-1",
            "",
            &kept,
        )
    });
    let house = House::open(plan).await;
    for name in DIALECTS.iter().map(|row| row.dialect.name) {
        for model in [name.to_owned(), format!("{name}-kept")] {
            for client in FORMATS {
                hold(&house, Talk::new(client, &model), Chat, false).await;
            }
        }
    }
}

#[tokio::test]
async fn g7_marks_that_move_leave_a_translated_prefix_as_it_is() {
    check(Messages, Chat, "", true).await;
}

#[tokio::test]
async fn g7_the_same_request_is_written_as_the_same_bytes() {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        plan = plan.target(&format!("{format:?}"), format, "lenient-1");
    }
    let house = House::open(plan).await;
    for client in FORMATS {
        let mut talk = Talk::new(client, &format!("{:?}", other(client)));
        talk.say("[[tools]] Hé");
        let first = house.ask(post(client, talk.request())).await;
        talk.hear(&first);
        house.hosts.forget();
        for _ in 0..3 {
            house.ask(post(client, talk.request())).await;
        }
        let bodies: Vec<_> = house.hosts.requests().into_iter().map(|it| it.body).collect();
        assert_eq!(bodies.len(), 3);
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{client:?}");
    }
}
