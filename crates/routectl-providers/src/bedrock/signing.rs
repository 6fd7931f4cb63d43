//! AWS's signature, version 4, and the bearer that takes its place with a Bedrock API key. Pure: the
//! body's digest, the keys and the time come in by the door.

mod skew;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningInstructions,
    SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use routectl_core::{Class, Failure, Origin};

use super::credentials::{AwsCredential, Keys, short_term};
use super::region::Region;
pub use skew::{Skew, is_about_the_time};

/// Bedrock's name in a signature's scope; the host's is `bedrock-runtime`. (facts: Bedrock, section
/// 3.1)
pub const SERVICE: &str = "bedrock";

/// What a signature writes itself. What a client or an earlier try left there goes.
const OURS: [HeaderName; 3] = [
    AUTHORIZATION,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-security-token"),
];

/// What a request is authorised for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub region: &'a Region,
    pub service: &'a str,
    /// The time as the service has it: our own clock's, mended by `Skew`.
    pub now: SystemTime,
}

/// Puts the credential on a request: the last thing that is done to it. Nothing may change its
/// address, `content-type` or `x-amz-…` headers afterwards; `user-agent` may.
///
/// # Errors
/// When the credential cannot be used: characters that no header takes, a key of another region, a
/// key that has run out.
pub fn authorize<B>(
    request: &mut Request<B>,
    digest: &[u8; 32],
    credential: &AwsCredential,
    scope: &Scope<'_>,
) -> Result<(), Failure> {
    match credential {
        AwsCredential::Keys(keys) => sign(request, digest, keys, scope),
        AwsCredential::Bearer(key) => {
            short_term::check(key, scope)?;
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
                .map_err(|_| unusable("the Bedrock API key", "characters that no header takes"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
            Ok(())
        }
    }
}

/// Signs a request of whose body this is the SHA-256.
///
/// # Errors
/// When the keys or a header that is signed have characters that cannot stand in a header.
pub fn sign<B>(
    request: &mut Request<B>,
    digest: &[u8; 32],
    keys: &Keys,
    scope: &Scope<'_>,
) -> Result<(), Failure> {
    for name in &OURS {
        request.headers_mut().remove(name);
    }
    let uri = request.uri().to_string();
    let signed = signed_headers(request.headers())?;
    let body = SignableBody::Precomputed(hex(digest));
    let signable = SignableRequest::new(request.method().as_str(), uri, signed.into_iter(), body)
        .map_err(|error| unusable("the request", &error.to_string()))?;
    let instructions = instructions(signable, keys, scope)?;
    let (headers, _query) = instructions.into_parts();
    for header in headers {
        let mut value = HeaderValue::from_str(header.value())
            .map_err(|_| unusable("the AWS keys", "characters that no header takes"))?;
        // The signer shows the signature, and with it the key's id.
        value.set_sensitive(header.sensitive() || header.name() == "authorization");
        request.headers_mut().insert(header.name(), value);
    }
    Ok(())
}

fn instructions(
    request: SignableRequest<'_>,
    keys: &Keys,
    scope: &Scope<'_>,
) -> Result<SigningInstructions, Failure> {
    let bad = |why: &dyn std::fmt::Display| unusable("the AWS keys", &why.to_string());
    let identity = keys.identity();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region.as_str())
        .name(scope.service)
        .time(scope.now)
        .settings(settings())
        .build()
        .map_err(|error| bad(&error))?
        .into();
    let signed = aws_sigv4::http_request::sign(request, &params).map_err(|error| bad(&error))?;
    Ok(signed.into_parts().0)
}

/// The path is encoded once more for the signature, as everywhere but in S3: a model id's `%3A` and
/// `%2F` do not verify otherwise. The body's digest needs no header. (facts: Bedrock, section 3.1)
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings
}

/// `content-type` and every `x-amz-…`; the signer adds `host` and its own. All others may be changed
/// on the way.
fn signed_headers(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, Failure> {
    let signed = |name: &HeaderName| name == CONTENT_TYPE || name.as_str().starts_with("x-amz-");
    headers
        .iter()
        .filter(|(name, _)| signed(name))
        .map(|(name, value)| match value.to_str() {
            Ok(text) => Ok((name.as_str(), text)),
            Err(_) => Err(unusable(&format!("the header {name}"), "characters beyond ASCII")),
        })
        .collect()
}

fn hex(digest: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unusable(what: &str, why: &str) -> Failure {
    let message = format!("{what} cannot be used to sign: {why}. Check where it comes from.");
    Failure::new(Class::Auth, Origin::Router, message)
}
