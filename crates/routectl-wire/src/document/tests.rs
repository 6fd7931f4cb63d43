use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{BadBody, Document, Edit, Step, merge_edits};

fn document(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

fn set(member: &str, value: &str) -> Edit {
    Edit::set("test", member.to_owned(), Bytes::copy_from_slice(value.as_bytes()))
}

fn remove(member: &str) -> Edit {
    Edit::remove("test", member.to_owned())
}

fn check(body: &str, edits: &[Edit], wanted: &str) {
    let spliced = document(body).spliced(edits).joined();
    assert_eq!(std::str::from_utf8(&spliced).unwrap(), wanted);
}

#[test]
fn a_set_member_keeps_its_place_and_all_other_bytes() {
    check(
        r#"{ "model" : "a" ,"x":1.0e+2, "y": [ {"model":"inner"} ] }"#,
        &[set("model", r#""b""#)],
        r#"{ "model" : "b" ,"x":1.0e+2, "y": [ {"model":"inner"} ] }"#,
    );
}

#[test]
fn a_missing_member_is_written_behind_the_last_one() {
    check(r#"{"a":1 }"#, &[set("b", "2"), set("c", "3")], r#"{"a":1,"b":2,"c":3 }"#);
    check(" {} ", &[set("a", "1")], r#" {"a":1} "#);
}

#[test]
fn removed_members_take_their_comma_along() {
    check(r#"{"a":1, "b":2, "c":3}"#, &[remove("a")], r#"{"b":2, "c":3}"#);
    check(r#"{"a":1, "b":2, "c":3}"#, &[remove("b")], r#"{"a":1, "c":3}"#);
    check(r#"{"a":1, "b":2, "c":3}"#, &[remove("c")], r#"{"a":1, "b":2}"#);
    check(r#"{"a":1, "b":2, "c":3}"#, &[remove("b"), remove("c")], r#"{"a":1}"#);
    check(r#"{ "a":1, "b":2 }"#, &[remove("a"), remove("b")], "{  }");
    check(r#"{"a":1,"b":2}"#, &[remove("a"), remove("b"), set("c", "3")], r#"{"c":3}"#);
    check(r#"{"a":1,"b":2}"#, &[remove("b"), set("c", "3")], r#"{"a":1,"c":3}"#);
    check(r#"{"a":1}"#, &[remove("nothing")], r#"{"a":1}"#);
}

#[test]
fn a_doubled_member_is_set_wherever_it_stands() {
    check(r#"{"m":1,"x":0,"m":2}"#, &[set("m", "9")], r#"{"m":9,"x":0,"m":9}"#);
}

#[test]
fn an_escaped_name_is_the_same_member() {
    check(r#"{"mod\u0065l":"a"}"#, &[set("model", r#""b""#)], r#"{"mod\u0065l":"b"}"#);
    assert_eq!(document(r#"{"mod\u0065l":"a","model":"b"}"#).count("model"), 2);
}

#[test]
fn an_untouched_body_is_shared_not_copied() {
    let body = document(r#"{"model":"a"}"#);
    let spliced = body.spliced(&[set("model", r#""a""#)]);
    assert_eq!(spliced.joined().as_ptr(), body.bytes().as_ptr());
}

#[test]
fn a_large_body_is_shared_around_the_edit() {
    let body = document(&format!(r#"{{"model":"a","x":"{}"}}"#, "y".repeat(100_000)));
    let spliced = body.spliced(&[set("model", r#""b""#)]);
    let last = spliced.pieces().last().unwrap();
    assert!(body.bytes().as_ptr_range().contains(&last.as_ptr()));
}

#[test]
fn an_edit_reaches_one_member_of_one_message() {
    let body = r#"{"messages": [ {"role":"user"} , {"role":"assistant", "r":"a" ,"x":1.0},{ } ]}"#;
    let message = |index: usize| remove("messages").at(index);
    check(
        body,
        &[message(1).at("r"), set("messages", "true").at(2).at("new"), message(9).at("r")],
        r#"{"messages": [ {"role":"user"} , {"role":"assistant", "x":1.0},{"new":true } ]}"#,
    );
    check(
        body,
        &[message(0), message(2)],
        r#"{"messages": [ {"role":"assistant", "r":"a" ,"x":1.0} ]}"#,
    );
    check(body, &[message(0), message(1), message(2)], r#"{"messages": [  ]}"#);
    check(
        body,
        &[set("messages", "\"b\"").at(1).at("r"), message(1).at("x")],
        r#"{"messages": [ {"role":"user"} , {"role":"assistant", "r":"b"},{ } ]}"#,
    );
}

#[test]
fn what_is_put_before_an_element_leaves_it_as_it_is() {
    let body = r#"{"l":[ 1, {"a":2} ],"o":{"a":1}}"#;
    let before = |index: usize| Edit::before("", "l", "7,8").at(index);
    check(body, &[before(1)], r#"{"l":[ 1, 7,8,{"a":2} ],"o":{"a":1}}"#);
    check(
        body,
        &[before(1), set("l", "3").at(1).at("a")],
        r#"{"l":[ 1, 7,8,{"a":3} ],"o":{"a":1}}"#,
    );
    check(body, &[before(1), set("l", "3").at(1)], r#"{"l":[ 1, 7,8,3 ],"o":{"a":1}}"#);
    check(body, &[before(1), remove("l").at(0)], r#"{"l":[ 7,8,{"a":2} ],"o":{"a":1}}"#);
    for nowhere in [before(2), Edit::before("", "l", "7"), Edit::before("", "o", "7").at("a")] {
        check(body, &[nowhere], body);
    }
}

#[test]
fn a_way_that_leads_nowhere_changes_nothing() {
    let body = r#"{"a":1,"l":[1,{"b":2}],"o":{"l":[]},"s":"[{]"}"#;
    for edit in [
        set("l", "0").at(7),
        remove("l").at("b"),
        remove("l").at(0).at("b"),
        set("o", "0").at(0),
        set("missing", "0").at("b"),
        set("s", "0").at(0),
        remove("o").at("l").at(0),
    ] {
        check(body, std::slice::from_ref(&edit), body);
    }
}

#[test]
fn what_is_set_as_a_whole_takes_what_is_inside_along() {
    check(
        r#"{"o":{"a":1,"b":[2]},"x":0}"#,
        &[remove("o").at("a"), set("o", "{}"), set("o", "3").at("b").at(0)],
        r#"{"o":{},"x":0}"#,
    );
}

#[test]
fn of_two_values_the_later_one_counts() {
    let twice = [set("a", "2"), set("a", "3"), set("new", "4"), set("new", "5")];
    check(r#"{"a":1}"#, &twice, r#"{"a":3,"new":5}"#);
}

#[test]
fn a_list_is_read_by_its_elements() {
    let body = document(r#"{"l": [ {"a":"]"} ,1.0,[ ] ], "o":{}}"#);
    assert_eq!(body.list("l").unwrap(), [r#"{"a":"]"}"#, "1.0", "[ ]"]);
    assert_eq!(body.list("o"), None);
    assert_eq!(body.list("missing"), None);
}

#[test]
fn extras_merge_at_any_depth_and_leave_other_bytes() {
    let extras = r#"{"provider": {"order": ["x"], "deep": {"b": 2}}, "n": 1}"#;
    let extras: Map<String, Value> = serde_json::from_str(extras).unwrap();
    let body = document(r#"{"provider": {"sort" :1.0, "deep":{"a" : 1}}, "model":"m"}"#);
    let edits = merge_edits("payload_extras", &body, &extras);
    let merged = body.spliced(&edits).joined();
    insta::assert_snapshot!(
        std::str::from_utf8(&merged).unwrap(),
        @r#"{"provider": {"sort" :1.0, "deep":{"a" : 1,"b":2},"order":["x"]}, "model":"m","n":1}"#
    );
}

#[test]
fn what_is_not_a_request_is_refused_with_its_place() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "the body is empty; a JSON object is needed"),
        (b"  ", "the body is empty; a JSON object is needed"),
        (b"[1]", "the body is not a JSON object: it starts with an array"),
        (b"\"x\"", "the body is not a JSON object: it starts with a string"),
        (b"{\"a\":1}x", "the JSON object ends at byte 7, but more follows"),
        (b"{\"a\":1}{}", "the JSON object ends at byte 7, but more follows"),
        (b"{\"a\":\"\xff\"}", "the body is not valid UTF-8 at byte 6"),
        (b"{\"a\" 1}", "the body is not valid JSON at byte 5: expected ':' after a member name"),
        (
            b"{\"a\":1,}",
            "the body is not valid JSON at byte 7: expected a member name in double quotes",
        ),
        (b"{\"a\":nul}", "the body is not valid JSON at byte 5: expected a value"),
        (
            b"{\"a\":[1}",
            "the body is not valid JSON at byte 7: expected the bracket that closes the innermost value",
        ),
        (
            b"{\"a\":[1",
            "the body is not valid JSON at byte 5: expected the end of the value that starts here",
        ),
        (
            b"{\"a\":\"x",
            "the body is not valid JSON at byte 5: expected the end of the string that starts here",
        ),
        (
            b"{\"a\":\"x\\",
            "the body is not valid JSON at byte 5: expected the end of the string that starts here",
        ),
        (b"{\"a\":1", "the body is not valid JSON at byte 6: expected ',' or '}' after a member"),
    ];
    for (body, wanted) in cases {
        let error = Document::parse(Bytes::copy_from_slice(body)).unwrap_err();
        assert_eq!(error.to_string(), *wanted);
    }
}

#[test]
fn a_depth_bomb_is_refused_and_ordinary_depth_is_not() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(Document::parse(Bytes::from(nested(200))).is_ok());
    let error = Document::parse(Bytes::from(nested(100_000))).unwrap_err();
    assert!(matches!(error, BadBody::TooDeep { .. }), "{error}");
}

#[test]
fn oddities_elsewhere_pass() {
    let body = r#"{"model":"m","n":1e999,"big":123456789012345678901234567890,"d":{"x":1,"x":2}}"#;
    assert_eq!(document(body).spliced(&[]).joined(), body.as_bytes());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        "\\PC*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,6}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[a-e\"\\\\é]{1,2}", any_json(), 0..6)
        .prop_map(|map| map.into_iter().collect())
}

/// What the edits mean, said with a parser.
fn model(mut object: Map<String, Value>, edits: &[(String, Option<Value>)]) -> Value {
    for (member, value) in edits {
        match value {
            Some(value) => object.insert(member.clone(), value.clone()),
            None => object.shift_remove(member),
        };
    }
    Value::Object(object)
}

proptest! {
    #[test]
    fn splicing_means_what_parsing_and_editing_means(
        object in any_object(),
        edits in prop::collection::btree_map("[a-e\"\\\\é]{1,2}", prop::option::of(any_json()), 0..4),
        pretty in any::<bool>(),
    ) {
        let edits: Vec<_> = edits.into_iter().collect();
        let text = if pretty {
            serde_json::to_string_pretty(&object).unwrap()
        } else {
            serde_json::to_string(&object).unwrap()
        };
        let spliced = document(&text).spliced(
            &edits
                .iter()
                .map(|(member, value)| match value {
                    Some(value) => set(member, &value.to_string()),
                    None => remove(member),
                })
                .collect::<Vec<_>>(),
        );
        let read: Value = serde_json::from_slice(&spliced.joined()).unwrap();
        prop_assert_eq!(read, model(object, &edits));
    }

    #[test]
    fn an_edit_below_touches_nothing_else(
        messages in prop::collection::vec((any_object(), any::<bool>()), 1..5),
        edits in prop::collection::vec(
            (0_usize..5, "[a-e]{1,2}", prop::option::of(any_json())), 0..6
        ),
    ) {
        let spelled: Vec<String> = messages
            .iter()
            .map(|(object, pretty)| match pretty {
                true => serde_json::to_string_pretty(object).unwrap(),
                false => serde_json::to_string(object).unwrap(),
            })
            .collect();
        let text = format!("{{ \"x\":1.0 ,\n\"m\" : [ {} ], \"y\":[] }}", spelled.join(" ,\n"));
        let edits: BTreeMap<(usize, String), Option<Value>> =
            edits.into_iter().map(|(index, name, value)| ((index, name), value)).collect();
        let made = edits.iter().map(|((index, name), value)| {
            let edit = match value {
                Some(value) => set("m", &value.to_string()),
                None => remove("m"),
            };
            let name = Step::Member(name.clone().into());
            edit.at(*index).at(name)
        });
        let spliced = document(&text).spliced(&made.collect::<Vec<_>>()).joined();
        let after = Document::parse(spliced.clone()).unwrap().list("m").unwrap();
        for (index, (spelled, after)) in spelled.iter().zip(&after).enumerate() {
            let own: Vec<_> = edits
                .iter()
                .filter(|((at, _), _)| *at == index)
                .map(|((_, name), value)| (name.clone(), value.clone()))
                .collect();
            if own.is_empty() {
                prop_assert_eq!(&spelled.as_bytes(), &after.as_ref());
            }
            let read: Value = serde_json::from_slice(after).unwrap();
            prop_assert_eq!(read, model(messages[index].0.clone(), &own));
        }
        prop_assert_eq!(after.len(), messages.len());
        let between = |text: &[u8], parts: &[Bytes]| {
            let mut rest = String::from_utf8(text.to_vec()).unwrap();
            for part in parts {
                rest = rest.replacen(std::str::from_utf8(part).unwrap(), "#", 1);
            }
            rest
        };
        let before: Vec<Bytes> = spelled.into_iter().map(Bytes::from).collect();
        prop_assert_eq!(between(text.as_bytes(), &before), between(&spliced, &after));
    }

    #[test]
    fn nothing_panics_and_what_parses_is_found_again(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(Bytes::from(bytes));
    }

    #[test]
    fn every_valid_object_is_accepted_and_cut_objects_are_not(object in any_object(), cut in 0_usize..40) {
        let text = serde_json::to_string(&object).unwrap();
        let body = document(&text);
        prop_assert_eq!(body.names().count(), object.len());
        let end = text.len().saturating_sub(1 + cut % text.len());
        prop_assert!(Document::parse(Bytes::copy_from_slice(&text.as_bytes()[..end])).is_err());
    }
}
