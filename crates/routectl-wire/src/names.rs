//! Names of tools and ids of calls, spelled as an upstream takes them: what is legal stays, and
//! what is not is replaced by a pure function of itself, so that nothing has to be remembered from
//! one request to the next.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use routectl_core::{CallIds, Content, Request, ToolChoice, ToolInput};
use sha2::{Digest as _, Sha256};

use crate::Renamed;

#[cfg(test)]
mod tests;

/// Longest name of a tool, and longest id of a call, at Anthropic. (facts: translation, section 4.3)
const LONGEST: usize = 64;
/// How much of a name that has to change can still be read.
const READABLE: usize = 51;
/// How many digits of a name's hash tell it from others.
const NAME_DIGITS: usize = 12;
/// How many digits of an id's hash stand in its place.
const ID_DIGITS: usize = 32;

/// The tools of one request, by the names that the upstream knows them by.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToolNames {
    renamed: Vec<Renamed>,
    /// Where a client's name stands in `renamed`.
    places: HashMap<String, usize>,
}

/// How tools that take text are told to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTools {
    /// As they are.
    Native,
    /// As tools of one argument, `input`.
    Wrapped,
}

impl ToolNames {
    /// The names of everything in a request that names a tool: the tools, the calls of earlier
    /// turns, the choice.
    pub(crate) fn of(request: &Request, text_tools: TextTools) -> Self {
        let used = used(request);
        let mut taken: HashSet<String> = HashSet::new();
        taken
            .extend(used.iter().filter(|(name, _)| is_legal(name)).map(|(it, _)| (*it).to_owned()));
        let mut names = Self::default();
        for (client, takes_text) in used {
            let takes_text = takes_text && text_tools == TextTools::Wrapped;
            if names.places.contains_key(client) || (is_legal(client) && !takes_text) {
                continue;
            }
            let upstream =
                if is_legal(client) { client.to_owned() } else { alias(client, &mut taken) };
            names.places.insert(client.to_owned(), names.renamed.len());
            names.renamed.push(Renamed { upstream, client: client.to_owned(), takes_text });
        }
        names
    }

    /// What the upstream calls the client's tool.
    pub(crate) fn upstream<'a>(&'a self, client: &'a str) -> &'a str {
        let renamed = self.places.get(client).and_then(|place| self.renamed.get(*place));
        renamed.map_or(client, |renamed| &renamed.upstream)
    }

    /// What the way back has to know.
    pub(crate) fn into_renamed(self) -> Vec<Renamed> {
        self.renamed
    }
}

/// Every name in a request and whether it is of a tool that takes text, in the order that a
/// growing conversation keeps.
fn used(request: &Request) -> Vec<(&str, bool)> {
    let takes_text = |input: &ToolInput| match input {
        ToolInput::Text { .. } => true,
        ToolInput::Schema(_) => false,
    };
    let mut names: Vec<(&str, bool)> = Vec::new();
    names.extend(request.tools.iter().map(|tool| (tool.name.as_str(), takes_text(&tool.input))));
    for block in request.turns.iter().flat_map(|turn| &turn.blocks) {
        if let Content::ToolCall(call) = &block.content {
            names.push((&call.name, call.takes_text));
        }
    }
    match &request.tool_choice {
        Some(ToolChoice::Named(name)) => names.push((name, false)),
        Some(ToolChoice::Allowed { names: allowed, .. }) => {
            names.extend(allowed.iter().map(|name| (name.as_str(), false)));
        }
        Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) | None => {}
    }
    names
}

/// A name that the vendors take: this one if it is, else one made of it.
pub(crate) fn legal(name: &str) -> Cow<'_, str> {
    if is_legal(name) { Cow::Borrowed(name) } else { Cow::Owned(alias(name, &mut HashSet::new())) }
}

/// A legal name for a tool whose own is not, unlike all others of the request.
fn alias(name: &str, taken: &mut HashSet<String>) -> String {
    let mut readable: String = name.chars().take(READABLE).collect();
    readable = readable.replace(|character| !is_plain(character), "_");
    let mut salted = name.to_owned();
    loop {
        let alias = format!("{readable}_{}", hex(&salted, NAME_DIGITS));
        if taken.insert(alias.clone()) {
            return alias;
        }
        salted.push('\0');
    }
}

/// Which ids of calls an upstream takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallIdRule {
    /// Letters, digits, `_` and `-`, at most 64.
    Claude,
    /// Anything of at most 40 characters.
    Forty,
    /// Exactly nine letters and digits.
    Nine,
    /// As Claude, with `.` and `:` as well. (facts: bedrock, section 2.1)
    Converse,
}

impl From<CallIds> for CallIdRule {
    fn from(ids: CallIds) -> Self {
        match ids {
            CallIds::Forty => Self::Forty,
            CallIds::Nine => Self::Nine,
        }
    }
}

impl CallIdRule {
    /// A call's id as this rule takes it: the same for the call and for its result.
    pub(crate) fn apply(self, id: &str) -> Cow<'_, str> {
        if self.allows(id) {
            return Cow::Borrowed(id);
        }
        Cow::Owned(match self {
            Self::Claude => format!("toolu_{}", hex(id, ID_DIGITS)),
            Self::Forty => format!("call_{}", hex(id, ID_DIGITS)),
            Self::Nine => nine(id),
            Self::Converse => format!("tooluse_{}", hex(id, ID_DIGITS)),
        })
    }

    fn allows(self, id: &str) -> bool {
        match self {
            Self::Claude => is_legal(id),
            Self::Forty => !id.is_empty() && id.chars().count() <= 40,
            Self::Nine => id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Self::Converse => {
                let plain = |it: char| is_plain(it) || matches!(it, '.' | ':');
                (1..=LONGEST).contains(&id.len()) && id.chars().all(plain)
            }
        }
    }
}

/// Whether both vendors take this as a tool's name, and Anthropic as a call's id.
fn is_legal(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.chars().all(is_plain)
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// The first digits of a text's SHA-256.
pub(crate) fn hex(text: &str, digits: usize) -> String {
    hex_of(&Sha256::digest(text), digits)
}

/// The first digits of a digest.
pub(crate) fn hex_of(digest: &[u8], digits: usize) -> String {
    let mut hex = String::with_capacity(64);
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

/// Nine letters and digits of a text's SHA-256.
fn nine(text: &str) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let seed = Sha256::digest(text).into_iter().take(8);
    let mut rest = seed.fold(0_u64, |number, byte| number << 8 | u64::from(byte));
    let mut id = String::with_capacity(9);
    for _ in 0..9 {
        let place = usize::try_from(rest % 62).unwrap_or_default();
        id.push(char::from(ALPHABET.get(place).copied().unwrap_or(b'0')));
        rest /= 62;
    }
    id
}
