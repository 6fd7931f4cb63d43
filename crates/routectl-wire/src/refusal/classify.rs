//! Which class a refusal is of, asked in this order: types and codes that leave no doubt, statuses
//! that leave none, known wordings, types that leave some, the status, and what is left.
//!
//! Vendors disagree on statuses more than on names: the same overflow is a 400, a 413 or a 500,
//! and a spending limit may come as any of five. (provider-quirks §2)

use routectl_core::Class;
use routectl_core::Class::{
    Auth, BadRequest, ContentPolicy, ContextWindow, FeatureUnsupported, ModelMissing, Network,
    Overloaded, Quota, RateLimited, ServerError, Timeout,
};

use super::envelope::{Complaint, Shape};
use super::room::room;
use super::wording;

/// Types and codes that mean one thing wherever they stand. Compared without case: AWS writes
/// them in Pascal case over HTTP and in camel case in frames.
pub(super) const CERTAIN: &[(Class, &[&str])] = &[
    (
        Quota,
        &[
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "enforced_spend_limit_reached",
            "contract_spend_limit_reached",
            "billing_error",
            "billing_hard_limit_reached",
            "exceeded_current_quota_error",
            "usage_limit_reached",
            "usage_not_included",
            "ServiceQuotaExceededException",
        ],
    ),
    (
        RateLimited,
        &["rate_limit_exceeded", "rate_limit_error", "ramp_limit_exceeded", "too_many_requests"],
    ),
    (
        Overloaded,
        &[
            "overloaded_error",
            "engine_overloaded",
            "engine_overloaded_error",
            "server_is_overloaded",
            "slow_down",
            "capacity_exceeded",
            "compaction_unavailable",
            "unavailable_error",
            "UNAVAILABLE",
            "ModelNotReadyException",
            "ServiceUnavailableException",
        ],
    ),
    (
        ContextWindow,
        &[
            "context_length_exceeded",
            "context_window_exceeded",
            "model_context_window_exceeded",
            "exceed_context_size_error",
            "ContextWindowExceededError",
        ],
    ),
    (
        ContentPolicy,
        &[
            "content_policy_violation",
            "image_content_policy_violation",
            "misalignment_policy_violation",
            "cyber_policy",
            "bio_policy",
            "invalid_prompt",
            "content_filter",
            "content_filtered",
            "guardrail_intervened",
            "ResponsibleAIPolicyViolation",
            "ContentPolicyViolationError",
            "data_inspection_failed",
            "DataInspectionFailed",
        ],
    ),
    (
        Auth,
        &[
            "invalid_api_key",
            "API_KEY_INVALID",
            "authentication_error",
            "invalid_authentication_error",
            "UNAUTHENTICATED",
            "organization_on_hold",
            "UnrecognizedClientException",
            "InvalidSignatureException",
            "ExpiredTokenException",
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "SignatureDoesNotMatch",
            "RequestTimeTooSkewed",
            "RequestExpired",
            "ExpiredToken",
            "InvalidClientTokenId",
            "AuthFailure",
        ],
    ),
    (
        ModelMissing,
        &[
            "model_not_found",
            "model_decommissioned",
            "DeploymentNotFound",
            "ResourceNotFoundException",
        ],
    ),
    (
        FeatureUnsupported,
        &[
            "unsupported_parameter",
            "unsupported_value",
            "unsupported_api_for_model",
            "unsupported_country_region_territory",
            "data_residency_mismatch",
            "organization_not_enrolled_in_beta",
            "UnknownOperationException",
        ],
    ),
    (
        BadRequest,
        &[
            "request_too_large",
            "invalid_encrypted_content",
            "previous_response_not_found",
            "image_file_not_found",
            "thread_not_found",
            "thread_already_continued",
            "thread_continue_in_flight",
            "thread_fingerprint_mismatch",
            "thread_unsupported_request",
        ],
    ),
    // Groq's model broke its own tool call or schema; another try may not.
    (ServerError, &["tool_use_failed", "json_validate_failed"]),
    (Timeout, &["timeout_error", "request_body_timeout", "ModelTimeoutException"]),
];

/// Types that cover more than one thing, so that the wording is asked first.
pub(super) const LIKELY: &[(Class, &[&str])] = &[
    (
        // AWS calls its daily quota throttling too. (bedrock §5)
        RateLimited,
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "TransactionInProgressException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "LimitExceededException",
            "SlowDown",
            "PriorRequestNotComplete",
            "EC2ThrottledException",
        ],
    ),
    (Auth, &["AccessDeniedException", "AccessDenied"]),
    (BadRequest, &["ValidationException", "SerializationException"]),
    (ServerError, &["InternalServerException", "InternalFailure"]),
];

/// Types that only repeat the status: for errors inside a stream, which have none.
pub(super) const VAGUE: &[(Class, &[&str])] = &[
    (BadRequest, &["invalid_request_error", "BadRequestError", "INVALID_ARGUMENT"]),
    (Auth, &["permission_error", "PERMISSION_DENIED"]),
    (ModelMissing, &["not_found_error", "NOT_FOUND"]),
    (RateLimited, &["RESOURCE_EXHAUSTED"]),
    (Timeout, &["DEADLINE_EXCEEDED"]),
];

/// A status that, with this kind of body, leaves nothing to ask the wording.
struct Decisive {
    statuses: &'static [u16],
    shapes: &'static [Shape],
    class: Class,
}

const fn decisive(statuses: &'static [u16], shapes: &'static [Shape], class: Class) -> Decisive {
    Decisive { statuses, shapes, class }
}

const DECISIVE: &[Decisive] = &[
    decisive(&[401, 407], Shape::ALL, Auth),
    decisive(&[402], Shape::ALL, Quota),
    decisive(&[498, 529], Shape::ALL, Overloaded),
    decisive(&[524], Shape::ALL, Timeout),
    // Cerebras refuses an overflow without a word.
    decisive(&[413], &[Shape::Nothing], ContextWindow),
    // Cloudflare's block is no judgement of the key. (oauth-and-codex §2.5)
    decisive(&[403], &[Shape::Page], ServerError),
    decisive(&[404, 405], &[Shape::Page, Shape::Nothing], FeatureUnsupported),
    decisive(&[503, 504], &[Shape::Page], ServerError),
];

/// What a status means when nothing else speaks, and its name.
struct Status {
    first: u16,
    last: u16,
    class: Class,
    name: &'static str,
}

const fn one(status: u16, class: Class, name: &'static str) -> Status {
    Status { first: status, last: status, class, name }
}

const fn range(first: u16, last: u16, class: Class, name: &'static str) -> Status {
    Status { first, last, class, name }
}

/// Read from the top. 409 and 424 stand for a try that may succeed when repeated, as SDKs do.
const STATUSES: &[Status] = &[
    range(300, 399, FeatureUnsupported, "a redirect, and redirects are not followed"),
    one(400, BadRequest, "bad request"),
    one(401, Auth, "unauthorized"),
    one(402, Quota, "payment required"),
    one(403, Auth, "forbidden"),
    one(404, ModelMissing, "not found"),
    one(405, FeatureUnsupported, "method not allowed"),
    one(407, Auth, "proxy authentication required"),
    one(408, Timeout, "request timeout"),
    one(409, ServerError, "conflict"),
    one(410, ModelMissing, "gone"),
    one(413, BadRequest, "request too large"),
    one(421, FeatureUnsupported, "misdirected request"),
    one(422, BadRequest, "unprocessable content"),
    one(424, ServerError, "failed dependency"),
    one(429, RateLimited, "too many requests"),
    one(451, FeatureUnsupported, "unavailable for legal reasons"),
    one(498, Overloaded, "capacity exceeded"),
    one(499, Network, "request cancelled"),
    range(400, 499, BadRequest, "a refusal"),
    one(500, ServerError, "internal server error"),
    one(501, FeatureUnsupported, "not implemented"),
    one(502, ServerError, "bad gateway"),
    one(503, Overloaded, "service unavailable"),
    one(504, Timeout, "gateway timeout"),
    one(524, Timeout, "a timeout at the proxy"),
    one(529, Overloaded, "overloaded"),
    range(520, 530, ServerError, "an error between proxy and origin"),
    range(500, 599, ServerError, "a server error"),
];

/// The class of a refusal; `status` is `None` inside a stream. A prompt that fits is no overflow,
/// whatever code says so: a shorter answer is all that is asked for.
pub fn classify(status: Option<u16>, complaint: &Complaint) -> Class {
    let class = first_known(status, complaint);
    let unfit = matches!(class, ContextWindow | FeatureUnsupported);
    if unfit && room(&complaint.message).is_some() { BadRequest } else { class }
}

fn first_known(status: Option<u16>, complaint: &Complaint) -> Class {
    let status = telling_status(status, complaint);
    let lines = complaint.finer.iter().chain([&complaint.message]).map(String::as_str);
    named(CERTAIN, complaint)
        .or_else(|| decided(status?, complaint.shape))
        .or_else(|| wording::class(lines, status))
        .or_else(|| named(LIKELY, complaint))
        .or_else(|| Some(row(status?)?.class))
        .or_else(|| named(VAGUE, complaint))
        .unwrap_or(ServerError)
}

/// The status that this refusal goes by: a success with an error inside has the body's.
pub(super) fn real_status(status: Option<u16>, complaint: &Complaint) -> Option<u16> {
    status.filter(|status| *status >= 300).or(complaint.status)
}

/// The name of a status, for a sentence.
pub(super) fn reason(status: u16) -> &'static str {
    row(status).map_or("no error", |row| row.name)
}

/// As `real_status`, but a 424 only reports the status of whom it depends on.
fn telling_status(status: Option<u16>, complaint: &Complaint) -> Option<u16> {
    let original = complaint.status.filter(|_| status == Some(424));
    original.or_else(|| real_status(status, complaint))
}

fn named(table: &[(Class, &[&str])], complaint: &Complaint) -> Option<Class> {
    let mut said = complaint.finer.iter().chain(&complaint.code).chain(&complaint.kind);
    said.find_map(|name| {
        let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        table.iter().find(|(_, names)| known(names)).map(|(class, _)| *class)
    })
}

fn decided(status: u16, shape: Shape) -> Option<Class> {
    let met = |row: &&Decisive| row.statuses.contains(&status) && row.shapes.contains(&shape);
    DECISIVE.iter().find(met).map(|row| row.class)
}

fn row(status: u16) -> Option<&'static Status> {
    STATUSES.iter().find(|row| (row.first..=row.last).contains(&status))
}
