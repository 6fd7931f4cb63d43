//! Conversations that both formats can say: text, images, documents, tools, what they gave, and
//! the settings that both have.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use routectl_core::{
    Block, CacheMark, Content, OutputFormat, Place, ReasoningControl, Request, Role, Sampling,
    Source, Tier, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Ttl, Turn,
};

/// Any request of the kind.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    let tools = vec(tool(), 0..4).prop_map(distinct);
    (tools, vec(text(), 0..3), vec(exchange(), 0..4), user_blocks(), settings()).prop_map(
        |(tools, system, exchanges, last, settings)| {
            let mut request = Request { model: "one".to_owned(), ..Request::default() };
            request.system = system.into_iter().map(said).collect();
            request.turns = turns(exchanges, last, &tools);
            request.tools = tools;
            settings.apply(&mut request);
            request
        },
    )
}

fn said(text: String) -> Block {
    Block::text(text, Place::BODY)
}

fn block(content: Content) -> Block {
    Block { content, place: Place::BODY, cache: None }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}( [a-z]{1,8}){0,3}",
        "[ \\n]?[a-zäß€🙂\"\\\\\\n\\t{}<>]{1,12}x[ \\n]?",
        Just("{\"not\": \"arguments\"}".to_owned()),
    ]
}

fn picture() -> impl Strategy<Value = Block> {
    let base64 =
        || Source::Base64 { media_type: "image/png".to_owned(), bytes: "iVBORw0KGgoA".to_owned() };
    let url = Source::Url("https://example.com/one.png?size=2&x=%20".to_owned());
    prop_oneof![Just(url), Just(base64())].prop_map(|source| block(Content::Image(source)))
}

fn document() -> impl Strategy<Value = Block> {
    "[a-z]{1,8}\\.pdf".prop_map(|title| {
        let source = Source::Base64 {
            media_type: "application/pdf".to_owned(),
            bytes: "JVBERi0xLjQK".to_owned(),
        };
        block(Content::Document { source, title: Some(title), about: None })
    })
}

fn user_blocks() -> impl Strategy<Value = Vec<Block>> {
    let one = prop_oneof![4 => text().prop_map(said), 1 => picture(), 1 => document()];
    vec(one, 1..4)
}

/// One turn of the user, one of the assistant, and what its calls gave.
#[derive(Debug, Clone)]
struct Exchange {
    user: Vec<Block>,
    /// The operator speaks behind the user.
    system: Option<String>,
    says: Option<String>,
    calls: Vec<(String, Index, String, ToolResult)>,
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let call = (id(), any::<Index>(), arguments(), result());
    let system = option::weighted(0.2, text());
    (user_blocks(), system, option::of(text()), vec(call, 0..4)).prop_map(
        |(user, system, says, calls)| {
            let says = says.or_else(|| calls.is_empty().then(|| "Well.".to_owned()));
            Exchange { user, system, says, calls }
        },
    )
}

/// Ids that every host takes, and ids that none takes.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "call_[a-zA-Z0-9]{6,20}",
        1 => "functions\\.[a-z]{1,5}:[0-9]",
        1 => "[a-z0-9|]{45,70}",
    ]
}

fn arguments() -> impl Strategy<Value = String> {
    select(vec![
        "{}",
        r#"{"b":1,"a":[1.0,1e3,-0.5],"c":null}"#,
        r#"{"text":"naïve \"quoted\" \\ \n","deep":{"x":{"y":[{}]}}}"#,
        r#"{"big":12345678901234567890,"z":true}"#,
    ])
    .prop_map(str::to_owned)
}

fn result() -> impl Strategy<Value = ToolResult> {
    let one = prop_oneof![4 => text().prop_map(said), 1 => picture()];
    (vec(one, 0..3), prop::bool::weighted(0.2)).prop_map(|(blocks, failed)| {
        // A failure is told before its text, so that there has to be one.
        let failed = failed && blocks.first().is_some_and(|first| first.as_text().is_some());
        ToolResult { call: String::new(), blocks, failed }
    })
}

fn tool() -> impl Strategy<Value = Tool> {
    let name = prop_oneof![
        4 => "[a-zA-Z_][a-zA-Z0-9_-]{0,20}",
        1 => "mcp\\.[a-z/ ]{1,20}",
        1 => "[a-z_]{65,90}",
    ];
    let schema = select(vec![
        r#"{"type":"object","properties":{}}"#,
        r#"{"type":"object","properties":{"b":{"type":"number","minimum":1.0},"a":{"enum":["x",1e2]}},"required":["b"]}"#,
    ]);
    (name, option::of(text()), schema).prop_map(|(name, description, schema)| Tool {
        name,
        description,
        input: ToolInput::Schema(Some(schema.to_owned())),
        strict: None,
        cache: None,
        place: Place::BODY,
    })
}

fn distinct(tools: Vec<Tool>) -> Vec<Tool> {
    let mut kept: Vec<Tool> = Vec::new();
    for tool in tools {
        if kept.iter().all(|other| other.name != tool.name) {
            kept.push(tool);
        }
    }
    kept
}

/// The conversation: it begins and ends with the user, and every call has its result.
fn turns(exchanges: Vec<Exchange>, last: Vec<Block>, tools: &[Tool]) -> Vec<Turn> {
    let turn = |role, blocks| Turn { role, blocks, place: Place::BODY };
    let mut turns: Vec<Turn> = Vec::new();
    let mut results: Vec<Block> = Vec::new();
    let mut used: Vec<String> = Vec::new();
    for Exchange { user, system, says, calls } in exchanges {
        results.extend(user);
        turns.push(turn(Role::User, std::mem::take(&mut results)));
        turns.extend(system.map(|text| turn(Role::System, vec![said(text)])));
        let mut blocks: Vec<Block> = says.into_iter().map(said).collect();
        for (id, which, arguments, result) in calls {
            if tools.is_empty() || used.contains(&id) {
                continue;
            }
            let name = which.get(tools).name.clone();
            used.push(id.clone());
            let call = ToolCall { id: id.clone(), name, arguments, takes_text: false };
            blocks.push(block(Content::ToolCall(call)));
            results.push(block(Content::ToolResult(ToolResult { call: id, ..result })));
        }
        if blocks.is_empty() {
            blocks.push(said("Well.".to_owned()));
        }
        turns.push(turn(Role::Assistant, blocks));
    }
    results.extend(last);
    turns.push(turn(Role::User, results));
    turns
}

/// What is set beside the conversation.
#[derive(Debug, Clone)]
struct Settings {
    max_tokens: u64,
    sampling: Sampling,
    stops: Vec<String>,
    choice: Option<ToolChoice>,
    named: Index,
    single: bool,
    thinks_not: bool,
    schema: bool,
    user: Option<String>,
    tier: Option<Tier>,
    mark: Option<CacheMark>,
}

fn settings() -> impl Strategy<Value = Settings> {
    let limits = (1_u64..100_000, sampling(), vec("[a-z#\\n]{0,3}[a-z#]", 0..5));
    let choice = select(vec![
        None,
        Some(ToolChoice::Auto),
        Some(ToolChoice::None),
        Some(ToolChoice::Required),
        Some(ToolChoice::Named(String::new())),
    ]);
    let tools = (choice, any::<Index>(), any::<bool>());
    let mark = select(vec![
        None,
        Some(CacheMark { ttl: None }),
        Some(CacheMark { ttl: Some(Ttl::FiveMinutes) }),
        Some(CacheMark { ttl: Some(Ttl::OneHour) }),
    ]);
    let rest = (any::<bool>(), any::<bool>(), option::of("[a-z0-9_-]{1,64}"), any::<bool>(), mark);
    (limits, tools, rest).prop_map(
        |(
            (max_tokens, sampling, stops),
            (choice, named, single),
            (off, schema, user, tier, mark),
        )| {
            let tier = tier.then_some(Tier::Standard);
            let thinks_not = off;
            Settings {
                max_tokens,
                sampling,
                stops,
                choice,
                named,
                single,
                thinks_not,
                schema,
                user,
                tier,
                mark,
            }
        },
    )
}

fn sampling() -> impl Strategy<Value = Sampling> {
    let part = || option::of((0_u32..=100).prop_map(|percent| f64::from(percent) / 100.0));
    (part(), part()).prop_map(|(temperature, top_p)| Sampling { temperature, top_p, top_k: None })
}

impl Settings {
    fn apply(&self, request: &mut Request) {
        request.max_tokens = Some(self.max_tokens);
        if request.turns.iter().all(|turn| turn.role != Role::System) {
            request.sampling = self.sampling;
        }
        request.stops = self.stops.clone();
        request.stops.dedup();
        request.user = self.user.clone();
        request.tier = self.tier;
        if self.thinks_not {
            request.reasoning = ReasoningControl { enabled: Some(false), ..Default::default() };
        }
        if self.schema {
            request.output = Some(OutputFormat::JsonSchema {
                name: None,
                description: None,
                schema: r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}},"required":["z","a"],"additionalProperties":false}"#.to_owned(),
                strict: Some(true),
            });
        }
        if !request.tools.is_empty() {
            let name = self.named.get(&request.tools).name.clone();
            request.parallel_calls = self.single.then_some(false);
            request.tool_choice = self.choice.clone().map(|choice| match choice {
                ToolChoice::Named(_) => ToolChoice::Named(name),
                ToolChoice::Auto
                | ToolChoice::None
                | ToolChoice::Required
                | ToolChoice::Allowed { .. } => choice,
            });
        }
        self.mark(request);
    }

    /// Marks the end of the tools, of the system text and of the last turn, as agents do.
    fn mark(&self, request: &mut Request) {
        let last = request.turns.last_mut().and_then(|turn| turn.blocks.last_mut());
        for block in [request.system.last_mut(), last].into_iter().flatten() {
            block.cache = self.mark;
        }
        if let Some(tool) = request.tools.last_mut() {
            tool.cache = self.mark;
        }
    }
}
