//! A value of the client's body and where it stands, so that every refusal can name it.

use std::borrow::Cow;

use routectl_core::{Foreign, IfLost, Place};

use crate::BadRequest;
use crate::formats::expect;
use crate::json::{Node, Value};

/// Most members of one object. The vendor's own objects have fewer than 40.
const MAX_MEMBERS: usize = 128;

/// A member that is in no list of the vendor's.
pub(super) const UNKNOWN: IfLost = IfLost::Told("not known to this format");

/// A value and where it stands: a member of what stands above, or that itself where the name is
/// empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'n, 'a> {
    above: Place,
    pub(super) name: &'static str,
    pub(super) node: &'n Node<'a>,
}

impl<'n, 'a> Spot<'n, 'a> {
    /// A member of the body.
    pub(super) fn member(name: &'static str, node: &'n Node<'a>) -> Self {
        Self { above: Place::BODY, name, node }
    }

    /// Its own place.
    pub(super) fn place(self) -> Place {
        if self.name.is_empty() { self.above } else { self.above.member(self.name) }
    }

    /// A problem with it.
    pub(super) fn bad(self, problem: impl Into<String>) -> BadRequest {
        BadRequest::new(self.above.path(self.name), problem)
    }

    /// The raw text of an object that is kept as it is, however many members it has.
    pub(super) fn raw_object(self) -> Result<&'a str, BadRequest> {
        expect::object(self.node, self.above, self.name)?;
        Ok(self.node.raw)
    }

    /// Its raw text.
    pub(super) fn raw(self) -> String {
        self.node.raw.to_owned()
    }

    /// An object with a bounded number of members.
    pub(super) fn object(self) -> Result<Self, BadRequest> {
        let members = expect::object(self.node, self.above, self.name)?;
        if members.len() > MAX_MEMBERS {
            let problem = format!("has {} members; at most {MAX_MEMBERS} are read", members.len());
            return Err(self.bad(problem));
        }
        Ok(self)
    }

    /// A member, unless it is null. Only of what `object` has let through.
    pub(super) fn get(self, name: &'static str) -> Option<Self> {
        let node = self.node.member(name).filter(|node| !node.is_null())?;
        Some(Self { above: self.place(), name, node })
    }

    /// A member that has to be there.
    pub(super) fn need(self, name: &'static str) -> Result<Self, BadRequest> {
        self.get(name).ok_or_else(|| expect::missing(self.place(), name))
    }

    /// An object's members in their order: the last of doubled ones, none that is null.
    pub(super) fn members(self) -> impl Iterator<Item = (&'n str, &'n Node<'a>)> {
        let members = self.node.object().unwrap_or_default();
        members.iter().enumerate().filter_map(move |(at, (name, node))| {
            let doubled = members.iter().skip(at + 1).any(|(later, _)| later == name);
            (!doubled && !node.is_null()).then_some((name.as_ref(), node))
        })
    }

    /// Keeps the members that the hub has no word for. `sort` says what their loss means and is
    /// silent about those that are read, and about values that mean nothing.
    pub(super) fn keep_foreign(
        self,
        foreign: &mut Vec<Foreign>,
        sort: impl Fn(&str, &Node<'_>) -> Option<IfLost>,
    ) {
        for (name, node) in self.members() {
            if let Some(if_lost) = sort(name, node) {
                foreign.push(expect::foreign(self.place(), name, node, if_lost));
            }
        }
    }

    /// This as something that only Claude's hosts know.
    pub(super) fn foreign(self, if_lost: IfLost) -> Foreign {
        expect::foreign(self.above, self.name, self.node, if_lost)
    }

    /// The elements of a list of bounded length.
    pub(super) fn elements(self) -> Result<impl Iterator<Item = Self>, BadRequest> {
        Ok(self.numbered(expect::list(self.node, self.above, self.name)?))
    }

    /// The elements of a list that may be as long as a conversation.
    pub(super) fn messages(self) -> Result<impl Iterator<Item = Self>, BadRequest> {
        Ok(self.numbered(expect::messages(self.node, self.above, self.name)?))
    }

    fn numbered(self, nodes: &'n [Node<'a>]) -> impl Iterator<Item = Self> {
        let place = self.place();
        nodes.iter().enumerate().map(move |(index, node)| Self {
            above: place.index(index),
            name: "",
            node,
        })
    }

    /// A string.
    pub(super) fn text(self) -> Result<Cow<'a, str>, BadRequest> {
        expect::text(self.node, self.above, self.name)
    }

    /// A string that is not empty.
    pub(super) fn word(self) -> Result<String, BadRequest> {
        let text = self.text()?;
        if text.is_empty() { Err(self.bad("must not be empty")) } else { Ok(text.into_owned()) }
    }

    /// One of these words.
    pub(super) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Result<T, BadRequest> {
        let text = self.text()?;
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words = words.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            expect::unknown_word(self.above, self.name, &text, &words)
        })
    }

    /// `true` or `false`.
    pub(super) fn boolean(self) -> Result<bool, BadRequest> {
        expect::boolean(self.node, self.above, self.name)
    }

    /// A whole number, not negative.
    pub(super) fn count(self) -> Result<u64, BadRequest> {
        expect::count(self.node, self.above, self.name)
    }

    /// A number from 0 to 1.
    pub(super) fn share(self) -> Result<f64, BadRequest> {
        let number = expect::number(self.node, self.above, self.name)?;
        if (0.0..=1.0).contains(&number) {
            Ok(number)
        } else {
            let found = expect::short(self.node.raw);
            Err(self.bad(format!("expected a number from 0 to 1, found {found}")))
        }
    }
}

/// Whether a value has nothing in it.
pub(super) fn is_empty(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number | Value::Text => false,
    }
}

/// Whether a value is the literal `true`.
pub(super) fn is_true(node: &Node<'_>) -> bool {
    node.value == Value::Bool(true)
}
