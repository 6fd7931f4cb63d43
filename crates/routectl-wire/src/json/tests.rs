//! What is read keeps its spelling, and what is written keeps its order.

use proptest::prelude::*;

use super::{Object, compact, paired, parse, quoted, unescape};

#[test]
fn values_keep_their_own_spelling() {
    let node = parse(r#" {"a": 1.0, "b":[1e3 , "x\ny"], "a":null} "#).unwrap();
    assert_eq!(node.member("b").unwrap().list().unwrap()[0].raw, "1e3");
    assert_eq!(node.member("b").unwrap().list().unwrap()[1].text().unwrap(), "x\ny");
    assert!(node.member("a").unwrap().is_null(), "the last one counts");
    assert_eq!(node.object().unwrap()[0].1.raw, "1.0");
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        (r#"{"a" 1}"#, 5),
        (r#"{"a":tru}"#, 5),
        (r#""open"#, 0),
        ("1 2", 2),
        ("-", 1),
        ("{'a':1}", 1),
    ] {
        assert_eq!(parse(text).unwrap_err().at, at, "{text}");
    }
    assert!(parse(&"[".repeat(100_000)).is_err(), "depth is bounded");
}

#[test]
fn no_text_makes_more_values_than_memory_bears() {
    let most = 2_000_000;
    let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
    assert!(parse(&list(most)).is_ok(), "the list itself is one");
    let refused = parse(&list(most + 1)).unwrap_err();
    assert_eq!(refused.expected, "at most two million values");
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    for (inner, text) in [
        (r"\ud83d", "\u{fffd}"),
        (r"a\ud83db", "a\u{fffd}b"),
        (r"\ud83d\ude00", "😀"),
        (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (r"\ud83d\n", "\u{fffd}\n"),
        (r"\u00e9\/\t", "é/\t"),
        (r"\u12", "\u{fffd}12"),
    ] {
        assert_eq!(unescape(inner), text, "{inner}");
    }
}

#[test]
fn half_a_pair_in_raw_text_is_replaced_and_nothing_else_is() {
    for (json, mended) in [
        (r#"{"a":"\ud83d"}"#, "{\"a\":\"\u{fffd}\"}"),
        (
            r#"["\ud83d\ude00","\\ud83d","\ufffd","\n\u00e9é"]"#,
            r#"["\ud83d\ude00","\\ud83d","\ufffd","\n\u00e9é"]"#,
        ),
        (r#"["\udc00\uD83Dx"]"#, "[\"\u{fffd}\u{fffd}x\"]"),
    ] {
        assert_eq!(paired(json), mended);
    }
}

#[test]
fn spaces_between_tokens_go_and_spaces_in_strings_stay() {
    assert_eq!(compact("{ \"a b\" : [ 1.0 ,\n \"\\\" \" ] }"), "{\"a b\":[1.0,\"\\\" \"]}");
    assert!(matches!(compact("{\"a\":1}"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn members_stand_in_the_order_of_the_calls() {
    let mut out = Vec::new();
    {
        let mut object = Object::new(&mut out);
        object.text("z", "q\"");
        object.number("t", 1.0);
        object.list("l").text("x");
        object.object("o").bool("b", true);
        object.count("n", 7);
    }
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, r#"{"z":"q\"","t":1.0,"l":["x"],"o":{"b":true},"n":7}"#);
}

/// Text in which what has to be escaped stands at every distance from each other.
fn odd_text() -> impl Strategy<Value = String> {
    "[a\"\\\\\n\t\r\u{0}-\u{1f}\u{7f}\u{80}é日🤔]{0,60}|[a-z]{0,40}[\"\\\\\n][a-zé]{0,40}"
}

proptest! {
    #[test]
    fn any_string_comes_back(text in any::<String>()) {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(parse(&json).unwrap().text().unwrap(), text);
    }

    #[test]
    fn escapes_come_back_however_close_they_stand(text in odd_text()) {
        let mut out = Vec::new();
        quoted(&text, &mut out);
        let json = String::from_utf8(out).unwrap();
        prop_assert_eq!(unescape(&json[1..json.len() - 1]), text);
    }

    #[test]
    fn a_string_ends_with_the_first_quote_that_no_backslash_escapes(inner in "[a\\\\\"é]{0,80}") {
        let json = format!("\"{inner}");
        let mut escaped = false;
        let end = json.bytes().enumerate().skip(1).find_map(|(at, byte)| {
            let ends = !escaped && byte == b'"';
            escaped = !escaped && byte == b'\\';
            ends.then_some(at + 1)
        });
        prop_assert_eq!(crate::eights::string_end(json.as_bytes(), 1), end);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = parse(&text);
        let _ = unescape(&text);
        let _ = compact(&text);
    }
}
