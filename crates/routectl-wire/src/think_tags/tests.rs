use proptest::prelude::*;
use routectl_core::{Delta, Event, Head, Opener, Opening, StopReason, TagPair, Tags};

use super::{Splitter, TagReader, Voice};
use crate::grammar::Grammar;

/// A model without a parser before it.
const PLAIN: Tags = Tags { pairs: TagPair::ALL, opened_by: Opener::Either, again: false };
const OPENED: Tags = Tags { opened_by: Opener::Prompt, ..PLAIN };
const AGAIN: Tags = Tags { again: true, ..PLAIN };
/// A host that may leave one pair of tags in the text.
const HOST: Tags = Tags { pairs: &[TagPair::THINK], opened_by: Opener::Answer, again: false };

/// Pieces, those of one voice joined.
type Pieces = Vec<(Voice, String)>;

fn split<'a>(mut splitter: Splitter, pieces: impl IntoIterator<Item = &'a str>) -> Pieces {
    let mut told = Pieces::new();
    let mut say = |voice: Voice, said: &str| {
        assert!(!said.is_empty(), "nothing is said");
        match told.last_mut() {
            Some((last, text)) if *last == voice => text.push_str(said),
            Some(_) | None => told.push((voice, said.to_owned())),
        }
    };
    for piece in pieces {
        splitter.push(piece, &mut say);
    }
    splitter.flush(&mut say);
    assert!(!splitter.holds());
    told
}

fn thought(text: &str) -> (Voice, String) {
    (Voice::Thinking, text.to_owned())
}

fn said(text: &str) -> (Voice, String) {
    (Voice::Text, text.to_owned())
}

/// The result, however the text is cut in three.
fn cut(splitter: fn(Tags) -> Splitter, tags: Tags, text: &str) -> Pieces {
    let at_once = split(splitter(tags), [text]);
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    for (number, first) in ends.iter().enumerate() {
        for second in &ends[number..] {
            let pieces = [&text[..*first], &text[*first..*second], &text[*second..]];
            assert_eq!(split(splitter(tags), pieces), at_once, "cut as {pieces:?}");
        }
    }
    let one_by_one: Vec<String> = text.chars().map(String::from).collect();
    assert_eq!(split(splitter(tags), one_by_one.iter().map(String::as_str)), at_once);
    at_once
}

fn streamed(tags: Tags, text: &str) -> Pieces {
    cut(Splitter::streamed, tags, text)
}

fn whole(tags: Tags, text: &str) -> Pieces {
    cut(Splitter::whole, tags, text)
}

#[test]
fn case_5_tags_are_found_wherever_the_text_is_cut() {
    let both = |text| {
        let pieces = streamed(PLAIN, text);
        assert_eq!(whole(PLAIN, text), pieces, "{text:?}");
        pieces
    };
    assert_eq!(both("<think>\nHm, ö.\n</think>\n\nÄh!"), [thought("Hm, ö."), said("Äh!")]);
    assert_eq!(both("<think>Hm</think>So"), [thought("Hm"), said("So")]);
    assert_eq!(both(" \n<think>Hm</think> So"), [thought("Hm"), said(" So")]);
    assert_eq!(both("Just 1 < 2, é[x]"), [said("Just 1 < 2, é[x]")]);
    assert_eq!(both("<thin air"), [said("<thin air")]);
    assert_eq!(both("<think>a</thin</think>b"), [thought("a</thin"), said("b")]);
    assert_eq!(both("<think>\n\n</think>\n\nSo"), [said("So")]);
    assert_eq!(both(""), []);
}

#[test]
fn every_pair_of_tags_is_known_and_closed_by_its_own() {
    for TagPair { open, close } in TagPair::ALL {
        let other = if *open == "<think>" { "</thought>" } else { "</think>" };
        let text = format!("{open}a{other}b{close}c");
        assert_eq!(streamed(PLAIN, &text), [thought(&format!("a{other}b")), said("c")]);
    }
}

#[test]
fn case_5_without_an_opening_tag_the_prompt_has_opened_it() {
    let text = "Hm\n</think>\n\nSo";
    assert_eq!(streamed(OPENED, text), [thought("Hm"), said("So")]);
    // An opening tag is one all the same.
    assert_eq!(streamed(OPENED, "<think>\nHm\n</think>\n\nSo"), [thought("Hm"), said("So")]);
    // Told in one piece it is known at the end; in a stream it is too late then.
    assert_eq!(whole(PLAIN, text), [thought("Hm"), said("So")]);
    assert_eq!(streamed(PLAIN, text), [said(text)]);
}

#[test]
fn an_answer_in_tags_that_a_prompt_asked_for_stays_one() {
    // A closing tag that the text itself opens closes nothing of the prompt's.
    for text in [
        "<answer>4</answer>\n<reasoning>because</reasoning>",
        "First:\n<think>a</think>\nand <think>b</think>.",
    ] {
        for tags in [PLAIN, AGAIN, HOST] {
            assert_eq!(whole(tags, text), [said(text)], "{tags:?}");
            assert_eq!(streamed(tags, text), [said(text)], "{tags:?}");
        }
    }
    // One that it does not open is another matter, but only where a prompt may have.
    let text = "Hm, <reasoning>a</reasoning>\n</think>So";
    assert_eq!(whole(PLAIN, text), [thought("Hm, <reasoning>a</reasoning>"), said("So")]);
    assert_eq!(whole(HOST, text), [said(text)]);
}

#[test]
fn a_host_is_known_to_leave_its_own_tags_and_no_others() {
    for TagPair { open, close } in TagPair::ALL {
        let text = format!("{open}a{close}<answer>b</answer>");
        let pieces = match *open {
            "<think>" => vec![thought("a"), said("<answer>b</answer>")],
            _ => vec![said(&text)],
        };
        assert_eq!(streamed(HOST, &text), pieces);
        assert_eq!(whole(HOST, &text), pieces);
    }
}

#[test]
fn case_5_a_thought_that_is_never_closed_stays_one() {
    assert_eq!(streamed(PLAIN, "<think>\nHm, and\n"), [thought("Hm, and\n")]);
    assert_eq!(streamed(PLAIN, "<think>Hm</thi"), [thought("Hm</thi")]);
    assert_eq!(streamed(OPENED, "Hm"), [thought("Hm")]);
    assert_eq!(whole(PLAIN, "<think>Hm"), [thought("Hm")]);
}

#[test]
fn case_5_tags_in_code_are_text() {
    for text in [
        "Write:\n```html\n<think>a</think>\n```\n",
        "```\n<think>\n```",
        "The tag `<think>` opens, `</think>` closes.",
        "~~~~\n```\n</think>\n~~~~\nDone",
    ] {
        assert_eq!(streamed(PLAIN, text), [said(text)]);
        assert_eq!(streamed(AGAIN, text), [said(text)]);
        assert_eq!(whole(PLAIN, text), [said(text)]);
    }
    let code = "So:\n```\n<think>b</think>\n```\nDone";
    let text = format!("<think>a</think>{code}");
    assert_eq!(streamed(AGAIN, &text), [thought("a"), said(code)]);
}

#[test]
fn models_that_think_between_their_words_do_so_at_the_beginning_of_a_line() {
    let text = "<think>a</think>\n\nOne <think>.\n<think>\nb\n</think>\n\n```\nx\n```\n<think>c";
    let pieces =
        [thought("a"), said("One <think>.\n"), thought("b"), said("```\nx\n```\n"), thought("c")];
    assert_eq!(streamed(AGAIN, text), pieces);
    assert_eq!(streamed(AGAIN, "<think>a</think><think>b</think>c"), [thought("ab"), said("c")]);
    // Others have thought when they begin to speak.
    let rest = "One\n<think>b</think>";
    assert_eq!(streamed(PLAIN, &format!("<think>a</think>{rest}")), [thought("a"), said(rest)]);
    // Not even those think after words that no thought came before.
    assert_eq!(streamed(AGAIN, rest), [said(rest)]);
}

#[test]
fn a_flood_of_blanks_is_not_held() {
    let mut splitter = Splitter::streamed(PLAIN);
    let mut told = 0;
    for _ in 0..100 {
        splitter.push(&" ".repeat(100), &mut |_, said| told += said.len());
    }
    assert_eq!(told, 10_000);
}

#[test]
fn no_more_is_held_than_may_be_a_tag() {
    let text = "<think>\nHm < [ <|end of it\n</think>\n\nSo < [ ";
    let mut splitter = Splitter::streamed(AGAIN);
    for char in text.chars() {
        splitter.push(&char.to_string(), &mut |_, _| {});
        let longest = "\n<|begin_of_thought|>".len();
        assert!(splitter.held.len() < longest, "{:?}", splitter.held);
    }
}

/// Fragments that make and break tags, lines and fences.
fn fragments() -> impl Strategy<Value = Vec<&'static str>> {
    let known = [
        "<think>",
        "</think>",
        "<thought>",
        "</thought>",
        "[THINK]",
        "[/THINK]",
        "◁think▷",
        "◁/think▷",
        "<",
        "</",
        "◁",
        "think>",
        "`",
        "```",
        "~~~",
        "\n",
        " ",
        "é",
        "word",
        "|>",
    ];
    proptest::collection::vec(proptest::sample::select(known.to_vec()), 0..24)
}

fn tags() -> impl Strategy<Value = Tags> {
    let all = [PLAIN, OPENED, AGAIN, HOST, Tags { again: true, ..OPENED }];
    proptest::sample::select(all.to_vec())
}

proptest! {
    #[test]
    fn cuts_never_matter(fragments in fragments(), tags in tags(), is_whole: bool) {
        let splitter = || if is_whole { Splitter::whole(tags) } else { Splitter::streamed(tags) };
        let text = fragments.concat();
        let at_once = split(splitter(), [text.as_str()]);
        prop_assert_eq!(&split(splitter(), fragments.iter().copied()), &at_once);
        let chars: Vec<String> = text.chars().map(String::from).collect();
        prop_assert_eq!(&split(splitter(), chars.iter().map(String::as_str)), &at_once);
        // Nothing is made up, nothing changes its place, and only tags and their newlines go.
        let told: String = at_once.iter().map(|(_, said)| said.as_str()).collect();
        let mut left = text.chars();
        prop_assert!(told.chars().all(|char| left.any(|it| it == char)));
        prop_assert_eq!(told.matches("word").count(), text.matches("word").count());
    }
}

/// What a decoder says of a text in these pieces, with a call behind it.
fn events(pieces: &[&str]) -> Vec<Event> {
    let text = |text: &&str| Event::Delta { index: 0, delta: Delta::Text((*text).to_owned()) };
    let call = Opening::ToolCall { id: "call_a".to_owned(), name: "clock".to_owned() };
    let mut events = vec![Event::Start(Head::default())];
    events.push(Event::Open { index: 0, block: Opening::Text });
    events.extend(pieces.iter().map(text));
    events.push(Event::Close { index: 0 });
    events.push(Event::Open { index: 1, block: call });
    events.push(Event::Delta { index: 1, delta: Delta::Arguments("{}".to_owned()) });
    events.push(Event::Close { index: 1 });
    events.extend([Event::Stop(StopReason::ToolUse), Event::End]);
    events
}

/// What comes out: thoughts in brackets, calls by name; lawfully.
fn read(mut reader: TagReader, events: Vec<Event>) -> String {
    let mut out = Vec::new();
    events.into_iter().for_each(|event| reader.event(event, &mut out));
    let mut grammar = Grammar::default();
    let mut told = String::new();
    for event in &out {
        grammar.take(event).unwrap();
        match event {
            Event::Open { block: Opening::Reasoning, .. } => told.push_str("(thinks) "),
            Event::Open { block: Opening::Text, .. } => told.push_str("(says) "),
            Event::Open { block: Opening::ToolCall { name, .. }, .. } => told.push_str(name),
            Event::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } => {
                told.push_str(text);
            }
            Event::Close { .. } => told.push_str(" | "),
            Event::Start(_)
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Usage(_)
            | Event::Stop(_)
            | Event::End
            | Event::Failed(_)
            | Event::Alive
            | Event::Opaque(_) => {}
        }
    }
    told
}

#[test]
fn blocks_of_text_become_blocks_of_thinking_and_text() {
    let pieces = ["<thi", "nk>\nHm", ".\n</thin", "k>\n", "\nI ", "look."];
    let told = "(thinks) Hm. | (says) I look. | clock{} | ";
    assert_eq!(read(TagReader::streamed(PLAIN), events(&pieces)), told);
    assert_eq!(read(TagReader::whole(PLAIN), events(&pieces)), told);
}

#[test]
fn a_call_behind_a_mere_thought_has_no_empty_text_before_it() {
    let pieces = ["<think>\nHm\n</think>\n\n"];
    assert_eq!(read(TagReader::streamed(PLAIN), events(&pieces)), "(thinks) Hm | clock{} | ");
}

#[test]
fn what_is_held_is_said_before_a_call_and_before_the_end() {
    assert_eq!(read(TagReader::streamed(PLAIN), events(&["<thi"])), "(says) <thi | clock{} | ");
    let mut unclosed = events(&["<think>Hm</"]);
    unclosed.retain(|event| !matches!(event, Event::Close { index: 0 }));
    assert_eq!(read(TagReader::streamed(PLAIN), unclosed), "(thinks) Hmclock{} | </ | ");
}

#[test]
fn an_answer_in_one_piece_is_understood_from_its_end() {
    let told = "(thinks) Hm | (says) So | clock{} | ";
    assert_eq!(read(TagReader::whole(PLAIN), events(&["Hm\n</thi", "nk>So"])), told);
    assert_eq!(read(TagReader::whole(PLAIN), events(&["So", "!"])), "(says) So! | clock{} | ");
}

#[test]
fn what_is_held_back_is_a_sign_of_life_and_no_content() {
    let mut reader = TagReader::streamed(PLAIN);
    let mut out = Vec::new();
    for event in events(&["<th"]).into_iter().take(3) {
        reader.event(event, &mut out);
    }
    assert!(!out.iter().any(Event::commits), "{out:?}");
    assert_eq!(out.last(), Some(&Event::Alive));
}
