//! Rescue: a failure becomes the client's error, before commit as a response and after it as the
//! last event of the stream. One table: failure × client format → status, body, headers.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use routectl_core::{Class, Failure, Origin};
use routectl_wire::ClientFormat;

use crate::answer::Answer;

/// A failure on its way to the client, with the upstream's own words where there are any.
#[derive(Debug, Clone)]
pub struct Rescue {
    pub failure: Failure,
    /// The upstream's refusal, byte for byte: on the native lane the client gets it as it is.
    pub verbatim: Option<Verbatim>,
    /// The upstream said with `x-should-retry: false` that asking it again is of no use.
    pub final_here: bool,
    /// The status in the client's format, where the upstream speaks another one.
    pub abroad: Option<StatusCode>,
    /// What the client is told beside, where the upstream speaks another format.
    pub telling: HeaderMap,
    /// The time at the upstream, where it told it.
    pub clock: Option<SystemTime>,
}

/// An upstream's refusal as it came.
#[derive(Debug, Clone)]
pub struct Verbatim {
    pub status: StatusCode,
    /// Those that tell the client something, and the content type.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl From<Failure> for Rescue {
    fn from(failure: Failure) -> Self {
        let telling = HeaderMap::new();
        Self { failure, verbatim: None, final_here: false, abroad: None, telling, clock: None }
    }
}

impl From<Failure> for Box<Rescue> {
    fn from(failure: Failure) -> Self {
        Self::new(failure.into())
    }
}

impl Rescue {
    /// The status the client gets.
    pub fn status(&self) -> StatusCode {
        let verbatim = self.verbatim.as_ref().map(|verbatim| verbatim.status);
        self.abroad.or(verbatim).unwrap_or_else(|| status(&self.failure))
    }

    /// The response for a client of this format.
    pub fn response(self, format: &dyn ClientFormat) -> Response<Answer> {
        let status = self.status();
        let (mut headers, body) = match self.verbatim {
            Some(verbatim) => (verbatim.headers, verbatim.body),
            None => {
                let mut headers = json_headers();
                headers.extend(self.telling);
                (headers, Bytes::from(format.refusal(&self.failure)))
            }
        };
        add_hints(&mut headers, status, &self.failure);
        if self.final_here && !headers.contains_key("x-should-retry") {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        let mut response = Response::new(Answer::whole(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// How much this failure tells a client, more is better: when every target has failed, the
    /// client gets the most useful one. (order: field reports, section A; what the client itself
    /// can mend comes right after what passes by itself)
    pub fn usefulness(&self) -> u8 {
        match self.failure.class {
            Class::RateLimited | Class::Quota => 7,
            // A shorter answer, or another member, is mended at once; a shorter prompt costs more.
            Class::BadRequest | Class::ContentPolicy => 6,
            Class::ContextWindow => 5,
            Class::Auth => 4,
            Class::ModelMissing => 3,
            Class::FeatureUnsupported => 2,
            Class::ServerError
            | Class::Overloaded
            | Class::Timeout
            | Class::Network
            | Class::ClientGone => match self.status().as_u16() {
                429 => 7,
                _ => u8::from(self.verbatim.is_some()),
            },
        }
    }
}

fn json_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

/// What clients' own retry loops read. Every 429 says when to come back: Codex gives up at once
/// without it. (facts: clients, section 1)
fn add_hints(headers: &mut HeaderMap, status: StatusCode, failure: &Failure) {
    // A header that says nothing usable (`0`, `-1`, `soon`) is as good as none.
    let said = headers.contains_key(RETRY_AFTER) && failure.retry_after.is_some();
    let least = (status == StatusCode::TOO_MANY_REQUESTS).then_some(Duration::from_secs(1));
    let wait = failure.retry_after.or(least);
    if let (false, Some(wait)) = (said, wait) {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
    }
    let hopeless = matches!(failure.class, Class::Quota | Class::Auth | Class::FeatureUnsupported);
    if hopeless && !headers.contains_key("x-should-retry") {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
}

/// Whole seconds, never less than asked and never none.
fn seconds_up(wait: Duration) -> u64 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    whole.max(1)
}

/// What a refusal of another format's host is in this one's.
pub fn abroad(format: &dyn ClientFormat, failure: &Failure) -> StatusCode {
    StatusCode::from_u16(format.status(failure)).unwrap_or(StatusCode::BAD_GATEWAY)
}

/// The upstream's own status where it refused, else what the class means in HTTP.
fn status(failure: &Failure) -> StatusCode {
    let said = failure.status.filter(|status| (400..600).contains(status));
    let code = said.unwrap_or(match failure.class {
        Class::RateLimited | Class::Quota => 429,
        // A credential of ours that cannot be read is no fault of the client's.
        Class::Auth if failure.origin == Origin::Router => 500,
        Class::Auth => 401,
        Class::BadRequest | Class::ContentPolicy | Class::ContextWindow => 400,
        Class::ModelMissing => 404,
        Class::FeatureUnsupported => 501,
        Class::ServerError | Class::Network => 502,
        Class::Overloaded => 503,
        Class::Timeout => 504,
        Class::ClientGone => 499,
    });
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use routectl_wire::CLIENT_FORMATS;

    #[test]
    fn every_class_has_a_status_and_a_body_in_every_format() {
        for class in Class::ALL {
            for format in CLIENT_FORMATS {
                let failure = Failure::new(class, Origin::Router, "words");
                let response = Rescue::from(failure).response(*format);
                assert!(response.status().as_u16() >= 400, "{class}");
                assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
            }
        }
    }

    #[test]
    fn what_the_client_can_mend_at_once_is_told_before_what_costs_it_more() {
        let rank = |class| Rescue::from(Failure::new(class, Origin::Upstream, "x")).usefulness();
        let order = [
            Class::Network,
            Class::FeatureUnsupported,
            Class::ModelMissing,
            Class::Auth,
            Class::ContextWindow,
            Class::BadRequest,
            Class::Quota,
        ];
        assert!(order.is_sorted_by(|less, more| rank(*less) < rank(*more)));
    }

    #[test]
    fn every_429_says_when_to_come_back() {
        for (asked, said) in [(None, "1"), (Some(1_200), "2"), (Some(0), "1"), (Some(60_000), "60")]
        {
            let mut failure = Failure::new(Class::RateLimited, Origin::Upstream, "slow down");
            failure.retry_after = asked.map(Duration::from_millis);
            let response = Rescue::from(failure).response(CLIENT_FORMATS[0]);
            assert_eq!(response.headers()[RETRY_AFTER], said, "asked for {asked:?} ms");
        }
    }

    #[test]
    fn a_hint_that_says_nothing_is_replaced() {
        for nothing in ["0", "-1", "soon"] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(nothing));
            let status = StatusCode::TOO_MANY_REQUESTS;
            let verbatim = Verbatim { status, headers, body: Bytes::from_static(b"{}") };
            let failure = Failure::new(Class::RateLimited, Origin::Upstream, "slow down");
            let rescue = Rescue {
                failure,
                verbatim: Some(verbatim),
                final_here: false,
                abroad: None,
                telling: HeaderMap::new(),
                clock: None,
            };
            assert_eq!(rescue.response(CLIENT_FORMATS[0]).headers()[RETRY_AFTER], "1", "{nothing}");
        }
    }

    #[test]
    fn an_upstreams_refusal_passes_as_it_is() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        let body = Bytes::from_static(b"{ \"odd\" : 1.0 }");
        let verbatim = Verbatim { status: StatusCode::from_u16(529).unwrap(), headers, body };
        let mut failure = Failure::new(Class::Overloaded, Origin::Upstream, "x");
        failure.retry_after = Some(Duration::from_secs(7));
        let response = Rescue {
            failure,
            verbatim: Some(verbatim),
            final_here: false,
            abroad: None,
            telling: HeaderMap::new(),
            clock: None,
        }
        .response(CLIENT_FORMATS[0]);
        assert_eq!(response.status().as_u16(), 529);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
    }
}
