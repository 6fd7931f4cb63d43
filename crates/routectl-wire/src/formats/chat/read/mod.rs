//! Requests → the hub: every member is read, kept as foreign, or refused with its path.

mod assistant;
mod cache;
mod conversation;
mod elsewhere;
mod members;
mod parts;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(crate) use parts::{THINKING, may_think};
use routectl_core::{Block, MemberNames, Place, ReasoningControl, Request, Tool, ToolChoice};

use crate::formats::expect;
use crate::json::{self, Node};
use crate::{BadRequest, Document, pairs};

/// A request in the hub's words.
pub(super) fn request(body: &Document) -> Result<Request, BadRequest> {
    let text = simdutf8::basic::from_utf8(body.bytes())
        .map_err(|error| BadRequest::new("", error.to_string()))?;
    let root = json::parse(text).map_err(|error| BadRequest::new("", error.to_string()))?;
    let last: HashMap<_, _> = said(&root, Place::BODY, "")?.collect();
    let mut draft = Draft::of(&root);
    for (name, value) in said(&root, Place::BODY, "")? {
        // Of doubled members the last one counts, as in most parsers.
        if last.get(name).is_some_and(|last| std::ptr::eq(*last, value)) {
            members::read(&mut draft, name, value)?;
        }
    }
    draft.finish()
}

/// What a body says of thinking, and by which members, without reading the rest of it. `None`
/// where it says so in a way that nobody understands.
pub(crate) fn wish(body: &Document) -> Option<(ReasoningControl, Vec<&'static str>)> {
    let mut knobs = thinking::Knobs::default();
    let mut members = Vec::new();
    for name in thinking::MEMBERS {
        let Some(raw) = body.get(name).filter(|raw| *raw != b"null") else { continue };
        let node = json::parse(std::str::from_utf8(raw).ok()?).ok()?;
        // Templates have other variables too.
        let speaks = name != "chat_template_kwargs"
            || thinking::VARIABLES.iter().any(|variable| node.member(variable).is_some());
        if speaks {
            thinking::take(&mut knobs, name, &node, &mut Vec::new()).ok()?;
            members.push(name);
        }
    }
    Some((knobs.settled(), members))
}

/// The thinking that one assistant's message says.
pub(crate) fn thoughts(message: &Document, place: Place) -> Option<Vec<Block>> {
    assistant::thoughts_of(message, place)
}

/// A request as far as it is read. What several members say together is settled at the end, so
/// that their order does not matter.
struct Draft<'n, 'a> {
    root: &'n Node<'a>,
    request: Request,
    ending: Option<conversation::Ending>,
    thinking: thinking::Knobs,
}

impl<'n, 'a> Draft<'n, 'a> {
    fn of(root: &'n Node<'a>) -> Self {
        let thinking = thinking::Knobs::default();
        Self { root, request: Request::default(), ending: None, thinking }
    }

    /// A member of the body, if it says anything.
    fn member(&self, name: &str) -> Option<&'n Node<'a>> {
        self.root.member(name).filter(|node| !node.is_null())
    }

    /// What the client calls the members that it may call otherwise.
    fn names(&self) -> MemberNames {
        let first = |names: &[&'static str], usual: &'static str| {
            names.iter().copied().find(|name| self.member(name).is_some()).unwrap_or(usual)
        };
        let usual = MemberNames::default();
        MemberNames {
            max_tokens: first(&["max_completion_tokens"], usual.max_tokens),
            reasoning: first(&thinking::MEMBERS, usual.reasoning),
            tool_choice: first(&["tool_choice", "function_call"], usual.tool_choice),
            user: first(&["safety_identifier"], usual.user),
            ..usual
        }
    }

    fn finish(self) -> Result<Request, BadRequest> {
        let body = Place::BODY;
        let names = self.names();
        self.member("model").ok_or_else(|| expect::missing(body, "model"))?;
        let choice = match self.member("tool_choice") {
            Some(_) => "tool_choice",
            None => "function_call",
        };
        let ending = self.ending.ok_or_else(|| expect::missing(body, "messages"))?;
        let mut request = self.request;
        request.reasoning = self.thinking.settled();
        request.names = names;
        check_names(&request.tools)?;
        settle_choice(&mut request, choice)?;
        let id = if request.wishes.old_functions { "name" } else { "tool_call_id" };
        pairs::check(&request, id)?;
        pairs::gather(&mut request);
        ending.check(&request)?;
        Ok(request)
    }
}

/// A choice among no tools means nothing, unless it names one. (facts: translation, section 4.4)
fn settle_choice(request: &mut Request, member: &str) -> Result<(), BadRequest> {
    let names = match &request.tool_choice {
        Some(ToolChoice::Named(name)) => std::slice::from_ref(name),
        Some(ToolChoice::Allowed { names, .. }) => names.as_slice(),
        Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) | None => &[],
    };
    let offered: HashSet<&str> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
    if let Some(name) = names.iter().find(|name| !offered.contains(name.as_str())) {
        let problem = format!("names the tool {name:?}, which the request does not offer");
        return Err(BadRequest::new(member, problem));
    }
    if request.tools.is_empty() {
        request.tool_choice = None;
        request.parallel_calls = None;
    }
    Ok(())
}

/// Two tools of one name cannot be told apart in a call.
fn check_names(tools: &[Tool]) -> Result<(), BadRequest> {
    let mut names = HashSet::new();
    match tools.iter().find(|tool| !names.insert(tool.name.as_str())) {
        Some(tool) => {
            let problem = format!("an earlier tool has the name {:?} too", tool.name);
            Err(BadRequest::new(tool.place.to_string(), problem))
        }
        None => Ok(()),
    }
}

/// An object's members but for those that are null: clients write it for "not set".
fn said<'n, 'a>(
    node: &'n Node<'a>,
    place: Place,
    name: &str,
) -> Result<impl Iterator<Item = (&'n str, &'n Node<'a>)>, BadRequest> {
    let members = expect::object(node, place, name)?.iter();
    Ok(members.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_ref(), value)))
}

/// The `type` of an object, if it says one.
fn kind<'a>(node: &Node<'a>, place: Place) -> Result<Option<Cow<'a, str>>, BadRequest> {
    expect::object(node, place, "")?;
    let kind = node.member("type").filter(|kind| !kind.is_null());
    kind.map(|kind| expect::text(kind, place, "type")).transpose()
}
