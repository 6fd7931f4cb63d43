//! What is remembered, for how long, and where it goes back to.

use routectl_core::{Seal, SealKind, StopReason, ToolCall};

use super::*;

fn recall(limits: ReasoningCache) -> Recall {
    Recall { memory: Arc::default(), limits, conversation: 1 }
}

fn seal(blob: &str) -> Seal {
    Seal { family: "f".into(), kind: SealKind::Signature, blob: blob.into() }
}

/// Hears an answer that thinks this, signs it and makes these calls.
fn hear(recall: &Recall, text: &str, sealed: Option<&str>, calls: &[&str], ends: bool) {
    let mut keeper = recall.keeper();
    keeper.hear(&Event::Open { index: 0, block: Opening::Reasoning });
    for piece in text.split_inclusive(' ') {
        keeper.hear(&Event::Delta { index: 0, delta: Delta::Text(piece.into()) });
    }
    if let Some(blob) = sealed {
        keeper.hear(&Event::Delta { index: 0, delta: Delta::Seal(seal(blob)) });
    }
    for (index, id) in (1..).zip(calls) {
        let block = Opening::ToolCall { id: (*id).into(), name: "f".into() };
        keeper.hear(&Event::Open { index, block });
    }
    if ends {
        keeper.hear(&Event::Stop(StopReason::ToolUse));
    }
}

fn known(recall: &Recall, call: &str) -> Option<String> {
    let thinking = recall.thinking((call, "{}"), |_| 0)?;
    let told =
        |it: &Reasoning| format!("{}/{}", it.text, it.seal.as_ref().map_or("-", |seal| &seal.blob));
    Some(thinking.iter().map(told).collect::<Vec<_>>().join(" "))
}

#[test]
fn what_was_thought_before_a_call_is_known_by_it_once_the_answer_is_complete() {
    let recall = recall(ReasoningCache::default());
    hear(&recall, "so it is", Some("S"), &["call_abcdefghi1", "call_abcdefghi2"], true);
    hear(&recall, "half", None, &["call_abcdefghi3"], false);
    hear(&recall, "", None, &["call_abcdefghi4"], true);
    assert_eq!(known(&recall, "call_abcdefghi1").as_deref(), Some("so it is/S"));
    // Nothing was thought between two calls that were made side by side, and that is known too.
    assert_eq!(known(&recall, "call_abcdefghi2").as_deref(), Some(""));
    assert_eq!(known(&recall, "call_abcdefghi3"), None);
    assert_eq!(known(&recall, "call_abcdefghi4").as_deref(), Some(""));
}

#[test]
fn ids_that_many_conversations_have_are_known_in_their_own_only() {
    let one = recall(ReasoningCache::default());
    let other = Recall { conversation: 2, ..one.clone() };
    hear(&one, "one", None, &["call_0"], true);
    hear(&one, "one", None, &["call_abcdefghi1"], true);
    assert_eq!(known(&one, "call_0").as_deref(), Some("one/-"));
    assert_eq!(known(&other, "call_0"), None);
    assert_eq!(known(&other, "call_abcdefghi1").as_deref(), Some("one/-"));
}

#[test]
fn calls_that_repeat_id_and_arguments_each_have_their_own_thought() {
    let recall = recall(ReasoningCache::default());
    let thoughts = ["first", "second", "third"];
    for thought in thoughts {
        hear_parts(&recall, &[sealed(thought), call("call_0", "{}")]);
    }
    let turn = |index| {
        let place = Place::BODY.member("messages").index(index);
        let content = call("call_0", "{ }");
        Turn { role: Role::Assistant, blocks: vec![Block { content, place, cache: None }], place }
    };
    // With the beginning of the history gone, too.
    for (turns, expected) in [(vec![1, 3, 5], &thoughts[..]), (vec![1, 3], &thoughts[1..])] {
        let turns = turns.into_iter().map(turn).collect();
        let reminded = recall.reminded(&Request { turns, ..Request::default() }).unwrap();
        for (turn, thought) in reminded.turns.iter().zip(expected) {
            assert_eq!(contents(turn), [sealed(thought), call("call_0", "{ }")]);
        }
    }
    // Of one that came more often than is known the first ones are not.
    let turns = [1, 3, 5, 7].map(turn).to_vec();
    let reminded = recall.reminded(&Request { turns, ..Request::default() }).unwrap();
    let known = reminded.turns.iter().map(|turn| turn.blocks.len());
    assert_eq!(known.collect::<Vec<_>>(), [1, 2, 2, 2]);
}

#[test]
fn nothing_is_cut_short_and_nothing_grows_beyond_its_bounds() {
    let limits = ReasoningCache { bytes: 600, ..ReasoningCache::default() };
    let recall = recall(limits);
    let (long, short) = ("x".repeat(601), "y".repeat(100));
    hear(&recall, &long, None, &["call_abcdefghi1"], true);
    assert_eq!(known(&recall, "call_abcdefghi1"), None);
    for number in 0..9 {
        hear(&recall, &short, None, &[&format!("call_abcdefgh{number:02}")], true);
    }
    assert_eq!(known(&recall, "call_abcdefgh00"), None);
    assert_eq!(known(&recall, "call_abcdefgh08").map(|text| text.len()), Some(102));
}

fn request(thoughts: &[(&str, Option<&str>)]) -> Request {
    let place = Place::BODY.member("messages").index(1);
    let block = |content| Block { content, place, cache: None };
    let thought = |(text, sealed): &(&str, Option<&str>)| {
        let (text, seal) = ((*text).to_owned(), sealed.map(seal));
        block(Content::Reasoning(Reasoning { text, seal, id: None }))
    };
    let call = ToolCall {
        id: "call_abcdefghi1".into(),
        name: "f".into(),
        arguments: "{}".into(),
        takes_text: false,
    };
    let mut blocks: Vec<Block> = thoughts.iter().map(thought).collect();
    blocks.push(block(Content::ToolCall(call)));
    Request { turns: vec![Turn { role: Role::Assistant, blocks, place }], ..Request::default() }
}

/// What a model said, part by part: what it thought, or which call it made.
fn hear_parts(recall: &Recall, parts: &[Content]) {
    let mut keeper = recall.keeper();
    for (index, part) in (0..).zip(parts) {
        if let Content::Reasoning(thought) = part {
            keeper.hear(&Event::Open { index, block: Opening::Reasoning });
            let text = Delta::Text(thought.text.clone());
            keeper.hear(&Event::Delta { index, delta: text });
            let seal = thought.seal.clone().map(Delta::Seal);
            seal.into_iter().for_each(|delta| keeper.hear(&Event::Delta { index, delta }));
        }
        if let Content::ToolCall(call) = part {
            let block = Opening::ToolCall { id: call.id.clone(), name: "f".into() };
            keeper.hear(&Event::Open { index, block });
            let delta = Delta::Arguments(call.arguments.clone());
            keeper.hear(&Event::Delta { index, delta });
        }
    }
    keeper.hear(&Event::Stop(StopReason::ToolUse));
}

fn sealed(text: &str) -> Content {
    let seal = Some(seal(text));
    Content::Reasoning(Reasoning { text: text.into(), seal, id: None })
}

fn call(id: &str, arguments: &str) -> Content {
    let (id, name, arguments) = (id.into(), "f".into(), arguments.into());
    Content::ToolCall(ToolCall { id, name, arguments, takes_text: false })
}

fn answers(turns: &[&[Content]]) -> Request {
    let place = Place::BODY;
    let block = |content: &Content| Block { content: content.clone(), place, cache: None };
    let turn = |contents: &&[Content]| Turn {
        role: Role::Assistant,
        blocks: contents.iter().map(block).collect(),
        place,
    };
    Request { turns: turns.iter().map(turn).collect(), ..Request::default() }
}

fn contents(turn: &Turn) -> Vec<Content> {
    turn.blocks.iter().map(|block| block.content.clone()).collect()
}

/// A Chat message says all its thinking in one place and all its calls in another.
#[test]
fn case_12_thinking_between_two_calls_goes_back_between_them() {
    let recall = recall(ReasoningCache::default());
    let [one, two] = ["toolu_abcdefghi1", "toolu_abcdefghi2"].map(|id| call(id, "{}"));
    let said = [sealed("A"), one.clone(), sealed("B"), two.clone()];
    hear_parts(&recall, &said);
    let text = Content::Text("I look.".into());
    let gathered = [sealed("A"), sealed("B"), one.clone(), two.clone()];
    for echoed in [&gathered[..], &[one.clone(), two.clone()]] {
        let reminded = recall.reminded(&answers(&[echoed])).unwrap();
        assert_eq!(contents(&reminded.turns[0]), said, "{echoed:?}");
    }
    let spoken = [sealed("A"), sealed("B"), text.clone(), one.clone(), two.clone()];
    let reminded = recall.reminded(&answers(&[&spoken])).unwrap();
    let expected = [sealed("A"), text, one.clone(), sealed("B"), two.clone()];
    assert_eq!(contents(&reminded.turns[0]), expected);
    // What is in its place stays there, and what is altered stays altered.
    hear_parts(&recall, &gathered);
    assert!(recall.reminded(&answers(&[&gathered])).is_none());
    hear_parts(&recall, &said);
    let altered = [sealed("A"), sealed("C"), one, two];
    assert!(recall.reminded(&answers(&[&altered])).is_none());
}

#[test]
fn an_id_that_comes_again_brings_back_what_was_thought_before_that_very_call() {
    let recall = recall(ReasoningCache::default());
    let [first, second] = [r#"{"n":1}"#, r#"{"n":2}"#].map(|it| call("read:0", it));
    hear_parts(&recall, &[sealed("A"), first.clone()]);
    hear_parts(&recall, &[sealed("B"), second.clone()]);
    let again = call("read:0", r#"{ "n": 1 }"#);
    let request = answers(&[std::slice::from_ref(&again), std::slice::from_ref(&second)]);
    let reminded = recall.reminded(&request).unwrap();
    assert_eq!(contents(&reminded.turns[0]), [sealed("A"), again.clone()]);
    assert_eq!(contents(&reminded.turns[1]), [sealed("B"), second]);
    // A call that is made again without a thought has none.
    hear_parts(&recall, &[first]);
    assert!(recall.reminded(&answers(&[&[again]])).is_none());
}

#[test]
fn only_what_a_client_left_out_is_put_back() {
    let recall = recall(ReasoningCache::default());
    hear(&recall, "so it is", Some("S"), &["call_abcdefghi1"], true);
    for (said, expected) in [
        (&[][..], Some("so it is")),
        (&[("so it is", None)], Some("so it is")),
        (&[("", None)], Some("so it is")),
        (&[("its own words", None)], None),
        (&[("so it is", Some("T"))], None),
    ] {
        let reminded = recall.reminded(&request(said));
        let thought = reminded.map(|request| {
            let mut thoughts: Vec<_> =
                request.turns[0].blocks.iter().filter_map(Block::as_reasoning).cloned().collect();
            assert_eq!((thoughts.len(), &thoughts[0].seal), (1, &Some(seal("S"))), "{said:?}");
            thoughts.remove(0).text
        });
        assert_eq!(thought.as_deref(), expected, "{said:?}");
    }
    let unsealed = Recall { memory: Arc::default(), ..recall };
    hear(&unsealed, "so it is", None, &["call_abcdefghi1"], true);
    assert!(unsealed.reminded(&request(&[("so it is", None)])).is_none());
}
