//! What an error body says, whatever shape it comes in.
//!
//! No vendor promises the shape of its errors and no host keeps to its vendor's, so nothing is
//! required: an object, a string, an array, an HTML page and nothing at all are all read
//! (provider-quirks §1). A body of no known type is the one place for `serde_json::Value`.

use memchr::memmem;
use serde_json::Value;

use super::text::{clean, one_line, salvage, title};

/// Most of an error body that is read. Longer ones only echo the request.
const MAX_BODY: usize = 64 << 10;
/// Longest message kept: a screenful, and small enough for any log line.
const MAX_MESSAGE: usize = 4 << 10;
/// Longest type, code or path kept.
const MAX_TOKEN: usize = 256;
/// How often a body may stand inside another: an aggregator quotes a host that quotes its vendor.
const MAX_NESTING: u8 = 3;
/// How many of a list's complaints are told.
const MAX_LISTED: usize = 8;

/// An upstream's complaint, in its own words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Complaint {
    /// What it says to people; empty when it says nothing.
    pub message: String,
    /// Its error type, e.g. `overloaded_error`.
    pub kind: Option<String>,
    /// Its error code, e.g. `context_length_exceeded`; numbers are spelled out.
    pub code: Option<String>,
    /// The part of the request that it is about.
    pub param: Option<String>,
    /// The HTTP status named inside the body, for errors that arrive under a 200.
    pub status: Option<u16>,
    /// Codes that stand deeper inside and say more than type and code, the finest first.
    pub finer: Vec<String>,
    /// How long the body asks to wait, the most trusted first.
    pub waits: Vec<Wait>,
    /// What kind of body it was read from.
    pub shape: Shape,
}

/// A wish to wait, as a member of the body spells it.
#[derive(Debug, Clone, PartialEq)]
pub enum Wait {
    /// A span of time such as `34.07s`.
    Span(String),
    /// Seconds from now.
    Seconds(f64),
    /// Seconds or milliseconds since 1970.
    Until(f64),
}

/// What an error body turned out to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// JSON that says something.
    Json,
    /// Words without structure.
    Text,
    /// An HTML page: a proxy or a wrong address answered, not the API.
    Page,
    /// Nothing at all.
    #[default]
    Nothing,
}

impl Shape {
    /// Every shape.
    pub const ALL: &[Self] = &[Self::Json, Self::Text, Self::Page, Self::Nothing];
}

impl Complaint {
    /// Reads the body of an answer that is known to be a refusal. Never fails.
    pub fn read(body: &[u8]) -> Self {
        let body = body.get(..MAX_BODY).unwrap_or(body);
        Self::from_text(&String::from_utf8_lossy(body), 0)
    }

    /// Reads a whole 200 body or one event of a stream, if it is an error.
    ///
    /// The caller's limit on bodies and frames bounds it: a `response.failed` holds a whole answer.
    pub fn from_json(body: &[u8]) -> Option<Self> {
        // All the marks below hold this word, and most answers do not.
        memmem::find(body, b"error")?;
        let value: Value = serde_json::from_slice(body).ok()?;
        error_member(unlisted(&value))?;
        Some(Self::from_value(&value, 0))
    }

    fn from_text(text: &str, nesting: u8) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim();
        let complaint = match document(text) {
            Some(value) => Self::from_value(&value, nesting),
            None => Self::default(),
        };
        if complaint.shape == Shape::Json || matches!(text, "" | "{}" | "[]" | "null") {
            return complaint;
        }
        if let Some(title) = title(text) {
            return Self { message: title, shape: Shape::Page, ..Self::default() };
        }
        Self::from_words(text)
    }

    /// Words, or JSON that was cut or that says nothing we know.
    fn from_words(text: &str) -> Self {
        let told = salvage(text, "message").or_else(|| salvage(text, "msg"));
        let message = clean(told.as_deref().unwrap_or(text), MAX_MESSAGE);
        let shape = if message.is_empty() { Shape::Nothing } else { Shape::Text };
        let token = |name| salvage(text, name).and_then(|value| token(&value));
        Self { message, kind: token("type"), code: token("code"), shape, ..Self::default() }
    }

    fn from_value(value: &Value, nesting: u8) -> Self {
        let parts = Parts::of(value);
        let mut complaint = Self {
            message: clean(&parts.message(), MAX_MESSAGE),
            kind: parts.kind(),
            code: parts.code(),
            param: parts.param(),
            status: parts.status(),
            finer: parts.finer(),
            waits: parts.waits(),
            shape: Shape::Json,
        };
        if let Some(quoted) = parts.quoted().filter(|_| nesting < MAX_NESTING) {
            complaint.adopt(Self::from_text(&quoted, nesting + 1));
        }
        let silent = complaint.message.is_empty()
            && complaint.kind.is_none()
            && complaint.code.is_none()
            && complaint.status.is_none();
        if silent {
            complaint.shape = Shape::Nothing;
        }
        complaint
    }

    /// Takes over what a quoted body says: it is the real one, this only carries it.
    fn adopt(&mut self, inner: Self) {
        if inner.message.is_empty() || inner.shape == Shape::Page {
            return;
        }
        self.message = inner.message;
        self.kind = inner.kind.or_else(|| self.kind.take());
        self.code = inner.code.or_else(|| self.code.take());
        self.param = inner.param.or_else(|| self.param.take());
        self.status = self.status.or(inner.status);
        self.finer.splice(0..0, inner.finer);
        self.waits.splice(0..0, inner.waits);
    }
}

/// The parts of a JSON error body that speak.
struct Parts<'a> {
    /// The body itself.
    outer: &'a Value,
    /// The object with message, type and code: inside `error`, or the body.
    object: &'a Value,
    /// The complaint, where `error` is no object.
    text: Option<&'a Value>,
}

impl<'a> Parts<'a> {
    fn of(value: &'a Value) -> Self {
        let outer = unlisted(value);
        match error_member(outer).map(unlisted) {
            Some(error) if error.is_object() => Self { outer, object: error, text: None },
            // Ollama and xAI: `error` is a sentence and `code`, if any, stands beside it.
            error => Self { outer, object: outer, text: error },
        }
    }

    fn message(&self) -> String {
        let told = self.text.and_then(prose).or_else(|| prose(self.object)).unwrap_or_default();
        // OpenRouter says why its moderation refused in a list of its own, and Bedrock what its
        // model said.
        let reasons = self.object.pointer("/metadata/reasons").and_then(prose);
        match reasons.or_else(|| prose(self.object.get("originalMessage")?)) {
            Some(reasons) => format!("{told} ({reasons})"),
            None => told,
        }
    }

    /// A whole body in a string: OpenRouter's `metadata.raw`, or a message that is JSON.
    fn quoted(&self) -> Option<String> {
        match self.object.pointer("/metadata/raw") {
            Some(Value::String(raw)) => Some(raw.clone()),
            Some(raw @ Value::Object(_)) => Some(raw.to_string()),
            Some(_) | None => Some(self.message()).filter(|told| told.starts_with(['{', '['])),
        }
    }

    fn kind(&self) -> Option<String> {
        // Gemini's type is in `status`, AWS's in `__type`, with an address behind a colon or not.
        ["/type", "/__type", "/Output/__type", "/status"]
            .iter()
            .filter_map(|place| self.object.pointer(place)?.as_str())
            .find_map(|said| kind(said).or_else(|| kind(said.split(':').next()?)))
    }

    fn code(&self) -> Option<String> {
        match self.object.get("code")? {
            // AWS's have a namespace.
            Value::String(code) => token(code.rsplit('#').next()?),
            Value::Number(code) => Some(code.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn param(&self) -> Option<String> {
        let named = self.object.get("param").and_then(Value::as_str).and_then(token);
        named.or_else(|| {
            let detail =
                self.object.get("detail").or_else(|| self.object.pointer("/message/detail"));
            place(unlisted(detail?)).and_then(|place| token(&place))
        })
    }

    fn status(&self) -> Option<u16> {
        ["code", "status", "status_code", "originalStatusCode"]
            .iter()
            .flat_map(|name| [self.object.get(name), self.outer.get(name)])
            .flatten()
            .filter_map(number)
            .find(|number| (400.0..600.0).contains(number))
            .map(|number| number as u16)
    }

    fn finer(&self) -> Vec<String> {
        let listed = self.details().flat_map(|detail| {
            let quotas = list(detail.get("violations")).map(|quota| quota.get("quotaId"));
            quotas.chain([detail.pointer("/metadata/quota_limit"), detail.get("reason")])
        });
        [
            self.object.pointer("/details/error_code"),  // Anthropic
            self.object.pointer("/innererror/code"),     // Azure
            self.object.pointer("/metadata/error_type"), // OpenRouter
        ]
        .into_iter()
        .chain(listed)
        .filter_map(|code| token(code?.as_str()?))
        .take(MAX_LISTED)
        .collect()
    }

    fn waits(&self) -> Vec<Wait> {
        let span = |value: &Value| Some(Wait::Span(value.as_str()?.to_owned()));
        let until = |value: &Value| number(value).map(Wait::Until);
        let mut waits = Vec::new();
        // Codex: prefer the moment to the span (oauth-and-codex §2.5).
        waits.extend(self.object.get("resets_at").and_then(until));
        waits.extend(self.object.get("resets_in_seconds").and_then(number).map(Wait::Seconds));
        waits.extend(self.details().filter_map(|detail| span(detail.get("retryDelay")?)));
        let resets = self.details().filter_map(|d| span(d.pointer("/metadata/quotaResetDelay")?));
        waits.extend(resets);
        // OpenRouter puts the headers it had no time to send into the body.
        let header = self.object.pointer("/metadata/headers/X-RateLimit-Reset");
        waits.extend(header.and_then(until));
        waits
    }

    /// Gemini's list of typed details.
    fn details(&self) -> impl Iterator<Item = &'a Value> {
        list(self.object.get("details"))
    }
}

/// The JSON document that a body is, or that its first SSE event holds. A host that was asked for
/// a stream may refuse in one; what follows a whole document is ignored.
fn document(text: &str) -> Option<Value> {
    let json = if text.starts_with("data:") || text.starts_with("event:") {
        text.lines().find_map(|line| line.strip_prefix("data:"))?.trim_start()
    } else {
        text
    };
    if !json.starts_with(['{', '[']) {
        return None;
    }
    serde_json::Deserializer::from_str(json).into_iter().next()?.ok()
}

/// The first element of a list, or the thing itself.
fn unlisted(value: &Value) -> &Value {
    value.as_array().and_then(|list| list.first()).unwrap_or(value)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten().take(MAX_LISTED)
}

/// What marks a body as an error: an `error` that says something, here or where streams put it
/// (Responses' `response.failed`, OpenRouter's failed choice), or a body that calls itself one.
fn error_member(body: &Value) -> Option<&Value> {
    let speaks = |error: &&Value| match error {
        Value::Object(members) => !members.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::String(words) => !words.trim().is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    let calls_itself = |name| body.get(name).and_then(Value::as_str) == Some("error");
    ["/error", "/response/error", "/choices/0/error"]
        .iter()
        .find_map(|place| body.pointer(place).filter(speaks))
        .or_else(|| (calls_itself("type") || calls_itself("object")).then_some(body))
}

/// What a value says to people: itself, or the first of its members that speaks.
fn prose(value: &Value) -> Option<String> {
    const SPEAKING: [&str; 10] = [
        "message",
        "Message",
        "msg",
        "error_description",
        "detail",
        "error",
        "errors",
        "title",
        "reason",
        "description",
    ];
    match value {
        Value::String(words) => Some(words.trim().to_owned()).filter(|words| !words.is_empty()),
        Value::Array(elements) => {
            let told: Vec<_> = elements.iter().filter_map(prose).take(MAX_LISTED).collect();
            (!told.is_empty()).then(|| told.join("; "))
        }
        Value::Object(members) => {
            let words = SPEAKING.iter().find_map(|name| members.get(*name).and_then(prose))?;
            Some(match place(value) {
                Some(place) => format!("{place}: {words}"),
                None => words,
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Where in the request FastAPI found fault: `["body","messages",0]` is `messages.0`.
fn place(detail: &Value) -> Option<String> {
    let steps = detail.get("loc")?.as_array()?.iter().take(2 * MAX_LISTED);
    let steps = steps.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
    let path: Vec<_> = steps.skip_while(|step| step == "body").collect();
    (!path.is_empty()).then(|| path.join("."))
}

/// A number, also where it is written as a string.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The type without its namespace, unless this is the word every error carries, a number or a
/// reason phrase.
pub(super) fn kind(text: &str) -> Option<String> {
    let kind = text.rsplit('#').next()?.trim();
    let spelled = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let named = kind.chars().all(spelled) && kind.contains(|c: char| !c.is_ascii_digit());
    token(kind).filter(|_| named && kind != "error")
}

fn token(text: &str) -> Option<String> {
    Some(clean(&one_line(text), MAX_TOKEN)).filter(|token| !token.is_empty())
}
