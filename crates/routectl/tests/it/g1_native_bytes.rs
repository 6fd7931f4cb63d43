//! G1: same format in and out: the upstream receives the client's bytes except the named edits,
//! and the client receives the upstream's bytes.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routectl_emulator::{Recorded, good_answer, good_stream};
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::harness::*;
use crate::recordings::recordings;

/// What the router asks the host for. It lets unknown members and foreign seals pass.
const UPSTREAM: &str = "lenient-1";

/// A router that takes any model's name, in both formats, and lets a client say who it is.
async fn house(keys: &str) -> House {
    const KEEPS: &str =
        "[server]\nclient_attribution = \"keep\"\n[retry]\nmax_attempts = 1\njitter_ms = 0";
    let plan = Plan::new(KEEPS)
        .target_with("chat", Chat, UPSTREAM, keys)
        .target_with("messages", Messages, UPSTREAM, keys)
        .alias("default", &["chat", "messages"]);
    House::open(plan).await
}

/// The members of a JSON object in their order, each with the place of its value.
fn members(json: &[u8]) -> Vec<(String, std::ops::Range<usize>)> {
    struct Places(usize);
    impl<'de> Visitor<'de> for Places {
        type Value = Vec<(String, std::ops::Range<usize>)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut places = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                let value: &'de RawValue = map.next_value()?;
                let start = value.get().as_ptr().addr() - self.0;
                places.push((name, start..start + value.get().len()));
            }
            Ok(places)
        }
    }
    let mut json_deserializer = serde_json::Deserializer::from_slice(json);
    json_deserializer.deserialize_map(Places(json.as_ptr().addr())).unwrap()
}

/// The body with other bytes in place of a member's value.
fn replaced(body: &[u8], member: &str, value: &str) -> Vec<u8> {
    let place = members(body).into_iter().find(|(name, _)| name == member).unwrap().1;
    [&body[..place.start], value.as_bytes(), &body[place.end..]].concat()
}

/// The body with another member behind the last.
fn with_last(body: &[u8], member: &str, value: &str) -> Vec<u8> {
    let end = members(body).last().unwrap().1.end;
    let text = format!(",{}:{value}", serde_json::to_string(member).unwrap());
    [&body[..end], text.as_bytes(), &body[end..]].concat()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(2_000).collect()
}

/// The one request that arrived at a host.
async fn arrived(house: &House) -> Recorded {
    house.hosts.ended(1).await;
    let mut requests = house.hosts.requests();
    assert_eq!(requests.len(), 1);
    house.hosts.forget();
    requests.remove(0)
}

#[tokio::test]
async fn g1_recorded_requests_arrive_byte_for_byte_but_for_the_model() {
    let house = house("").await;
    for recording in recordings() {
        house.ask(recording.request()).await;
        let arrived = arrived(&house).await;
        let expected = replaced(&recording.body, "model", &format!("\"{UPSTREAM}\""));
        assert!(arrived.body == expected, "{}:\n{}", recording.name, text(&arrived.body));
        assert_eq!(arrived.host, recording.format, "{}", recording.name);
        let query = recording.head.lines().next().unwrap().contains("?beta=true");
        assert_eq!(arrived.path.contains("?beta=true"), query, "{}", recording.name);
    }
}

#[tokio::test]
async fn g1_what_the_operator_adds_is_all_that_is_added() {
    let house = house("payload_extras = { zz_added = { deep = [1, \"é\"] } }").await;
    for recording in recordings() {
        house.ask(recording.request()).await;
        let arrived = arrived(&house).await;
        let expected = replaced(&recording.body, "model", &format!("\"{UPSTREAM}\""));
        let expected = with_last(&expected, "zz_added", "{\"deep\":[1,\"é\"]}");
        assert!(arrived.body == expected, "{}:\n{}", recording.name, text(&arrived.body));
    }
}

#[tokio::test]
async fn g1_a_clients_version_and_betas_arrive_as_it_sent_them() {
    let house = house("").await;
    for recording in recordings().into_iter().filter(|it| it.format == Messages) {
        let request = recording.request();
        let sent = request.headers().clone();
        house.ask(request).await;
        let arrived = arrived(&house).await;
        for name in ["anthropic-version", "anthropic-beta", "accept"] {
            let values = |headers: &HeaderMap| -> Vec<HeaderValue> {
                headers.get_all(name).iter().cloned().collect()
            };
            let (sent, got) = (values(&sent), values(&arrived.headers));
            assert_eq!(sent, got, "{}: {name}", recording.name);
        }
        // The client's credential is for the router.
        let held = format!("{:?}", arrived.headers);
        assert!(!held.contains("dummy"), "{}: {held}", recording.name);
        assert_eq!(arrived.headers["x-api-key"], "the-key");
    }
}

#[tokio::test]
async fn g1_answers_reach_the_client_byte_for_byte() {
    let house = house("").await;
    let mut answered = 0;
    for recording in recordings() {
        let answer = house.ask(recording.request()).await;
        let arrived = arrived(&house).await;
        if answer.status != 200 {
            // What the vendor itself would refuse; its words are compared in `g4_matrix`.
            continue;
        }
        let good = if recording.is_streamed() {
            good_stream(recording.format, &arrived.body).bytes
        } else {
            good_answer(recording.format, &arrived.body)
        };
        assert!(answer.body == good, "{}:\n{}", recording.name, answer.text());
        assert_eq!(answer.end, End::Whole);
        answered += 1;
    }
    assert!(answered > 40, "only {answered} answers");
}

/// JSON as no serializer writes it: odd spaces, escapes and numbers, doubled members.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..4), space()).prop_map(|(items, space)| {
                format!("[{space}{}]", items.join(&format!("{space},{space}")))
            }),
            (proptest::collection::vec((string(), inner), 0..4), space())
                .prop_map(|(members, space)| object(&members, &space)),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -!#-\\[\\]-~]{0,6}",
        Just("é😀\u{2028}".to_owned()),
        Just(r#"\""#.to_owned()),
        Just(r"\\".to_owned()),
        Just(r"\/\b\f\n\r\t".to_owned()),
        Just(r"\u0041\ud83d\ude00".to_owned()),
        // Half of a pair is lawful JSON and no lawful string.
        Just(r"\ud83d".to_owned()),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

fn object(members: &[(String, String)], space: &str) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{space}{name}{space}:{space}{value}{space}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A body with unknown and doubled members around the model, which may be spelled with escapes.
fn odd_body() -> impl Strategy<Value = (String, String)> {
    let members = proptest::collection::vec((string(), json()), 0..6);
    let key = prop_oneof![Just("\"model\""), Just("\"mod\\u0065l\"")];
    let value = prop_oneof![Just("\"any\""), Just("\"a\\u006ey \\\"one\\\" 😀\"")];
    (members, any::<prop::sample::Index>(), key, value, space(), space()).prop_map(
        |(mut members, at, key, value, space, around)| {
            // These names have a meaning of their own.
            let plain = ["model", "stream", "max_tokens", "max_completion_tokens"];
            members.retain(|(name, _)| {
                !serde_json::from_str::<String>(name).is_ok_and(|name| plain.contains(&&*name))
            });
            members.push(("\"messages\"".to_owned(), "[]".to_owned()));
            members.push(("\"max_tokens\"".to_owned(), "12".to_owned()));
            let at = at.index(members.len() + 1);
            let spelled = |value: &str| {
                let mut members = members.clone();
                members.insert(at, (key.to_owned(), value.to_owned()));
                format!("{around}{}{around}", object(&members, &space))
            };
            let marked = format!("\"{UPSTREAM}\"");
            (spelled(value), spelled(&marked))
        },
    )
}

#[test]
fn g1_any_json_arrives_byte_for_byte_but_for_the_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = runtime.block_on(house(""));
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&odd_body(), |(sent, expected)| {
        for format in FORMATS {
            let (answer, arrived) = runtime.block_on(async {
                (
                    house.ask(native(format, post(format, sent.clone()))).await,
                    house.hosts.requests().pop(),
                )
            });
            house.hosts.forget();
            let Some(arrived) = arrived else { panic!("{}", answer.text()) };
            prop_assert_eq!(String::from_utf8_lossy(&arrived.body), expected.as_str());
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    runtime.block_on(async { drop(house) });
}
