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
use super::wording;

/// Types and codes that mean one thing wherever they stand. Compared without case: AWS writes
/// them in Pascal case over HTTP and in camel case in frames.
const CERTAIN: &[(Class, &[&str])] = &[
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
            "IncompleteSignature",
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
const LIKELY: &[(Class, &[&str])] = &[
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
    (Auth, &["AccessDeniedException"]),
    (BadRequest, &["ValidationException"]),
];

/// Types that only repeat the status: for errors inside a stream, which have none.
const VAGUE: &[(Class, &[&str])] = &[
    (BadRequest, &["invalid_request_error", "BadRequestError", "INVALID_ARGUMENT"]),
    (Auth, &["permission_error", "PERMISSION_DENIED"]),
    (ModelMissing, &["not_found_error", "NOT_FOUND"]),
    (RateLimited, &["RESOURCE_EXHAUSTED"]),
    (Timeout, &["DEADLINE_EXCEEDED"]),
];

/// Statuses that, with this kind of body, leave nothing to ask the wording.
const DECISIVE: &[(&[u16], &[Shape], Class)] = &[
    (&[401, 407], ANY, Auth),
    (&[402], ANY, Quota),
    (&[498, 529], ANY, Overloaded),
    (&[524], ANY, Timeout),
    // Cerebras refuses an overflow without a word.
    (&[413], &[Shape::Nothing], ContextWindow),
    // Cloudflare's block is no judgement of the key. (oauth-and-codex §2.5)
    (&[403], &[Shape::Page], ServerError),
    (&[404, 405], &[Shape::Page, Shape::Nothing], FeatureUnsupported),
    (&[503, 504], &[Shape::Page], ServerError),
];

const ANY: &[Shape] = &[Shape::Json, Shape::Text, Shape::Page, Shape::Nothing];

/// What a status means when nothing else speaks, and its name: first and last of a range.
/// 409 and 424 stand for a try that may succeed when repeated, as SDKs do.
const STATUSES: &[(u16, u16, Class, &str)] = &[
    (300, 399, FeatureUnsupported, "a redirect, and redirects are not followed"),
    (400, 400, BadRequest, "bad request"),
    (401, 401, Auth, "unauthorized"),
    (402, 402, Quota, "payment required"),
    (403, 403, Auth, "forbidden"),
    (404, 404, ModelMissing, "not found"),
    (405, 405, FeatureUnsupported, "method not allowed"),
    (407, 407, Auth, "proxy authentication required"),
    (408, 408, Timeout, "request timeout"),
    (409, 409, ServerError, "conflict"),
    (410, 410, ModelMissing, "gone"),
    (413, 413, BadRequest, "request too large"),
    (421, 421, FeatureUnsupported, "misdirected request"),
    (422, 422, BadRequest, "unprocessable content"),
    (424, 424, ServerError, "failed dependency"),
    (429, 429, RateLimited, "too many requests"),
    (451, 451, FeatureUnsupported, "unavailable for legal reasons"),
    (498, 498, Overloaded, "capacity exceeded"),
    (499, 499, Network, "request cancelled"),
    (400, 499, BadRequest, "a refusal"),
    (500, 500, ServerError, "internal server error"),
    (501, 501, FeatureUnsupported, "not implemented"),
    (502, 502, ServerError, "bad gateway"),
    (503, 503, Overloaded, "service unavailable"),
    (504, 504, Timeout, "gateway timeout"),
    (524, 524, Timeout, "a timeout at the proxy"),
    (529, 529, Overloaded, "overloaded"),
    (520, 530, ServerError, "an error between proxy and origin"),
    (500, 599, ServerError, "a server error"),
];

/// The class of a refusal; `status` is `None` inside a stream.
pub fn classify(status: Option<u16>, complaint: &Complaint) -> Class {
    let status = telling_status(status, complaint);
    let lines = complaint.finer.iter().chain([&complaint.message]).map(String::as_str);
    named(CERTAIN, complaint)
        .or_else(|| decisive(status?, complaint.shape))
        .or_else(|| wording::class(lines, status))
        .or_else(|| named(LIKELY, complaint))
        .or_else(|| Some(row(status?)?.2))
        .or_else(|| named(VAGUE, complaint))
        .unwrap_or(ServerError)
}

/// The status that this refusal goes by: a success with an error inside has the body's.
pub(super) fn real_status(status: Option<u16>, complaint: &Complaint) -> Option<u16> {
    status.filter(|status| *status >= 300).or(complaint.status)
}

/// The name of a status, for a sentence.
pub(super) fn reason(status: u16) -> &'static str {
    row(status).map_or("not an answer", |row| row.3)
}

/// As `real_status`, but a 424 only reports the status of whom it depends on.
fn telling_status(status: Option<u16>, complaint: &Complaint) -> Option<u16> {
    let original = complaint.status.filter(|_| status == Some(424));
    original.or_else(|| real_status(status, complaint))
}

fn named(table: &[(Class, &[&str])], complaint: &Complaint) -> Option<Class> {
    let said = complaint.finer.iter().chain(&complaint.code).chain(&complaint.kind);
    let meaning = |name: &String| {
        let same = |known: &&str| known.eq_ignore_ascii_case(name);
        table.iter().find(|(_, names)| names.iter().any(|known| same(&known)))
    };
    said.filter_map(meaning).map(|(class, _)| *class).next()
}

fn decisive(status: u16, shape: Shape) -> Option<Class> {
    let row = DECISIVE.iter().find(|row| row.0.contains(&status) && row.1.contains(&shape));
    row.map(|row| row.2)
}

fn row(status: u16) -> Option<&'static (u16, u16, Class, &'static str)> {
    STATUSES.iter().find(|(first, last, ..)| (*first..=*last).contains(&status))
}
