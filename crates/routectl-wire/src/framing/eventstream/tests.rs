use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as Reference};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::{Broken, Corrupt, Cutter, Kind, MAX_PAYLOAD, Unframer};

/// A message in AWS's own words, written by AWS's own library.
fn written(headers: &[(&'static str, &str)], payload: &[u8]) -> Vec<u8> {
    let text = |value: &str| HeaderValue::String(value.to_owned().into());
    let headers = headers.iter().map(|(name, value)| Header::new(*name, text(value)));
    let message = headers.fold(Reference::new(payload.to_vec()), Reference::add_header);
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(name: &str, payload: &[u8]) -> Vec<u8> {
    let headers =
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    written(&headers, payload)
}

fn chunk(event_json: &str) -> Vec<u8> {
    let bytes = BASE64_STANDARD.encode(event_json);
    event("chunk", format!(r#"{{"bytes":"{bytes}","p":"abcdefg"}}"#).as_bytes())
}

fn exception(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":exception-type", name), (":message-type", "exception")];
    written(&headers, payload.as_bytes())
}

/// All that a stream tells when it comes in these pieces, and how it ends.
fn told<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, Result<(), Broken>) {
    let (mut unframer, mut events) = (Unframer::default(), Vec::new());
    let pushed = pieces.into_iter().try_for_each(|piece| unframer.push(piece, &mut events));
    let end = pushed.and_then(|()| unframer.finish());
    (String::from_utf8(events).unwrap(), end)
}

#[test]
fn a_converse_event_keeps_its_name_and_its_payload() {
    let stream = event("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"text":"h\ni"}}"#);
    let (events, end) = told([&stream[..]]);
    let wanted = "event: contentBlockDelta\ndata: \
                  {\"contentBlockIndex\":0,\"delta\":{\"text\":\"h\\ni\"}}\n\n";
    assert_eq!((events.as_str(), end), (wanted, Ok(())));
}

#[test]
fn a_chunk_is_the_event_inside_it_without_what_aws_added() {
    let stream = [
        chunk(r#"{"type":"ping"}"#),
        chunk(r#"{"amazon-bedrock-invocationMetrics":{"inputTokenCount":3}}"#),
        chunk(
            r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":3}}"#,
        ),
        event("chunk", br#"{"p":"padding alone"}"#),
    ]
    .concat();
    let (events, end) = told([&stream[..]]);
    let wanted = "event: ping\ndata: {\"type\":\"ping\"}\n\n\
                  event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    assert_eq!((events.as_str(), end), (wanted, Ok(())));
}

#[test]
fn pieces_do_not_matter() {
    let stream = [
        chunk(r#"{"type":"ping"}"#),
        event("messageStart", br#"{"role":"assistant"}"#),
        exception("throttlingException", r#"{"message":"Too many tokens"}"#),
    ]
    .concat();
    let whole = told([&stream[..]]);
    assert_eq!(whole.0.matches("event: ").count(), 2);
    for cut in 0..stream.len() {
        assert_eq!(told([&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
    }
    assert_eq!(told(stream.chunks(1)), whole);
}

#[test]
fn an_exception_ends_the_stream_behind_what_came_before_it() {
    let stream = [
        chunk(r#"{"type":"ping"}"#),
        exception("modelStreamErrorException", r#"{"message":"oh"}"#),
        chunk(r#"{"type":"ping"}"#),
    ]
    .concat();
    let (events, end) = told([&stream[..]]);
    assert_eq!(events.matches("ping").count(), 2, "one event, named twice");
    let Err(Broken::Exception { name, payload }) = end else { panic!("{end:?}") };
    assert_eq!(
        (name.as_str(), &payload[..]),
        ("modelStreamErrorException", &br#"{"message":"oh"}"#[..])
    );
}

#[test]
fn a_failure_outside_the_model_is_one_too() {
    let headers = [
        (":message-type", "error"),
        (":error-code", "InternalFailure"),
        (":error-message", "it \"broke\""),
    ];
    let (_, end) = told([&written(&headers, b"")[..]]);
    let Err(Broken::Exception { name, payload }) = end else { panic!("{end:?}") };
    assert_eq!(
        (name.as_str(), &payload[..]),
        ("InternalFailure", &br#"{"message":"it \"broke\""}"#[..])
    );
}

#[test]
fn a_stream_that_ends_inside_a_message_is_cut() {
    let stream = chunk(r#"{"type":"ping"}"#);
    for end in 1..stream.len() {
        assert_eq!(told([&stream[..end]]).1, Err(Broken::Corrupt(Corrupt::Cut)), "{end}");
    }
}

#[test]
fn no_wrong_byte_goes_unseen() {
    let stream = event("messageStart", br#"{"role":"assistant"}"#);
    for at in 0..stream.len() {
        let mut wrong = stream.clone();
        wrong[at] ^= 0x20;
        let (events, end) = told([&wrong[..]]);
        assert_eq!((events.as_str(), end), ("", Err(Broken::Corrupt(Corrupt::Sum))), "byte {at}");
    }
}

#[test]
fn impossible_lengths_are_refused_before_anything_is_held_for_them() {
    let prelude = |total: u32, headers: u32| {
        let mut bytes = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    };
    let most = u32::try_from(MAX_PAYLOAD).unwrap() + 16;
    for (total, headers, wanted) in [
        (15, 0, Err(Corrupt::Lengths)),
        (16, 1, Err(Corrupt::Lengths)),
        (u32::MAX, 0, Err(Corrupt::Lengths)),
        (most + 1, 0, Err(Corrupt::Lengths)),
        (most, 0, Ok(None)),
        (300_000, 200_000, Err(Corrupt::Lengths)),
    ] {
        let mut cutter = Cutter::default();
        cutter.push(&prelude(total, headers));
        assert_eq!(cutter.message(), wanted, "{total} and {headers}");
    }
}

fn values() -> impl Strategy<Value = HeaderValue> {
    prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Int16),
        any::<i32>().prop_map(HeaderValue::Int32),
        any::<i64>().prop_map(HeaderValue::Int64),
        any::<u128>().prop_map(HeaderValue::Uuid),
        "[a-z]{0,20}".prop_map(|text| HeaderValue::String(text.into())),
        prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| HeaderValue::ByteArray(bytes.into())),
    ]
}

proptest! {
    /// Whatever AWS's library writes is read as that library reads it.
    #[test]
    fn messages_are_read_as_the_reference_reads_them(
        headers in prop::collection::vec(("[a-z]{1,9}", values()), 0..6),
        name in "[a-zA-Z]{1,20}",
        payload in prop::collection::vec(any::<u8>(), 0..200),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = HeaderValue::String(name.clone().into());
        let mut message = Reference::new(payload).add_header(Header::new(":event-type", text));
        for (name, value) in headers {
            message = message.add_header(Header::new(name, value));
        }
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        let reference = read_message_from(&bytes[..]).unwrap();
        let mut cutter = Cutter::default();
        let (first, rest) = bytes.split_at(cut.index(bytes.len()));
        cutter.push(first);
        prop_assert_eq!(cutter.message(), Ok(None));
        cutter.push(rest);
        let read = cutter.message().unwrap().unwrap();
        prop_assert_eq!(read.kind, Kind::Event(name));
        prop_assert_eq!(&read.payload, reference.payload());
        prop_assert_eq!(cutter.finish(), Ok(()));
    }

    /// Nothing that comes in can do harm.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = told([&bytes[..]]);
    }
}
