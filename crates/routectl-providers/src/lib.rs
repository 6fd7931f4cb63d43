//! Kinds of upstreams: each shapes a request, signs it and reads a refusal, all of it pure; one
//! transport sends.

pub mod account;
pub mod anthropic;
pub mod bedrock;
pub mod compat;
mod credential;
pub mod digest;
pub mod headers;
pub mod transport;

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Request, StatusCode, Uri};
use routectl_core::{Abilities, Failure};
use routectl_wire::document::{merge_edits, quote};
use routectl_wire::{Document, Edit, Fit, Format, Spliced, refusal};
use serde_json::{Map, Value};

pub use account::Account;
pub use credential::{Credential, CredentialSource, Denial};
pub use transport::{Body, ConnectLimit, Transport, Trust, Untrusted};

/// A kind of upstream, with one account's settings.
pub trait Provider: Send + Sync {
    /// What is the same for all kinds: name, address, credential, headers.
    fn account(&self) -> &Account;

    /// The format the upstream speaks.
    fn format(&self) -> &'static dyn Format;

    /// The named edits of the native lane, in order.
    fn edits(&self, call: &Call<'_>) -> Vec<Edit> {
        native_edits(call)
    }

    /// Whether its refusals are spelled as its format's clients read them.
    fn refuses_in_format(&self) -> bool {
        true
    }

    /// What this host refuses of a request in its format, for a target that takes this much; on the
    /// native lane the request is the client's, on the translated one it is ours.
    fn narrow(&self, _call: &Call<'_>, _abilities: &Abilities) -> Fit {
        Fit::default()
    }

    /// Where the request goes.
    fn uri(&self, call: &Call<'_>) -> Uri;

    /// The request's headers, with the credential if it stands in one as it is.
    ///
    /// # Errors
    /// When the credential cannot stand in a header.
    fn headers(&self, call: &Call<'_>, credential: &Credential) -> Result<HeaderMap, Failure>;

    /// The time as the upstream has it, where its clock is known to differ from ours.
    fn clock(&self, ours: SystemTime) -> SystemTime {
        ours
    }

    /// Whether requests with this credential are signed, which takes a digest of their bodies.
    fn signs(&self, _credential: &Credential) -> bool {
        false
    }

    /// Signs a request: the last that is done to it.
    ///
    /// # Errors
    /// When it cannot be signed.
    fn sign(&self, _: &mut Request<Spliced>, _: &Signing<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// What a signature is made of.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    pub model: &'a Model,
    pub credential: &'a Credential,
    /// The SHA-256 of the body, as it is sent.
    pub digest: &'a [u8; 32],
    /// The time as the upstream has it.
    pub now: SystemTime,
}

/// The request to an upstream: shaped, and ready to send unless it is to be signed.
///
/// # Errors
/// When the credential cannot stand in a header.
pub fn outbound(
    provider: &dyn Provider,
    call: &Call<'_>,
    body: Spliced,
    credential: &Credential,
) -> Result<Request<Spliced>, Failure> {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = provider.uri(call);
    *request.headers_mut() = provider.headers(call, credential)?;
    Ok(request)
}

/// An upstream's refusal, read.
pub fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Failure {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    refusal::read(status.as_u16(), text, body, now)
}

/// One request on its way to one target.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The client's body.
    pub body: &'a Document,
    /// The client's headers.
    pub client: &'a HeaderMap,
    /// The client's query, without the question mark.
    pub query: Option<&'a str>,
    /// The upstream is asked for a stream.
    pub streamed: bool,
    pub model: &'a Model,
    /// Betas that the target was heard to refuse.
    pub refused_betas: &'a [Arc<str>],
}

/// One upstream model, with everything its requests carry.
#[derive(Debug, Clone)]
pub struct Model {
    /// What configuration calls it.
    pub nickname: String,
    /// The upstream's name for it.
    pub upstream: String,
    /// Provider's and model's extras, merged; the model's win.
    pub payload_extras: Map<String, Value>,
    /// Provider's and model's extras, merged; the model's win.
    pub header_extras: HeaderMap,
    /// What a Messages request without `max_tokens` gets.
    pub max_output_tokens: Option<u64>,
}

/// What every kind edits: the model's name and the operator's extras.
fn native_edits(call: &Call<'_>) -> Vec<Edit> {
    let extras = &call.model.payload_extras;
    let mut edits = vec![Edit::set("model", "model", quote(&call.model.upstream))];
    edits.extend(merge_edits("payload_extras", call.body, extras));
    edits
}
