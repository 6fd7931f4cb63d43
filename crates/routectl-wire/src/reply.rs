//! What an answer has to heed on its way to the client: how the client wants it told, and what
//! translation changed on the way out.

use std::collections::HashMap;

use routectl_core::{Loss, Request, Wishes};

use crate::{Applied, ReasoningFields, estimate};

/// A request, written for an upstream of another format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelled {
    pub body: Vec<u8>,
    /// What the upstream does not get with its full meaning, in the order of the body. With a
    /// refused one among them the body is not to be sent.
    pub losses: Vec<Loss>,
    pub changes: Changes,
    /// What was done in the upstream's place, which the client is told of.
    pub applied: Applied,
}

impl Spelled {
    /// A written request. Writers find losses pass by pass; here they get the order of the body:
    /// those of one member together, by the places of the elements in it.
    pub(crate) fn new(body: Vec<u8>, mut losses: Vec<Loss>, changes: Changes) -> Self {
        let mut ranks: HashMap<String, usize> = HashMap::new();
        for loss in &losses {
            let member = first_member(&loss.path);
            if !ranks.contains_key(member) {
                ranks.insert(member.to_owned(), ranks.len());
            }
        }
        let rank = |path: &str| ranks.get(first_member(path)).copied();
        losses.sort_by_cached_key(|loss| (rank(&loss.path), indices(&loss.path)));
        Self { body, losses, changes, applied: Applied::default() }
    }
}

/// The member of the body that a path leads into.
fn first_member(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// The indices of a path, in order.
fn indices(path: &str) -> Vec<u64> {
    let steps = path.split('[').skip(1);
    steps.filter_map(|step| step.split(']').next()?.parse().ok()).collect()
}

/// What was changed on the way out and must be changed back in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Tools by the names the upstream knows them by.
    pub tools: Vec<Renamed>,
    /// Texts at which routectl ends the answer, since the upstream cannot.
    pub stops: Vec<String>,
    /// The tool whose arguments are the answer's text, as the upstream knows it.
    pub output_tool: Option<String>,
}

/// A tool that the upstream knows otherwise than the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What the upstream calls it.
    pub upstream: String,
    /// What the client calls it.
    pub client: String,
    /// It takes text for the client, and the member `input` of its arguments is that text.
    pub takes_text: bool,
}

/// How the client wants its answer told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The model name that the client asked for.
    pub model: String,
    /// When the request came, in seconds since 1970.
    pub created: u64,
    pub wishes: Wishes,
    /// Whether the client gets to see thinking.
    pub shows_reasoning: bool,
    /// The client asked for no thinking, and gets none of it, not even its seals.
    pub untold: bool,
    /// In which members, if the client speaks Chat.
    pub reasoning_fields: ReasoningFields,
    /// About how many tokens the prompt is, for an upstream that does not count.
    pub prompt_estimate: u64,
    /// What was done in the upstream's place.
    pub applied: Applied,
}

impl Reply {
    /// How the answer to this request is told, which the upstream gets spelled like this.
    pub fn to(request: &Request, spelled: &Spelled, created: u64) -> Self {
        Self {
            model: request.model.clone(),
            created,
            wishes: request.wishes,
            shows_reasoning: request.reasoning.show != Some(routectl_core::Show::Nothing),
            untold: false,
            reasoning_fields: ReasoningFields::default(),
            prompt_estimate: estimate::tokens([&*spelled.body]),
            applied: spelled.applied,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_stand_in_the_order_of_the_body() {
        let paths = ["messages[10].content[2]", "seed", "messages[2]", "messages[10].content[0].x"];
        let losses = paths.iter().map(|path| Loss::dropped(*path, "")).collect();
        let spelled = Spelled::new(Vec::new(), losses, Changes::default());
        let paths: Vec<_> = spelled.losses.iter().map(|loss| loss.path.as_str()).collect();
        let sorted =
            ["messages[2]", "messages[10].content[0].x", "messages[10].content[2]", "seed"];
        assert_eq!(paths, sorted);
    }
}
