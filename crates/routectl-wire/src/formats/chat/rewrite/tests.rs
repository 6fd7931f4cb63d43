use bytes::Bytes;
use routectl_core::{Dialect, Readout};
use serde_json::Value;

use super::Rewrite;
use crate::dialects;
use crate::{Document, ReasoningFields};

const TEXTS: ReasoningFields =
    ReasoningFields { reasoning: true, reasoning_content: true, reasoning_details: true };

fn request(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

/// What rewrites the answers of a host that leaves tags in its texts.
fn tagged() -> Rewrite {
    Rewrite::needed(&dialect("raw-think-tag"), None, &request("{}")).unwrap()
}

fn dialect(name: &str) -> Dialect {
    dialects::named(name).unwrap().dialect
}

/// A chunk, with what does not belong to anybody's business in odd places.
fn chunk(delta: &str, finish: &str) -> String {
    format!(
        r#"{{ "id":"c","x": 1.0e3,"choices":[ {{"index":0 ,"delta":{{ {delta} ,"x":"\u00e9"}},"finish_reason":{finish},"logprobs":null}} ],"usage":null }}"#
    )
}

fn rewritten(rewrite: &mut Rewrite, chunk: &str) -> Option<String> {
    let new = rewrite.chunk(&Bytes::copy_from_slice(chunk.as_bytes()))?;
    Some(String::from_utf8(new.to_vec()).unwrap())
}

/// A stream, with what becomes of it.
fn stream(mut rewrite: Rewrite, chunks: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for chunk in chunks {
        out.push(rewritten(&mut rewrite, chunk).unwrap_or_else(|| chunk.clone()));
    }
    out.extend(rewrite.rest().map(|rest| String::from_utf8(rest.to_vec()).unwrap()));
    out
}

/// What a client puts together of one choice: its thoughts by either name, its text, its finish.
fn heard(chunks: &[String], index: u64) -> (String, String, String, String) {
    let mut heard = (String::new(), String::new(), String::new(), String::new());
    for chunk in chunks {
        let chunk: Value = serde_json::from_str(chunk).unwrap();
        let choices = chunk["choices"].as_array().unwrap();
        for choice in choices.iter().filter(|choice| choice["index"] == index) {
            let text = |name: &str| choice["delta"][name].as_str().unwrap_or_default().to_owned();
            heard.0 += &text("reasoning");
            heard.1 += &text("reasoning_content");
            heard.2 += &text("content");
            heard.3 += choice["finish_reason"].as_str().unwrap_or_default();
        }
    }
    heard
}

#[test]
fn a_thought_changes_its_member_and_every_other_byte_stays() {
    let mut rewrite = tagged();
    let told = rewritten(&mut rewrite, &chunk(r#""content":"<think>\nH\u00f6m""#, "null"));
    let both = r#""reasoning":"Höm","reasoning_content":"Höm""#;
    let removed = chunk(r#""content":"""#, "null")
        .replace(r#" "content":"" ,"x":"\u00e9"}"#, &format!(r#" "x":"\u00e9",{both}}}"#));
    assert_eq!(told.as_deref(), Some(&*removed));
    let told = rewritten(&mut rewrite, &chunk(r#""content":"!</think>So""#, "null"));
    let expected = chunk(r#""content":"So""#, "null")
        .replace(r#""\u00e9"}"#, r#""\u00e9","reasoning":"!","reasoning_content":"!"}"#);
    assert_eq!(told.as_deref(), Some(&*expected));
}

#[test]
fn chunks_without_thoughts_stay_as_they_are() {
    let plain = [
        chunk(r#""role":"assistant","content":"""#, "null"),
        chunk(r#""content":"So 1 < 2""#, "null"),
        chunk(r#""content":"<think>a</think>""#, "null"),
        chunk(r#""tool_calls":[{"index":0,"id":"a"}]"#, "null"),
        chunk(r#""content":null"#, "\"stop\""),
        r#"{"choices":[],"usage":{"prompt_tokens":1}}"#.to_owned(),
        "{\"choices\":[{\"delta\":".to_owned(),
        "{}".to_owned(),
    ];
    let mut rewrite = tagged();
    for chunk in &plain {
        assert_eq!(rewritten(&mut rewrite, chunk), None, "{chunk}");
    }
    assert_eq!(rewrite.rest(), None);
}

#[test]
fn case_5_a_stream_means_the_same_wherever_its_text_is_cut() {
    let text = "<think>\nHm, ö </b>\n</think>\n\nÄh <think>!";
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    for (number, first) in ends.iter().enumerate() {
        for second in &ends[number..] {
            let pieces = [&text[..*first], &text[*first..*second], &text[*second..]];
            let content = |piece: &&str| {
                chunk(&format!("\"content\":{}", serde_json::to_string(piece).unwrap()), "null")
            };
            let mut chunks: Vec<String> = pieces.iter().map(content).collect();
            chunks.push(chunk(r#""content":null"#, "\"stop\""));
            let (one, other, said, finish) = heard(&stream(tagged(), &chunks), 0);
            assert_eq!((&*one, &*other), ("Hm, ö </b>", "Hm, ö </b>"), "{pieces:?}");
            assert_eq!((&*said, &*finish), ("Äh <think>!", "stop"), "{pieces:?}");
        }
    }
}

#[test]
fn what_is_held_back_is_said_when_the_text_ends() {
    let held = chunk(r#""content":"<thi""#, "null");
    for last in [
        chunk(r#""content":"""#, "\"stop\""),
        chunk(r#""tool_calls":[{"index":0,"id":"a"}]"#, "null"),
        r#"{"choices":[],"usage":{"prompt_tokens":1}}"#.to_owned(),
    ] {
        let told = stream(tagged(), &[held.clone(), last.clone()]);
        assert_eq!(heard(&told, 0).2, "<thi", "{last}");
        assert_eq!(heard(&told[..1], 0).2, "");
        let own = usize::from(last.contains("\"choices\":[]"));
        assert_eq!(told.len(), 2 + own, "{last}");
    }
    // In a chunk of its own nothing stands that the chunk before has said.
    let told = stream(tagged(), &[held.replace("\"usage\":null", "\"usage\":{\"x\":1}")]);
    let own = r#"{ "id":"c","x": 1.0e3,"choices":[{"index":0,"delta":{"content":"<thi"},"finish_reason":null}] }"#;
    assert_eq!(told[1], own);
}

#[test]
fn choices_are_told_apart() {
    let both = |one: &str, other: &str| {
        format!(
            r#"{{"choices":[{{"index":1,"delta":{{"content":"{one}"}}}},{{"index":0,"delta":{{"content":"{other}"}}}}]}}"#
        )
    };
    let chunks = [both("<think>a", "So"), both("b</think>c", "<think>")];
    let told = stream(tagged(), &chunks);
    assert_eq!(heard(&told, 1), ("ab".into(), "ab".into(), "c".into(), String::new()));
    assert_eq!(heard(&told, 0).2, "So<think>");
}

fn whole(mut rewrite: Rewrite, message: &str) -> Option<String> {
    let answer = format!(
        r#"{{"choices":[{{"index":0,"message":{{"role":"assistant",{message}}},"finish_reason":"stop"}}],"usage":{{}}}}"#
    );
    let new = rewrite.whole(&answer.into())?;
    let new = String::from_utf8(new.to_vec()).unwrap();
    let start = new.find("assistant\",").unwrap() + "assistant\",".len();
    let end = new.find("},\"finish_reason").unwrap();
    Some(new[start..end].to_owned())
}

#[test]
fn a_whole_answer_is_told_apart_from_its_end() {
    let both = r#""reasoning":"Hm","reasoning_content":"Hm""#;
    for text in [r"<think>\nHm\n</think>\n\nSo", r"Hm\n</think>\n\nSo"] {
        let told = whole(tagged(), &format!("\"content\":\"{text}\""));
        assert_eq!(told.unwrap(), format!("\"content\":\"So\",{both}"), "{text}");
    }
    let told = whole(tagged(), r#""content":"<think>Hm","tool_calls":[]"#).unwrap();
    assert_eq!(told, format!(r#""content":"","tool_calls":[],{both}"#));
    assert_eq!(whole(tagged(), r#""content":"So","x":1"#), None);
}

#[test]
fn other_names_are_added_only_where_the_operator_asks_for_them() {
    let needed = |name: &str, fields| Rewrite::needed(&dialect(name), fields, &request("{}"));
    for name in ["openai", "passthrough", "vllm", "deepseek", "copilot"] {
        assert!(needed(name, None).is_none(), "{name}");
    }
    assert!(needed("passthrough", Some(TEXTS)).is_none());
    assert!(needed("vllm", Some(ReasoningFields::NONE)).is_none());
    for (name, delta, told) in [
        ("vllm", r#""reasoning":"Hm""#, Some(r#""reasoning_content":"Hm""#)),
        ("deepseek", r#""reasoning_content":"Hm""#, Some(r#""reasoning":"Hm""#)),
        (
            "copilot",
            r#""reasoning_text":"Hm""#,
            Some(r#""reasoning":"Hm","reasoning_content":"Hm""#),
        ),
        ("vllm", r#""reasoning":"Hm","reasoning_content":"Hm""#, None),
        ("vllm", r#""reasoning":null,"content":"Hm""#, None),
        ("vllm", r#""content":"reasoning""#, None),
    ] {
        let mut rewrite = needed(name, Some(TEXTS)).unwrap();
        let before = chunk(delta, "null");
        let with = |told| before.replace(r#""\u00e9"}"#, &format!(r#""\u00e9",{told}}}"#));
        assert_eq!(rewritten(&mut rewrite, &before), told.map(with), "{name} {delta}");
    }
    let only = ReasoningFields { reasoning: false, ..TEXTS };
    let told =
        rewritten(&mut needed("vllm", Some(only)).unwrap(), &chunk(r#""reasoning":"H""#, "null"));
    assert!(told.unwrap().contains(r#""reasoning":"H" ,"x":"\u00e9","reasoning_content":"H"}"#));
}

/// A list of one piece of thinking.
fn pieces(text: &str) -> String {
    format!(r#""reasoning_details":[{{"type":"reasoning.text","index":0,"text":"{text}"}}]"#)
}

#[test]
fn thoughts_in_pieces_are_told_as_text_too_and_once() {
    let needed = |fields| Rewrite::needed(&dialect("minimax"), fields, &request("{}")).unwrap();
    for (texts, thought) in [
        (["Let me", " think", "."], "Let me think."),
        (["Let me", "Let me think", "Let me think."], "Let me think."),
        (["No", "No", ""], "NoNo"),
    ] {
        let mut chunks = texts.map(|text| chunk(&pieces(text), "null")).to_vec();
        chunks.push(chunk(r#""content":"So""#, "\"stop\""));
        let told = stream(needed(None), &chunks);
        let heard_all = (thought.to_owned(), thought.to_owned(), "So".into(), "stop".into());
        assert_eq!(heard(&told, 0), heard_all, "{texts:?}");
        // What the host needs to hear again is still there.
        let kept = told.iter().zip(texts).all(|(chunk, text)| chunk.contains(&pieces(text)));
        assert!(kept, "{told:?}");
    }
    let whole = whole(needed(None), &format!(r#""content":"So",{}"#, pieces("Hm"))).unwrap();
    assert!(whole.ends_with(r#"}],"reasoning":"Hm","reasoning_content":"Hm""#), "{whole}");
    let only = ReasoningFields { reasoning: false, ..TEXTS };
    let told = rewritten(&mut needed(Some(only)), &chunk(&pieces("Hm"), "null")).unwrap();
    assert!(told.contains(r#""reasoning_content":"Hm"}"#) && !told.contains(r#""reasoning":"#));
    for fields in [ReasoningFields::NONE, ReasoningFields { reasoning_content: false, ..only }] {
        assert_eq!(rewritten(&mut needed(Some(fields)), &chunk(&pieces("Hm"), "null")), None);
    }
    // A host that tells the same as text is understood as it is.
    let both = chunk(&format!(r#"{},"reasoning_content":"Hm""#, pieces("Hm")), "null");
    assert_eq!(rewritten(&mut needed(None), &both), None);
}

#[test]
fn thoughts_that_nobody_is_to_see_are_left_out() {
    let raw = dialect("raw-think-tag");
    let thought = chunk(r#""content":"<think>Hm</think>So""#, "null");
    for declined in [r#"{"reasoning":{"exclude":true}}"#, r#"{"include_reasoning":false}"#] {
        let mut rewrite = Rewrite::needed(&raw, None, &request(declined)).unwrap();
        let told = rewritten(&mut rewrite, &thought).unwrap();
        assert_eq!(told, chunk(r#""content":"So""#, "null"));
        assert_eq!(rewrite.losses(), []);
    }
    // The client did not ask for that, so it is told.
    let none = Some(ReasoningFields::NONE);
    let mut rewrite = Rewrite::needed(&raw, none, &request("{}")).unwrap();
    assert_eq!(rewritten(&mut rewrite, &thought).unwrap(), chunk(r#""content":"So""#, "null"));
    assert_eq!(rewrite.losses()[0].path, "answer.reasoning");
}

#[test]
fn whatever_member_thinks_is_left_out_for_who_excludes_it_and_seals_stay() {
    let exclude = request(r#"{"reasoning":{"exclude":true},"include_reasoning":true}"#);
    let sealed = r#"{"type":"reasoning.encrypted","data":"x"}"#;
    let listed = format!(
        r#""reasoning_details":[{{"type":"reasoning.text","text":"Hm"}}, {sealed}],"content":"So""#
    );
    let kept = format!(r#""reasoning_details":[{sealed}],"content":"So""#);
    let part = r#"{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}"#;
    let parts = format!(r#""content":[{part},{{"type":"text","text":"So"}}]"#);
    for (name, said, told) in [
        ("deepseek", r#""content":null,"reasoning_content":"Hm""#, r#""content":null"#),
        ("ollama", r#""content":"So","reasoning":"Hm""#, r#""content":"So""#),
        ("minimax", &*listed, &*kept),
        ("mistral", &*parts, r#""content":[{"type":"text","text":"So"}]"#),
        ("copilot", r#""reasoning_text":"Hm","reasoning_opaque":"x""#, r#""reasoning_opaque":"x""#),
    ] {
        let mut rewrite = Rewrite::needed(&dialect(name), None, &exclude).unwrap();
        let thinks = rewritten(&mut rewrite, &chunk(said, "null"));
        let told_whole = whole(Rewrite::needed(&dialect(name), None, &exclude).unwrap(), said);
        let members = |text: &str| -> Value {
            let chunk: Value = serde_json::from_str(text).unwrap();
            chunk["choices"][0]["delta"].clone()
        };
        let expected = members(&chunk(told, "null"));
        assert_eq!(thinks.as_deref().map(members), Some(expected), "{name}");
        assert!(rewrite.has_thought(), "{name}");
        assert_eq!(told_whole.as_deref(), Some(told), "{name}");
        assert_eq!(rewritten(&mut rewrite, &chunk(told, "null")), None, "{name}");
        let shows = request(r#"{"reasoning":{"exclude":false},"include_reasoning":false}"#);
        let needed = Rewrite::needed(&dialect(name), None, &shows);
        assert!(needed.is_none_or(|it| !it.is_silent()), "{name}");
    }
    // Nobody knows what is whose, or the host was told.
    for dialect in [Dialect::UNKNOWN, dialect("passthrough"), dialect("vllm")] {
        assert!(Rewrite::needed(&dialect, None, &exclude).is_none(), "{}", dialect.name);
    }
}

#[test]
fn every_dialect_with_tags_is_rewritten_and_no_other() {
    for row in dialects::DIALECTS {
        let Readout { tags, .. } = row.dialect.readout;
        let rewrite = Rewrite::needed(&row.dialect, None, &request("{}"));
        assert_eq!(rewrite.is_some(), tags.is_some(), "{}", row.dialect.name);
    }
}
