//! One pass over JSON text: a tree of borrowed values that know their own spelling.

use std::borrow::Cow;

use super::text::unescape;
use crate::eights::string_end;

/// Deepest nesting that is read. What clients send stays below 40.
const MAX_DEPTH: usize = 128;

/// Most values of one text: a body of 32 MiB could hold ten million, in a gigabyte of memory. A long
/// conversation of an agent has some ten thousand.
const MAX_VALUES: usize = 2_000_000;

/// A value and its own spelling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'a> {
    /// The text of the value, as it was written.
    pub raw: &'a str,
    pub value: Value<'a>,
}

/// What a value is. Numbers and strings are spelled out only when asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number,
    Text,
    List(Vec<Node<'a>>),
    /// Members in their order; doubled ones are all there.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at byte {at}: expected {expected}")]
pub(crate) struct BadJson {
    pub at: usize,
    pub expected: &'static str,
}

/// Reads a JSON text.
///
/// # Errors
/// Where and why it is none.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, BadJson> {
    let mut reader = Reader { text, at: 0, values: 0 };
    reader.space();
    let node = reader.node(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => reader.expected("the end"),
    }
}

impl<'a> Node<'a> {
    /// The text, if this is a string. Lone surrogates become U+FFFD.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match self.value {
            Value::Text => Some(unescape(self.raw.get(1..self.raw.len() - 1)?)),
            Value::Null | Value::Bool(_) | Value::Number | Value::List(_) | Value::Object(_) => {
                None
            }
        }
    }

    /// The elements, if this is a list.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Null | Value::Bool(_) | Value::Number | Value::Text | Value::Object(_) => None,
        }
    }

    /// The members, if this is an object.
    pub(crate) fn object(&self) -> Option<&[(Cow<'a, str>, Self)]> {
        match &self.value {
            Value::Object(members) => Some(members),
            Value::Null | Value::Bool(_) | Value::Number | Value::Text | Value::List(_) => None,
        }
    }

    /// A member of an object; the last one where it is doubled, as most parsers do.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let members = self.object()?;
        members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether this is `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What this is, for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number => "a number",
            Value::Text => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many values were read so far.
    values: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, BadJson> {
        Err(BadJson { at: self.at, expected })
    }

    fn from(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, BadJson> {
        if depth > MAX_DEPTH {
            return self.expected("less nesting");
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return self.expected("at most two million values");
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => {
                self.string()?;
                Value::Text
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { raw: self.from(start), value })
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, BadJson> {
        let mut members = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.expected("a member name in double quotes");
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.expected("':' after a member name");
            }
            self.at += 1;
            self.space();
            members.push((unescape(key), self.node(depth + 1)?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                _ => return self.expected("',' or '}' after a member"),
            }
            self.space();
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, BadJson> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.node(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                _ => return self.expected("',' or ']' after an element"),
            }
            self.space();
        }
    }

    /// Reads a string and gives what stands between its quotes.
    fn string(&mut self) -> Result<&'a str, BadJson> {
        let start = self.at + 1;
        let Some(end) = string_end(self.text.as_bytes(), start) else {
            return self.expected("the end of the string that starts here");
        };
        self.at = end;
        Ok(self.text.get(start..end - 1).unwrap_or_default())
    }

    fn number(&mut self) -> Result<Value<'a>, BadJson> {
        let start = self.at;
        while let Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') = self.peek() {
            self.at += 1;
        }
        match self.from(start).parse::<f64>() {
            Ok(_) => Ok(Value::Number),
            Err(_) => self.expected("a number before this"),
        }
    }

    fn word(&mut self) -> Result<Value<'a>, BadJson> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
        {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.expected("a value")
    }
}
