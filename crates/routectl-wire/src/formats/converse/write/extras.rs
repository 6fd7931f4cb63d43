//! `additionalModelRequestFields`: what the model knows and Converse does not. (facts: bedrock,
//! section 2.1)

use std::borrow::Cow;

use routectl_core::{Loss, Request};

use super::{Writer, settings, tools};
use crate::json::{self, Node, Object};

/// What a client of Messages said that goes to Claude as it is.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// Tools that Anthropic defines and the client runs.
    pub(super) tools: Vec<VendorTool>,
    /// Members of the body and their raw values.
    members: Vec<(String, String)>,
}

/// A tool of Anthropic's, by the name that calls have.
#[derive(Debug)]
pub(super) struct VendorTool {
    pub(super) name: String,
    json: String,
}

/// Members that Claude takes on Bedrock. (facts: bedrock, section 1.3)
const MEMBERS: [&str; 2] = ["context_management", "user_profile_id"];

/// How the types of tools begin that need none of Anthropic's servers.
const TOOLS: [&str; 4] = ["bash_", "text_editor_", "memory_", "computer_"];

impl Extras {
    /// Takes out of a request what can be said to Claude.
    pub(super) fn taken(request: &mut Request, is_claude: bool) -> Self {
        let mut extras = Self::default();
        if !is_claude {
            return extras;
        }
        request.foreign.retain(|foreign| {
            if MEMBERS.contains(&foreign.path.as_str()) {
                extras.members.push((foreign.path.clone(), foreign.json.clone()));
                return false;
            }
            let tool = is_element(&foreign.path, "tools").then(|| VendorTool::read(&foreign.json));
            match tool.flatten() {
                Some(tool) => extras.tools.push(tool),
                None => return true,
            }
            false
        });
        extras
    }
}

impl VendorTool {
    fn read(json: &str) -> Option<Self> {
        let node = json::parse(json).ok()?;
        let text = |name| node.member(name).and_then(Node::text).map(Cow::into_owned);
        let kind = text("type")?;
        let name = text("name")?;
        let known = TOOLS.iter().any(|beginning| kind.starts_with(beginning));
        known.then(|| Self { name, json: json.to_owned() })
    }
}

/// Whether a path leads to an element of this list, and not into it.
fn is_element(path: &str, list: &str) -> bool {
    let index = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('['));
    index.and_then(|rest| rest.strip_suffix(']')).is_some_and(|index| !index.contains(']'))
}

/// Writes the member, if there is anything in it.
pub(super) fn write(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let mut fields = Vec::new();
    fill(writer, Object::new(&mut fields));
    if fields != b"{}" {
        body.raw("additionalModelRequestFields", &String::from_utf8(fields).unwrap_or_default());
    }
}

fn fill(writer: &mut Writer<'_>, mut fields: Object<'_>) {
    let extras = &writer.extras;
    extras.members.iter().for_each(|(name, json)| fields.raw(name, json));
    if !extras.tools.is_empty() {
        let mut list = fields.list("tools");
        extras.tools.iter().for_each(|tool| list.raw(&tool.json));
    }
    if writer.target.is_claude() {
        tools::write_choice(&writer.fitted, &mut fields);
    }
    writer.fitted.thinking.write(&mut fields);
    writer.plan.write(&mut fields);
    settings::top_k(writer, &mut fields);
    user(writer, &mut fields);
}

fn user(writer: &mut Writer<'_>, fields: &mut Object<'_>) {
    let Request { user: Some(user), names, .. } = &writer.fitted.request else { return };
    if writer.target.is_claude() {
        fields.object("metadata").text("user_id", user);
    } else {
        let reason = "the model does not ask who is behind a request";
        writer.losses.push(Loss::dropped(names.user, reason));
    }
}
