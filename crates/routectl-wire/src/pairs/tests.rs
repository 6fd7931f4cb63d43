//! Every call gets its result, whatever the client sent.

use proptest::prelude::*;
use routectl_core::{Block, Content, Place, Request, Role, ToolCall, ToolResult, Turn};

use super::{check, complete, gather};

/// A conversation in short: `a:x,y` calls x and y, `u:=x,hi` answers x and says hi.
fn conversation(turns: &str) -> Request {
    let turns = turns.split_whitespace().enumerate().map(|(index, turn)| {
        let place = Place::BODY.member("messages").index(index);
        let (role, blocks) = turn.split_once(':').unwrap();
        let role = match role {
            "a" => Role::Assistant,
            "u" => Role::User,
            _ => Role::System,
        };
        let blocks = blocks.split(',').filter(|block| !block.is_empty());
        Turn { role, blocks: blocks.map(|said| block(role, said, place)).collect(), place }
    });
    Request { turns: turns.collect(), ..Request::default() }
}

fn block(role: Role, said: &str, place: Place) -> Block {
    let content = match (role, said.strip_prefix('=')) {
        (Role::Assistant, _) if !said.starts_with('\'') => Content::ToolCall(ToolCall {
            id: said.to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
            takes_text: false,
        }),
        (_, Some(call)) => {
            Content::ToolResult(ToolResult { call: call.to_owned(), blocks: vec![], failed: false })
        }
        (_, None) => Content::Text(said.to_owned()),
    };
    Block { content, place, cache: None }
}

/// The same, written down; a result that routectl made up is `!x`.
fn short(request: &Request) -> String {
    let turns = request.turns.iter().map(|turn| {
        let role = match turn.role {
            Role::Assistant => "a:",
            Role::User => "u:",
            Role::System => "s:",
        };
        let said = turn.blocks.iter().map(|block| match &block.content {
            Content::ToolCall(call) => call.id.clone(),
            Content::ToolResult(result) => {
                format!("{}{}", if result.failed { '!' } else { '=' }, result.call)
            }
            Content::Text(text) => text.clone(),
            Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::Reasoning(_)
            | Content::Opaque { .. } => unreachable!("no conversation here has one"),
        });
        format!("{role}{}", said.collect::<Vec<_>>().join(","))
    });
    turns.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_call_has_its_result_right_behind_it() {
    for (sent, told) in [
        ("u:hi a:x u:=x,more a:'ok", "u:hi a:x u:=x,more a:'ok"),
        ("a:x,y u:=y,=x", "a:x,y u:=x,=y"),
        ("a:x,y u:hey,=y", "a:x,y u:!x,=y,hey"),
        ("a:x", "a:x u:!x"),
        ("a:x a:'wait a:y u:=y u:=x,go", "a:x a:'wait a:y u:=x,=y u:go"),
        ("a:x s:note u:=x,hi", "a:x u:=x s:note u:hi"),
        ("a:x s:note u:=x", "a:x u:=x s:note"),
        ("a:x u:hm a:'well u:=x", "a:x u:=x,hm a:'well"),
        ("a:x u: a:y u:=y", "a:x u:!x a:y u:=y"),
        ("u:=orphan,hi a:x", "u:=orphan,hi a:x u:!x"),
    ] {
        let mut request = conversation(sent);
        complete(&mut request);
        assert_eq!(short(&request), told, "{sent}");
    }
}

#[test]
fn gathering_touches_nothing_that_is_late_or_missing() {
    for (sent, told) in [
        ("a:x,y u:=y,=x", "a:x,y u:=x,=y"),
        ("a:x,y u:hey,=y", "a:x,y u:=y,hey"),
        ("a:x s:note u:=x,hi", "a:x u:=x s:note u:hi"),
        ("a:x u:hm a:'well,y u:=x,=y", "a:x u:hm a:'well,y u:=y,=x"),
        ("a:x", "a:x"),
        ("a:x,x u:=x", "a:x,x u:=x"),
    ] {
        let mut request = conversation(sent);
        gather(&mut request);
        assert_eq!(short(&request), told, "{sent}");
    }
}

#[test]
fn ids_that_repeat_are_told_apart_in_call_and_result() {
    for (sent, told) in [
        ("a:f:0 u:=f:0 a:f:0 u:=f:0", "a:f:0 u:=f:0 a:f:0#2 u:=f:0#2"),
        ("a:x,x u:=x,=x", "a:x,x#2 u:=x,=x#2"),
        ("a:x u:no a:x u:=x", "a:x u:!x,no a:x#2 u:=x#2"),
        ("a:x u:=x a:x u:=x a:x#2 u:=x#2", "a:x u:=x a:x#2 u:=x#2 a:x#2#2 u:=x#2#2"),
        ("a:x#2,x,x,x u:", "a:x#2,x,x#3,x#4 u:!x#2,!x,!x#3,!x#4"),
    ] {
        let mut request = conversation(sent);
        complete(&mut request);
        assert_eq!(short(&request), told, "{sent}");
    }
}

#[test]
fn what_was_made_up_or_moved_is_told() {
    for (sent, told) in [
        ("a:x,y u:=y,=x", ""),
        ("a:x s:note u:=x", ""),
        ("u:hi a:x,y u:=y", "messages[1] emulated"),
        ("a:x u:hm a:'well u:=x", "messages[3] degraded"),
    ] {
        let losses = complete(&mut conversation(sent));
        let losses = losses.iter().map(|loss| format!("{} {}", loss.path, loss.fate.name()));
        assert_eq!(losses.collect::<Vec<_>>().join(", "), told, "{sent}");
    }
}

#[test]
fn a_result_must_answer_a_call() {
    for (sent, path) in [
        ("a:x u:=x", None),
        ("a:x,x u:=x,=x", None),
        ("u:=x", Some("messages[0].id")),
        ("a:x u:=y", Some("messages[1].id")),
        ("a:x u:=x,=x", Some("messages[1].id")),
        ("u:=x a:x", Some("messages[0].id")),
    ] {
        let bad = check(&conversation(sent), "id").err().map(|bad| bad.path);
        assert_eq!(bad.as_deref(), path, "{sent}");
    }
}

fn conversations() -> impl Strategy<Value = String> {
    let block = prop::sample::select(vec!["x", "y", "x#2", "=x", "=y", "=x#2", "hi", "'no"]);
    let turn = (prop::sample::select(vec!["a", "u", "s"]), prop::collection::vec(block, 0..4));
    prop::collection::vec(turn, 0..8).prop_map(|turns| {
        let turns = turns.iter().map(|(role, blocks)| format!("{role}:{}", blocks.join(",")));
        turns.collect::<Vec<_>>().join(" ")
    })
}

proptest! {
    /// Whatever came: once is enough, ids differ, and results follow their calls.
    #[test]
    fn a_completed_conversation_is_complete(sent in conversations()) {
        let mut request = conversation(&sent);
        prop_assume!(check(&request, "id").is_ok());
        complete(&mut request);
        let once = short(&request);
        prop_assert!(check(&request, "id").is_ok());
        prop_assert!(complete(&mut request).is_empty());
        prop_assert_eq!(short(&request), once);
    }

    /// What is added at the end leaves what came before as it was.
    #[test]
    fn a_growing_conversation_keeps_its_beginning(sent in conversations()) {
        let mut before = conversation(&sent);
        complete(&mut before);
        let mut after = conversation(&format!("{sent} u:go a:x u:=x"));
        complete(&mut after);
        let (before, after) = (short(&before), short(&after));
        let shared = before.rsplit_once(" u:").map_or("", |(shared, _)| shared);
        prop_assert!(after.starts_with(shared), "{} / {}", before, after);
    }
}
