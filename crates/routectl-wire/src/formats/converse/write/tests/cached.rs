//! Cache marks: behind whole blocks, as many and as long as the model takes.

use routectl_core::Abilities;

use super::*;

/// A conversation that is marked in every way there is.
fn marked() -> Request {
    messages(
        r#""system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],
        "tools":[{"name":"f","description":"F.","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "cache_control":{"type":"ephemeral"},
        "messages":[
          {"role":"user","content":[{"type":"text","text":"1","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
          {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[
            {"type":"text","text":"r","cache_control":{"type":"ephemeral"}},{"type":"text","text":"s"}]},
            {"type":"text","text":"2"}]}]"#,
    )
}

#[test]
fn marks_stand_behind_what_they_mark() {
    for (name, upstream) in
        [("opus_5", OPUS_5), ("sonnet_4", SONNET_4), ("nova", NOVA), ("llama", LLAMA)]
    {
        insta::assert_snapshot!(format!("marked_to_{name}"), told(&marked(), upstream));
    }
}

#[test]
fn clients_that_mark_nothing_are_marked_where_the_model_caches() {
    let request = chat(
        r#""messages":[{"role":"system","content":"S"},{"role":"user","content":"1"},
        {"role":"assistant","content":"2"},{"role":"user","content":"3"}],"max_tokens":9"#,
    );
    for (upstream, marks) in [(OPUS_5, 3), (NOVA, 3), (LLAMA, 0), (SOME, 0)] {
        let able = Abilities { auto_cache: true, ..abilities(upstream) };
        let spelled = write(&request, &able);
        let text = String::from_utf8(spelled.body.clone()).unwrap();
        assert_eq!(text.matches("cachePoint").count(), marks, "{upstream}: {text}");
        assert_eq!(losses(&spelled), "", "{upstream}");
    }
}
