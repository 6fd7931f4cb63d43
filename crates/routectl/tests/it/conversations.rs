//! Conversations of real agents before a host of the other format: every request is taken by a host
//! as strict as the vendor, and the answers say what they say on the native lane.

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use crate::abroad::other;
use crate::harness::*;
use crate::meaning;
use crate::recordings::{Recording, recordings};
use crate::talk::{self, Talk};

/// Recorded requests that cannot be said to a host of the other format, and what their refusal
/// names.
const REFUSED: &[(&str, &str)] = &[
    ("anthropic-python/02-params", "messages[1]"),
    ("openai-python/02-chat-params", "logit_bias"),
];

/// Recorded requests whose words differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    // The recorder sent marks in an order that the vendor refuses; abroad they are told as a loss.
    ("anthropic-python/10-caching", "You said: “hi”"),
    // No schema is no structured output: the host is asked for JSON in words, which the scripted one
    // does not heed.
    ("openai-python/11-chat-json-mode", "You said: “json”"),
];

/// What stands in a tool's result for an image that follows it.
const ATTACHED: &str = "[image 1 attached below]";

/// The request as its client sent it, to this target.
pub(crate) fn asked(recording: &Recording, target: &str) -> Request<Bytes> {
    let mut request = recording.request();
    request.headers_mut().insert("x-routectl-alias", target.parse().unwrap());
    request
}

/// A router with a strict host of each format, and one that lets seals of others pass: the clients
/// were recorded before a mock that signs as it likes.
async fn house() -> House {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        plan = plan.target(&format!("{format:?}"), format, "mock-1");
        plan = plan.target(&format!("{format:?}-lenient"), format, "lenient-1");
    }
    House::open(plan).await
}

/// What an answer says to people and to tools.
fn gist(format: Format, streamed: bool, answer: &Answer) -> Result<String, String> {
    if answer.status != 200 {
        return Err(format!("{} {}", answer.status, answer.text()));
    }
    let said = match (format, streamed) {
        // The native lane passes on what strict readers do not take.
        (_, true) => meaning::of_stream(format, &answer.body)?.0,
        (_, false) => meaning::of_whole(format, &answer.body)?,
    };
    let call = |call: &meaning::Call| {
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
        format!("{}({arguments})", call.name)
    };
    let calls: Vec<String> = said.calls.iter().map(call).collect();
    // Results stand in the order of their calls on the translated lane, however they were sent.
    let text = said.text.replace(ATTACHED, "");
    let mut sentences: Vec<&str> = text.split(". ").collect();
    sentences.sort_unstable();
    Ok(format!("{} {} {:?}", sentences.join(". "), calls.join(" "), said.stop))
}

#[tokio::test]
async fn recorded_agents_get_the_same_words_from_a_host_of_the_other_format() {
    let house = house().await;
    let (mut wrong, mut served) = (Vec::new(), 0);
    for recording in recordings() {
        let (client, streamed) = (recording.format, recording.is_streamed());
        let native = house.ask(asked(&recording, &format!("{client:?}-lenient"))).await;
        let abroad = house.ask(asked(&recording, &format!("{:?}", other(client)))).await;
        let named = |(name, _): &&(&str, &str)| recording.name == format!("{name}.json");
        let (different, known) = (DIFFERENT.iter().find(named), REFUSED.iter().find(named));
        let told = match (gist(client, streamed, &native), gist(client, streamed, &abroad)) {
            (Ok(native), Ok(abroad)) if native == abroad && known.is_none() => {
                served += 1;
                continue;
            }
            (_, Err(why)) if known.is_some_and(|(_, member)| why.contains(member)) => continue,
            (_, Ok(abroad)) if different.is_some_and(|(_, words)| abroad.contains(words)) => {
                served += 1;
                continue;
            }
            (native, abroad) => format!("{native:?}\n  and abroad\n  {abroad:?}"),
        };
        wrong.push(format!("{}: {told}", recording.name));
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(served > 40, "only {served} served");
}

#[tokio::test]
async fn a_conversation_with_tools_says_the_same_on_both_lanes() {
    let house = house().await;
    for client in FORMATS {
        let mut talk = Talk::new(client, &format!("{client:?}-lenient"));
        let native = talk::have(&house, &mut talk, false).await;
        let mut talk = Talk::new(client, &format!("{:?}", other(client)));
        let abroad = talk::have(&house, &mut talk, false).await;
        assert!(native.iter().any(|said| said.calls.len() == 2), "{native:?}");
        for turns in [&native, &abroad] {
            assert!(turns.iter().any(|said| !said.thoughts.is_empty()), "{client:?}: {turns:?}");
        }
        // When to think is the scripted host's own affair.
        let words = |turns: Vec<talk::Said>| -> Vec<_> {
            turns.into_iter().map(|said| (said.text, said.calls)).collect()
        };
        assert_eq!(words(native), words(abroad), "{client:?}");
    }
}
