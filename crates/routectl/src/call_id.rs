//! How a call of a tool is known again when its result, or the answer that made it, comes back.

use std::hash::{BuildHasher as _, RandomState};

use routectl_core::{Block, Request};

/// A call by its id. An id that many calls have (`call_0`, `functions.read:0`) says nothing alone: it
/// is told apart by the conversation and by the arguments.
#[derive(Debug, Clone)]
pub struct CallId {
    id: String,
    /// Without white space, which clients change; empty where the id is enough.
    arguments: String,
}

impl CallId {
    /// The id of a call with these arguments.
    pub fn of(id: &str, arguments: &str) -> Self {
        let mut call = Self { id: id.to_owned(), arguments: String::new() };
        call.goes_on(arguments);
        call
    }

    /// Takes more of the arguments, and says how many bytes of them are kept.
    pub fn goes_on(&mut self, arguments: &str) -> usize {
        if is_unique(&self.id) {
            return 0;
        }
        let before = self.arguments.len();
        self.arguments.extend(arguments.chars().filter(|it| !it.is_ascii_whitespace()));
        self.arguments.len() - before
    }

    /// Whether its id is in no other conversation, and once in its own.
    pub fn is_unique(&self) -> bool {
        is_unique(&self.id)
    }

    /// What it is kept by in a conversation with this digest.
    pub fn key(&self, hasher: &RandomState, conversation: u64) -> u64 {
        if is_unique(&self.id) {
            return hasher.hash_one(&self.id);
        }
        // A call without any is said in either way.
        let arguments = if self.arguments.is_empty() { "{}" } else { &self.arguments };
        hasher.hash_one((conversation, &self.id, arguments))
    }
}

/// How many calls that are the same in a conversation are told apart: pollers repeat themselves.
const MOST_REPEATS: usize = 64;

/// What stays known of such calls when one more comes: all of it, or the later half where they are
/// too many. One at a time would change the beginning of the prompt with every call.
pub fn kept_beside_another<T>(known: &[T]) -> &[T] {
    let gone = if known.len() < MOST_REPEATS { 0 } else { MOST_REPEATS / 2 };
    known.get(gone..).unwrap_or_default()
}

/// What is known of a call that came several times, the latest last: which of it is for the one that
/// so many more of them follow. Counted from the end, since histories lose their beginnings.
pub fn of_this_one<T>(known: &[T], later: usize) -> Option<&T> {
    known.get(known.len().checked_sub(later + 1)?)
}

/// The calls of a conversation whose ids say nothing alone: by what each is kept, and the index of
/// its message.
#[derive(Debug, Default)]
pub struct Calls(Vec<(u64, usize)>);

impl Calls {
    /// Those of a request.
    pub fn of(request: &Request, key: impl Fn(&CallId) -> u64) -> Self {
        let blocks = request.turns.iter().flat_map(|turn| &turn.blocks);
        let call = |block: &Block| {
            let call = block.as_call().filter(|call| !is_unique(&call.id))?;
            let at = block.place.first_index().unwrap_or_default() as usize;
            Some((key(&CallId::of(&call.id, &call.arguments)), at))
        };
        Self(blocks.filter_map(call).collect())
    }

    /// How many calls that are kept by the same come in later messages than this one.
    pub fn later(&self, key: u64, message: usize) -> usize {
        self.0.iter().filter(|(same, at)| *same == key && *at > message).count()
    }
}

/// Whether an id is in no other conversation: `call_0` and `functions.read:0` are in many.
pub fn is_unique(id: &str) -> bool {
    let tail = id.bytes().rev().take_while(u8::is_ascii_alphanumeric);
    tail.take(9).count() == 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_many_conversations_have_are_told() {
        for (id, unique) in [
            ("toolu_01PxyzAbCdEf", true),
            ("call_QxW9abcdEfGh12", true),
            ("chatcmpl-tool-0123456789abcdef", true),
            ("a1B2c3D4e", true),
            ("call_0", false),
            ("functions.read_file:12", false),
            ("", false),
        ] {
            assert_eq!(is_unique(id), unique, "{id}");
        }
    }

    #[test]
    fn an_id_that_many_calls_have_is_one_call_with_its_arguments_in_its_conversation() {
        let hasher = RandomState::new();
        let key = |id: &str, arguments: &str, conversation| {
            CallId::of(id, arguments).key(&hasher, conversation)
        };
        let one = key("call_0", r#"{"path":"a b"}"#, 1);
        assert_eq!(key("call_0", r#"{ "path": "a b" }"#, 1), one);
        assert_ne!(key("call_0", r#"{"path":"b"}"#, 1), one);
        assert_ne!(key("call_0", r#"{"path":"a b"}"#, 2), one);
        assert_eq!(key("call_0", "", 1), key("call_0", "{}", 1));
        assert_eq!(key("toolu_01PxyzAbCdEf", "{}", 1), key("toolu_01PxyzAbCdEf", "", 2));
    }

    #[test]
    fn what_is_too_much_goes_at_once_and_seldom() {
        let (mut known, mut moved): (Vec<usize>, usize) = (Vec::new(), 0);
        for call in 0..10 * MOST_REPEATS {
            let oldest = known.first().copied();
            known = [kept_beside_another(&known), &[call]].concat();
            moved += usize::from(oldest.is_some() && known.first().copied() != oldest);
            assert!(known.len() <= MOST_REPEATS && of_this_one(&known, 0) == Some(&call));
        }
        // Each time the beginning of a prompt changes.
        assert_eq!(moved, 18);
    }
}
