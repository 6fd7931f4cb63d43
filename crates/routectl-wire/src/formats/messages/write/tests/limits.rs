//! Whatever a request holds, the body is JSON and nothing panics.

use proptest::prelude::*;
use routectl_core::{OutputFormat, ToolChoice};

use super::*;

fn contents() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<String>().prop_map(Content::Text),
        any::<String>().prop_map(Content::Refusal),
        any::<String>().prop_map(|url| Content::Image(Source::Url(url))),
        (any::<String>(), any::<String>())
            .prop_map(|(media_type, bytes)| Content::Image(Source::Base64 { media_type, bytes })),
        (any::<String>(), ".{0,4}", ".{0,12}").prop_map(|(id, name, arguments)| {
            Content::ToolCall(ToolCall { id, name, arguments, takes_text: false })
        }),
        (".{0,2}", any::<String>()).prop_map(|(id, text)| result(&id, vec![Content::Text(text)])),
        any::<String>().prop_map(|text| signed(&text)),
        any::<String>().prop_map(|text| Content::Document {
            source: Source::Text(text),
            title: None,
            about: None
        }),
    ]
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let role = prop_oneof![Just(Role::User), Just(Role::Assistant), Just(Role::System)];
    let turn =
        (role, prop::collection::vec(contents(), 0..5)).prop_map(|(role, it)| turn(role, it));
    prop::collection::vec(turn, 0..6)
}

/// JSON of any shape, and text that is none.
fn schemas() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "type",
        "properties",
        "anyOf",
        "allOf",
        "oneOf",
        "$ref",
        "$defs",
        "required",
        "items",
        "additionalProperties",
        "description",
        "minimum",
        "nullable",
        "enum",
        "object",
        "#/$defs/type",
        "#",
    ]);
    let leaf = prop_oneof![
        words.clone().prop_map(|word| format!("{word:?}")),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("1.0".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((words.clone(), inner), 0..4).prop_map(|it| {
                let members = it.iter().map(|(name, value)| format!("{name:?}:{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_conversation_becomes_json(turns in turns(), upstream in 0_usize..5) {
        let upstream = [OPUS_5, SONNET_5, SONNET_4_5, OPUS_5_5, "glm-4.6"][upstream];
        let spelled = written(&asking(turns), upstream);
        let body: Value = serde_json::from_slice(&spelled.body).unwrap();
        for message in body["messages"].as_array().unwrap() {
            prop_assert!(!message["content"].as_array().unwrap().is_empty());
        }
        let roles: Vec<_> = body["messages"].as_array().unwrap().iter().map(|it| it["role"].clone()).collect();
        prop_assert!(roles.windows(2).all(|two| two[0] != two[1]));
    }

    #[test]
    fn any_schema_becomes_json(schema in schemas()) {
        for upstream in [OPUS_5, OPUS_4_1] {
            let mut request = asking(vec![user("Go.")]);
            request.tools = vec![Tool { strict: Some(true), ..tool("f", &schema) }];
            let (name, description) = (None, Some("d".to_owned()));
            request.output =
                Some(OutputFormat::JsonSchema { name, description, schema: schema.clone(), strict: None });
            let body = body(&written(&request, upstream));
            prop_assert_eq!(&body["tools"][0]["input_schema"]["type"], "object");
        }
    }
}

#[test]
fn ten_thousand_blocks_and_a_call_each_are_no_danger() {
    let calls = (0..5_000).map(|n| call(&format!("c{n}"), "f", "{}")).collect();
    let mut request = asking(vec![user("Go."), assistant(calls)]);
    request.tool_choice = Some(ToolChoice::Auto);
    let spelled = written(&request, OPUS_5);
    assert_eq!(body(&spelled)["messages"][2]["content"].as_array().unwrap().len(), 5_000);
}
