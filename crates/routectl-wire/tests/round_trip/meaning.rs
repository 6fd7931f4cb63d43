//! What a request means, apart from how a format says it: places do not matter, neighbours of a
//! role are one turn, names and ids are whichever they are, as long as the same ones stay the same.

use routectl_core::{
    Block, CacheMark, Content, OutputFormat, Request, Role, Sampling, Source, Tier, Tool,
    ToolChoice, ToolInput,
};

/// What a request means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meaning {
    system: String,
    turns: Vec<(Role, Vec<Part>)>,
    tools: Vec<(usize, Option<String>, String, Option<CacheMark>)>,
    choice: Option<(ToolChoice, usize)>,
    single: bool,
    max_tokens: Option<u64>,
    sampling: Sampling,
    stops: Vec<String>,
    thinks_not: bool,
    schema: Option<String>,
    user: Option<String>,
    tier: Option<Tier>,
    marked_system: Option<CacheMark>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String, Option<CacheMark>),
    Picture(String, Option<CacheMark>),
    File(String, Option<String>, Option<CacheMark>),
    Call { id: usize, name: usize, arguments: String },
    Result { id: usize, parts: Vec<Self> },
}

/// Names in the order in which they are met.
#[derive(Default)]
struct Numbers(Vec<String>);

impl Numbers {
    fn of(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

impl Meaning {
    pub(crate) fn of(request: &Request) -> Self {
        let mut names = Numbers::default();
        let tools = request.tools.iter().map(|tool| tool_means(tool, &mut names)).collect();
        let choice = request.tool_choice.clone().and_then(|choice| match choice {
            ToolChoice::Auto => None,
            ToolChoice::Named(name) => Some((ToolChoice::Named(String::new()), names.of(&name))),
            ToolChoice::None | ToolChoice::Required | ToolChoice::Allowed { .. } => {
                Some((choice, 0))
            }
        });
        Self {
            system: texts(&request.system).join("\n\n"),
            turns: turns(request, &mut names),
            tools,
            choice,
            // Without any call there is no second one.
            single: request.parallel_calls == Some(false)
                && request.tool_choice != Some(ToolChoice::None),
            max_tokens: request.max_tokens,
            sampling: sampling_means(request.sampling),
            stops: request.stops.clone(),
            thinks_not: request.reasoning.enabled == Some(false),
            schema: match &request.output {
                Some(OutputFormat::JsonSchema { schema, .. }) => Some(schema.clone()),
                Some(OutputFormat::JsonObject) => Some("any".to_owned()),
                None => None,
            },
            user: request.user.clone(),
            tier: request.tier,
            marked_system: request.system.last().and_then(|block| block.cache),
        }
    }
}

/// One is the default of both, and need not be said.
fn sampling_means(sampling: Sampling) -> Sampling {
    let said = |value: Option<f64>| value.filter(|value| *value < 1.0);
    Sampling {
        temperature: said(sampling.temperature),
        top_p: said(sampling.top_p),
        top_k: sampling.top_k,
    }
}

fn tool_means(
    tool: &Tool,
    names: &mut Numbers,
) -> (usize, Option<String>, String, Option<CacheMark>) {
    let schema = match &tool.input {
        ToolInput::Schema(schema) => schema.clone().unwrap_or_default(),
        ToolInput::Text { grammar } => grammar.clone().unwrap_or_default(),
    };
    (names.of(&tool.name), tool.description.clone(), schema, tool.cache)
}

fn texts(blocks: &[Block]) -> Vec<&str> {
    blocks.iter().filter_map(Block::as_text).collect()
}

fn turns(request: &Request, names: &mut Numbers) -> Vec<(Role, Vec<Part>)> {
    let mut ids = Numbers::default();
    let mut turns: Vec<(Role, Vec<Part>)> = Vec::new();
    for turn in &request.turns {
        let parts = turn.blocks.iter().map(|block| part(block, names, &mut ids));
        let mut parts: Vec<Part> = parts.collect();
        match turns.last_mut() {
            Some((role, before)) if *role == turn.role => before.append(&mut parts),
            Some(_) | None => turns.push((turn.role, parts)),
        }
    }
    for (_, parts) in turns.iter_mut().filter(|(role, _)| *role == Role::Assistant) {
        join_texts(parts);
    }
    turns
}

/// What the model says in pieces without anything between them is one text.
fn join_texts(parts: &mut Vec<Part>) {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts.drain(..) {
        match (joined.last_mut(), part) {
            (Some(Part::Text(before, _)), Part::Text(text, _)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    *parts = joined;
}

fn part(block: &Block, names: &mut Numbers, ids: &mut Numbers) -> Part {
    match &block.content {
        Content::Text(text) | Content::Refusal(text) => Part::Text(text.clone(), block.cache),
        Content::Image(source) => Part::Picture(address(source), block.cache),
        Content::Document { source, title, .. } => {
            Part::File(address(source), title.clone(), block.cache)
        }
        Content::ToolCall(call) => Part::Call {
            id: ids.of(&call.id),
            name: names.of(&call.name),
            arguments: call.arguments.clone(),
        },
        Content::ToolResult(result) => {
            let mut parts: Vec<Part> =
                result.blocks.iter().map(|block| part(block, names, ids)).collect();
            // Chat tells of a failure in the text.
            if let (true, Some(Part::Text(text, _))) = (result.failed, parts.first_mut()) {
                text.insert_str(0, "[tool error] ");
            }
            Part::Result { id: ids.of(&result.call), parts }
        }
        Content::Reasoning(_) | Content::Opaque { .. } => unreachable!("none is generated"),
    }
}

fn address(source: &Source) -> String {
    match source {
        Source::Base64 { media_type, bytes } => format!("{media_type} {bytes}"),
        Source::Url(text) | Source::File(text) | Source::Text(text) => text.clone(),
        Source::Blocks(_) => unreachable!("none is generated"),
    }
}
