//! What both formats can say keeps its meaning on the way through both of them, however often:
//! messages → chat → messages and chat → messages → chat, over generated conversations.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

mod conversations;
mod meaning;

use bytes::Bytes;
use proptest::prelude::*;
use routectl_core::{Abilities, CacheMarks, Dialect, Effort, Quirks, Request, Role};
use routectl_wire::{CHAT, ClientFormat, Document, MESSAGES, dialects};

use conversations::request;
use meaning::Meaning;

/// Reads what the other format wrote, and so on; every stop has to mean the same.
fn travel(
    request: &Request,
    stops: &[&dyn ClientFormat],
    abilities: &Abilities,
) -> Result<(), TestCaseError> {
    let expected = Meaning::of(request);
    let mut request = request.clone();
    for format in stops {
        let spelled = format.write(&request, abilities);
        let body = String::from_utf8(spelled.body.clone()).unwrap();
        prop_assert!(spelled.losses.is_empty(), "{}: {:?}\n{body}", format.name(), spelled.losses);
        prop_assert_eq!(
            &format.write(&request, abilities).body,
            &spelled.body,
            "the same request is the same bytes"
        );
        let document = Document::parse(Bytes::from(spelled.body)).unwrap();
        request = match format.read(&document) {
            Ok(request) => request,
            Err(bad) => {
                return Err(TestCaseError::fail(format!("{}: {bad}\n{body}", format.name())));
            }
        };
        prop_assert!(request.foreign.is_empty(), "{}: {:?}", format.name(), request.foreign);
        prop_assert_eq!(Meaning::of(&request), expected.clone(), "{}: {}", format.name(), body);
    }
    Ok(())
}

/// A host and a model that take what both formats can say.
fn open(request: &Request) -> Abilities {
    // Models that take the operator's words in mid-conversation take no sampling, and the other
    // way round. (facts: Anthropic Messages, section 7)
    let operator = request.turns.iter().any(|turn| turn.role == Role::System);
    let upstream = if operator { "claude-opus-5" } else { "one" };
    let gateway = dialects::named("openrouter").unwrap().for_model(upstream);
    Abilities {
        upstream: upstream.to_owned(),
        efforts: Effort::ALL.to_vec(),
        auto_cache: false,
        quirks: Quirks {
            cache_marks: CacheMarks::Control,
            takes_images_in_results: true,
            system_first: false,
            takes_tier: true,
            dialect: Dialect { echo: gateway.echo, seals: gateway.seals, ..Dialect::OPENAI },
            ..Quirks::NONE
        },
        ..Abilities::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_conversation_means_the_same_after_messages_chat_and_messages(request in request()) {
        travel(&request, &[MESSAGES, CHAT, MESSAGES, CHAT], &open(&request))?;
    }

    #[test]
    fn a_conversation_means_the_same_after_chat_messages_and_chat(request in request()) {
        travel(&request, &[CHAT, MESSAGES, CHAT, MESSAGES], &open(&request))?;
    }
}
