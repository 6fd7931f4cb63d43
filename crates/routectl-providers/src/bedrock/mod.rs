//! AWS Bedrock: Claude in its own format (InvokeModel, and Bedrock's Messages endpoint), every
//! vendor's models through Converse. No SDK stands in the way: the body is signed as it is sent.
//!
//! `anthropic-beta` and `anthropic-version` mean nothing as headers of InvokeModel: they are members
//! of the body there, and `model` and `stream` are none. (facts: Bedrock, section 1.3)

mod access;
pub mod credentials;
pub mod environment;
mod ids;
pub mod region;
pub mod signing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Uri};
use routectl_core::{Abilities, Failure};
use routectl_wire::document::{merge_edits, quote};
use routectl_wire::narrow::{self, Asking, Betas, Narrowing};
use routectl_wire::{CONVERSE, Document, Edit, Fit, Format, MESSAGES, Spliced, claude};
use serde_json::{Map, Value};

pub use access::{Access, Regions};
use signing::Scope;

use crate::{Account, Call, Credential, Provider, Signing, account, headers};

/// The API version of Claude on Bedrock. A newer one is taken by some models only. (facts: Bedrock,
/// section 0)
const VERSION: &str = "bedrock-2023-05-31";

/// The version that Bedrock's Messages endpoint knows of all models.
const MESSAGES_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// What the events of an event stream are in.
const INNER_ACCEPT: HeaderName = HeaderName::from_static("x-amzn-bedrock-accept");

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("application/vnd.amazon.eventstream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Where Claude's betas stand in a body.
const BETAS: &str = "anthropic_beta";

/// Which of Bedrock's APIs is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// InvokeModel: Messages, in event-stream frames.
    Invoke,
    /// Converse.
    Converse,
    /// Bedrock's own Messages endpoint, with server-sent events.
    Messages,
}

/// An account at Bedrock.
#[derive(Debug)]
pub struct Bedrock {
    pub account: Account,
    pub access: Arc<Access>,
    pub shape: Shape,
    /// Betas that always go.
    pub floor: Vec<String>,
    /// Betas of the client that pass; empty lets all pass.
    pub allowed_betas: Vec<String>,
    /// Members of a body in the model's own format that may go, as dotted paths; empty lets all.
    pub allowed_fields: Vec<String>,
    /// Further members of the request, as the model knows them.
    pub model_fields: Map<String, Value>,
}

impl Provider for Bedrock {
    fn account(&self) -> &Account {
        &self.account
    }

    fn format(&self) -> &'static dyn Format {
        match self.shape {
            Shape::Invoke | Shape::Messages => MESSAGES,
            Shape::Converse => CONVERSE,
        }
    }

    fn edits(&self, call: &Call<'_>) -> Vec<Edit> {
        match self.shape {
            Shape::Invoke => self.invoke_edits(call),
            Shape::Converse => self.converse_edits(call),
            Shape::Messages => self.messages_edits(call),
        }
    }

    /// AWS says no in its own words, also in front of models that speak Messages.
    fn refuses_in_format(&self) -> bool {
        false
    }

    fn narrow(&self, call: &Call<'_>, abilities: &Abilities) -> Fit {
        let converse = self.shape == Shape::Converse;
        if converse && !may_be_claude(call) {
            return Fit::default();
        }
        let betas = self.betas(call, &self.own_part(call.body));
        let narrowing = Narrowing {
            within: converse.then_some(narrow::MODEL_FIELDS),
            refused: narrow::BEDROCK_REFUSES,
            learned: &abilities.refused.members,
            allowed: &self.allowed_fields,
            betas: &betas.go,
            inline_media: !converse,
            marks_blocks: !converse,
        };
        let mut fit = narrow::narrow(call.body, &narrowing);
        fit.losses.extend(betas.losses());
        fit
    }

    fn uri(&self, call: &Call<'_>) -> Uri {
        let model = ids::segment(&call.model.upstream);
        let operation = match (self.shape, call.streamed) {
            (Shape::Invoke, false) => "invoke",
            (Shape::Invoke, true) => "invoke-with-response-stream",
            (Shape::Converse, true) if streams(call) => "converse-stream",
            (Shape::Converse, _) => "converse",
            (Shape::Messages, _) => {
                let base = self.access.endpoint(&call.model.upstream);
                return account::appended(&base, "/anthropic/v1/messages", None);
            }
        };
        let base = self.access.endpoint(&call.model.upstream);
        // The client's query means nothing here, and would be signed.
        account::appended(&base, &format!("/model/{model}/{operation}"), None)
    }

    fn headers(&self, call: &Call<'_>, _credential: &Credential) -> Result<HeaderMap, Failure> {
        let mut headers = self.account.headers(call);
        // These belong to the signature.
        let reserved = |name: &&HeaderName| name.as_str().starts_with("x-amz-");
        let reserved: Vec<_> = headers.keys().filter(reserved).cloned().collect();
        reserved.iter().for_each(|name| drop(headers.remove(name)));
        headers.remove(BETA);
        headers.remove(ANTHROPIC_VERSION);
        if self.shape == Shape::Messages {
            headers.insert(ANTHROPIC_VERSION, MESSAGES_VERSION);
            if let Some(betas) = headers::union(self.betas(call, call.body).go) {
                headers.insert(BETA, betas);
            }
            return Ok(headers);
        }
        if call.streamed && (self.shape == Shape::Invoke || streams(call)) {
            headers.insert(ACCEPT, EVENT_STREAM);
            if self.shape == Shape::Invoke {
                headers.insert(INNER_ACCEPT, JSON);
            }
        } else {
            headers.insert(ACCEPT, JSON);
        }
        Ok(headers)
    }

    fn clock(&self, ours: SystemTime) -> SystemTime {
        self.access.skew.mended(ours)
    }

    fn signs(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Aws(_))
    }

    fn sign(&self, request: &mut Request<Spliced>, signing: &Signing<'_>) -> Result<(), Failure> {
        let Credential::Aws(credential) = signing.credential else { return Ok(()) };
        let named = |mut failure: Failure| {
            let said = &failure.words.message;
            failure.words.message = format!("provider {}: {said}", self.account.name);
            failure
        };
        let region = self.access.region(&signing.model.upstream).map_err(named)?;
        let scope = Scope { region: &region, service: signing::SERVICE, now: signing.now };
        signing::authorize(request, signing.digest, credential, &scope).map_err(named)
    }
}

impl Bedrock {
    /// InvokeModel takes the model from the path and the stream from the operation.
    fn invoke_edits(&self, call: &Call<'_>) -> Vec<Edit> {
        let mut edits = self.limited(call);
        edits.push(Edit::remove("model", "model"));
        edits.push(Edit::remove("stream", "stream"));
        edits.push(Edit::set("anthropic_version", "anthropic_version", quote(VERSION)));
        let mut extras = self.extras(call);
        let more = extras.remove(BETAS);
        let more = more.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        let betas = self.betas(call, call.body).go;
        edits.extend(listed(BETAS, betas.into_iter().chain(more)));
        edits.extend(merge_edits("payload_extras", call.body, &extras));
        edits
    }

    fn messages_edits(&self, call: &Call<'_>) -> Vec<Edit> {
        let mut edits = self.limited(call);
        edits.push(Edit::set("model", "model", quote(ids::bare(&call.model.upstream))));
        edits.extend(merge_edits("payload_extras", call.body, &self.extras(call)));
        edits
    }

    /// What the operator adds to a body of the model's own format. The model's word wins.
    fn extras(&self, call: &Call<'_>) -> Map<String, Value> {
        let mut extras = self.model_fields.clone();
        merge(&mut extras, &call.model.payload_extras);
        extras
    }

    /// What only the model knows has a member of its own.
    fn converse_edits(&self, call: &Call<'_>) -> Vec<Edit> {
        let mut fields = self.model_fields.clone();
        let betas = self.betas(call, &self.own_part(call.body)).go;
        if may_be_claude(call)
            && let Some(betas) = headers::union(betas)
        {
            let betas = betas.to_str().unwrap_or_default().split(',').map(Value::from).collect();
            fields.insert(BETAS.to_owned(), betas);
        }
        let mut extras = Map::new();
        if !fields.is_empty() {
            extras.insert(narrow::MODEL_FIELDS.to_owned(), Value::Object(fields));
        }
        merge(&mut extras, &call.model.payload_extras);
        merge_edits("payload_extras", call.body, &extras)
    }

    fn limited(&self, call: &Call<'_>) -> Vec<Edit> {
        if call.body.count("max_tokens") > 0 {
            return Vec::new();
        }
        let limit = call.model.max_output_tokens;
        let limit = limit.unwrap_or_else(|| claude::max_output(&call.model.upstream));
        vec![Edit::set("max_tokens", "max_tokens", limit.to_string())]
    }

    /// The betas of a request with this body, in the model's own format.
    fn betas<'a>(&'a self, call: &Call<'a>, body: &Document) -> Betas<'a> {
        fn values(headers: &HeaderMap) -> Vec<&str> {
            headers.get_all(BETA).iter().filter_map(|value| value.to_str().ok()).collect()
        }
        let window = ids::wants_long_window(&call.model.upstream).then_some(ids::LONG_WINDOW);
        let asking = Asking {
            floor: self.floor.iter().map(String::as_str).chain(window).collect(),
            client: values(call.client),
            extras: values(&call.model.header_extras),
            allowed: &self.allowed_betas,
            refused: call.refused_betas,
            never: narrow::BEDROCK_REFUSES,
        };
        narrow::betas(&asking, body)
    }

    /// The part of the body that is in the model's own format.
    fn own_part(&self, body: &Document) -> Document {
        let inner = (self.shape == Shape::Converse).then(|| {
            let fields = body.get(narrow::MODEL_FIELDS).unwrap_or(b"{}");
            Document::parse(Bytes::copy_from_slice(fields)).ok()
        });
        inner.flatten().unwrap_or_else(|| body.clone())
    }
}

/// Objects merge at any depth; of everything else the later word wins.
fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            _ => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

/// An ARN does not say whose model it names; an operator who lists betas for it does.
fn may_be_claude(call: &Call<'_>) -> bool {
    claude::maker(&call.model.upstream) != claude::Maker::Another
}

/// Whether Converse streams this model's answer to this request.
fn streams(call: &Call<'_>) -> bool {
    let has_tools = call.body.count("toolConfig") > 0;
    routectl_wire::formats::converse::streams(&call.model.upstream, has_tools)
}

/// An edit for a list of names without doubles; none where it is empty.
fn listed<'a>(member: &'static str, names: impl Iterator<Item = &'a str>) -> Option<Edit> {
    let joined = headers::union(names)?;
    let names = joined.to_str().ok()?.split(',').map(quote);
    let quoted: Vec<_> = names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect();
    Some(Edit::set(member, member, format!("[{}]", quoted.join(","))))
}
