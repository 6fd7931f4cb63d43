//! What stands beside calls and results of tools, and behind documents, as AWS takes it.

use super::*;

const TALK: &str = r#""tools":[{"name":"f","description":"F.","input_schema":{"type":"object"}}],
    "messages":[
      {"role":"user","content":"go"},
      {"role":"assistant","content":[{"type":"text","text":"Let me look."},{"type":"tool_use","id":"t","name":"f","input":{}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"t","is_error":true,"content":"gone"},
        {"type":"text","text":"Mind the reminder."}]}]"#;

#[test]
fn calls_and_results_stand_alone_where_the_model_wants_them_so() {
    let said = |upstream| {
        let spelled = written(&messages(TALK), upstream);
        let [call, result] = [1, 2].map(|at| member(&spelled, &format!("/messages/{at}/content")));
        (call, result)
    };
    let call = r#"{"toolUse":{"toolUseId":"t","name":"f","input":{}}}"#;
    let words = r#"{"text":"Let me look."}"#;
    let reminder = r#"{"text":"Mind the reminder."}"#;
    let all_of = |blocks: &[&str]| format!("[{}]", blocks.join(","));
    let result = |more: &str| {
        let content = format!(r#"[{{"text":"error:"}},{{"text":"gone"}}{more}]"#);
        format!(r#"{{"toolResult":{{"toolUseId":"t","content":{content}}}}}"#)
    };
    let inside = result(&format!(",{reminder}"));
    for upstream in [LLAMA, LLAMA_4, MISTRAL] {
        assert_eq!(said(upstream), (all_of(&[call]), all_of(&[&inside])), "{upstream}");
    }
    let writer = said("us.writer.palmyra-x5-v1:0");
    assert_eq!(writer, (all_of(&[words, call]), all_of(&[&inside])));
    assert_eq!(said(QWEN), (all_of(&[words, call]), all_of(&[&result(""), reminder])));
    let failed = r#"{"toolResult":{"toolUseId":"t","content":[{"text":"gone"}],"status":"error"}}"#;
    for upstream in [SONNET_4_6, NOVA] {
        let expected = (all_of(&[words, call]), all_of(&[failed, reminder]));
        assert_eq!(said(upstream), expected, "{upstream}");
    }
}

#[test]
fn what_is_moved_or_left_out_for_it_is_told() {
    assert_eq!(
        losses(&written(&messages(TALK), LLAMA)),
        "messages[1].content[0]: dropped: this model takes no words beside a call\n\
         messages[2].content[0]: degraded: this model is told in words that the tool failed\n\
         messages[2].content[1]: degraded: this model takes it in the result of a tool only, not \
         beside it"
    );
    assert_eq!(losses(&written(&messages(TALK), SONNET_4_6)), "");
}

const FILE: &str = r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}"#;

#[test]
fn claude_reads_a_document_that_comes_with_a_result_inside_of_it() {
    let talk = TALK.replace(r#"{"type":"text","text":"Mind the reminder."}"#, FILE);
    let spelled = written(&messages(&talk), SONNET_4_6);
    let content = member(&spelled, "/messages/2/content");
    let inside = member(&spelled, "/messages/2/content/0/toolResult/content/1/document/format");
    assert_eq!(inside, r#""pdf""#, "{content}");
    assert_eq!(content.matches("document").count(), 2, "its name and itself: {content}");
    assert_eq!(member(&spelled, "/messages/2/content/1"), "", "no text has to stand beside it");
}

#[test]
fn no_mark_stands_right_behind_a_document_that_is_no_pdf() {
    let marked = |document: &str| {
        let mark = r#","cache_control":{"type":"ephemeral"}}"#;
        let document = document.strip_suffix('}').unwrap();
        let talk = format!(
            r#""messages":[{{"role":"user","content":[{{"type":"text","text":"read"}},{document}{mark}]}}]"#
        );
        let spelled = written(&messages(&talk), SONNET_4_6);
        let blocks = body(&spelled).pointer("/messages/0/content").cloned().unwrap();
        let kinds = blocks
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block.as_object().unwrap().keys().next().unwrap().clone());
        (kinds.collect::<Vec<_>>().join(" "), losses(&spelled))
    };
    let none = String::new();
    assert_eq!(marked(FILE), ("text document cachePoint".to_owned(), none.clone()));
    let text =
        r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"notes"}}"#;
    assert_eq!(marked(text), ("text cachePoint document".to_owned(), none));
}

#[test]
fn a_mark_that_finds_no_place_of_its_own_is_told() {
    let text = r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"notes"},"cache_control":{"type":"ephemeral"}}"#;
    let told = |before: &str| {
        let talk = format!(r#""messages":[{{"role":"user","content":[{before}{text}]}}]"#);
        losses(&written(&messages(&talk), SONNET_4_6))
    };
    let marked = r#"{"type":"text","text":"read","cache_control":{"type":"ephemeral"}},"#;
    assert_eq!(
        told(marked),
        "messages[0].content[1].cache_control: dropped: the block before this document is marked"
    );
    assert!(told("").contains("dropped: Converse takes no mark behind this document"));
}
