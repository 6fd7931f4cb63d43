//! Bedrock's refusals, over HTTP and inside a stream. (facts: Bedrock, sections 1.6, 3.2 and 5)

use std::time::Duration;

use routectl_core::Failure;

use super::{now, refused};
use crate::formats::CLIENT_FORMATS;
use crate::refusal::{exception, is_stale_credential, names_account, read};
use crate::repair::mend;

/// Status, name, message and class, and whether a renewed credential may mend it.
type Case = (u16, &'static str, &'static str, &'static str, bool);

/// Every row of the facts' table, and what a mock of Bedrock sends.
#[rustfmt::skip]
const CASES: &[Case] = &[
    // Throttling
    (429, "ThrottlingException", "Too many requests, please wait before trying again.", "rate-limited", false),
    (429, "ThrottlingException", "Too many tokens, please wait before trying again.", "rate-limited", false),
    (400, "ThrottlingException", "Too many tokens, please wait before trying again.", "rate-limited", false),
    (400, "ThrottlingException", "Rate exceeded", "rate-limited", false),
    (429, "", "Too many requests, please wait before trying again.", "rate-limited", false),
    (503, "SlowDown", "x", "rate-limited", false),
    (400, "ProvisionedThroughputExceededException", "x", "rate-limited", false),
    // Quotas
    (429, "ThrottlingException", "Too many tokens per day, please wait before trying again.", "quota", false),
    (400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account.", "quota", false),
    // Busy and broken
    (429, "ModelNotReadyException", "Model is not ready for inference. Please try again later.", "overloaded", false),
    (503, "ServiceUnavailableException", "Bedrock is unable to process your request.", "overloaded", false),
    (503, "ServiceUnavailableException", "Too many connections, please wait before trying again.", "overloaded", false),
    (500, "InternalServerException", "The system encountered an unexpected error during processing. Try your request again.", "server-error", false),
    (400, "InternalFailure", "x", "server-error", false),
    (502, "", "x", "server-error", false),
    (504, "", "x", "timeout", false),
    (424, "ModelErrorException", "The system encountered an unexpected error during processing.", "server-error", false),
    (424, "ModelStreamErrorException", "x", "server-error", false),
    (408, "ModelTimeoutException", "Model has timed out in processing the request. Try your request again.", "timeout", false),
    // The request
    (400, "ValidationException", "The model returned the following errors: messages.0: something is invalid", "bad-request", false),
    (400, "ValidationException", "Unexpected value(s) `a`, `b` for the `anthropic-beta` header. Please consult our documentation at platform.claude.com/docs or try again without the header.", "bad-request", false),
    (400, "ValidationException", "invalid beta flag", "bad-request", false),
    (400, "ValidationException", "model: Extra inputs are not permitted", "bad-request", false),
    (400, "ValidationException", "The text field in the ContentBlock object at messages.0.content.0 is blank.", "bad-request", false),
    (400, "ValidationException", "The maximum tokens you requested exceeds the model limit of 64000. Try again with a maximum tokens value that is lower than 64000.", "bad-request", false),
    (400, "SerializationException", "Could not parse the request body", "bad-request", false),
    (400, "ValidationException", "Input is too long for requested model.", "context-window", false),
    (400, "ValidationException", "prompt is too long: 200049 tokens > 200000 maximum", "context-window", false),
    (400, "ValidationException", "The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum", "context-window", false),
    (400, "ValidationException", "input length and `max_tokens` exceed context limit: 200001 + 20 > 200000", "context-window", false),
    (400, "ValidationException", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", "bad-request", false),
    (400, "ValidationException", "This model doesn't support tool use in streaming mode.", "feature-unsupported", false),
    // The model's id
    (400, "ValidationException", "Invocation of model ID x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.", "model-missing", false),
    (400, "ValidationException", "The provided model identifier is invalid.", "model-missing", false),
    (404, "ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier.", "model-missing", false),
    (404, "ResourceNotFoundException", "This model version has reached the end of its life. Please refer to the AWS documentation for more details.", "model-missing", false),
    (404, "ResourceNotFoundException", "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.", "model-missing", false),
    (404, "UnknownOperationException", "", "feature-unsupported", false),
    // Permissions
    (403, "AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/dev/alice is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/mock because no identity-based policy allows the bedrock:InvokeModel action", "auth", false),
    (400, "AccessDeniedException", "User is not authorized", "auth", false),
    (403, "AccessDeniedException", "You don't have access to the model with the specified model ID.", "feature-unsupported", false),
    // Credentials
    (403, "UnrecognizedClientException", "The security token included in the request is invalid.", "auth", true),
    (403, "InvalidSignatureException", "Signature expired: 20261124T085700Z is now earlier than 20261124T090000Z", "auth", true),
    (403, "InvalidSignatureException", "The request signature we calculated does not match", "auth", true),
    (403, "SignatureDoesNotMatch", "x", "auth", true),
    (403, "RequestTimeTooSkewed", "x", "auth", true),
    (403, "ExpiredTokenException", "The security token included in the request is expired", "auth", true),
    (403, "MissingAuthenticationTokenException", "Missing Authentication Token", "auth", true),
    (400, "IncompleteSignature", "x", "auth", true),
    (403, "AccessDeniedException", "Bearer Token has expired", "auth", true),
    (403, "", "Authentication failed: Please make sure your API Key is valid.", "auth", true),
];

fn said(name: &str, message: &str) -> String {
    format!(r#"{{{name}:{}}}"#, serde_json::to_string(message).unwrap())
}

fn judge(failure: &Failure, case: &Case, how: &str) {
    let (_, name, message, class, stale) = *case;
    assert_eq!(failure.class.name(), class, "{how}: {name} {message}");
    assert_eq!(is_stale_credential(failure), stale, "{how}: {name} {message}");
    let told = &failure.words.message;
    assert!(!told.is_empty() && !names_account(told.as_bytes()), "{how}: {told}");
    let kind = failure.words.kind.as_deref().unwrap_or_default();
    assert!(kind.eq_ignore_ascii_case(name), "{how}: {kind} is not {name}");
}

#[test]
fn every_refusal_of_bedrock_has_its_class_wherever_its_name_stands() {
    for case in CASES {
        let (status, name, message, ..) = *case;
        let header = format!("aws.bedrock#{name}:http://internal.amazon.com/coral/x#y/");
        let headers = |asked: &str| {
            (asked == "x-amzn-errortype" && !name.is_empty()).then_some(header.as_str())
        };
        for body in [said("\"message\"", message), said("\"Message\"", message)] {
            let failure = read(status, headers, body.as_bytes(), now());
            judge(&failure, case, "header");
            assert_eq!(failure.status, Some(status));
        }
        if name.is_empty() {
            continue;
        }
        for named in [name.to_owned(), format!("com.amazonaws#{name}"), format!("{name}:http://x/")]
        {
            let body = said(&format!(r#""__type":"{named}","message""#), message);
            judge(&refused(status, &body), case, "__type");
        }
        let body = said(&format!(r#""code":"com.amazonaws#{name}","Message""#), message);
        let failure = refused(status, &body);
        assert_eq!(failure.class.name(), case.3, "code: {name} {message}");
        assert_eq!(is_stale_credential(&failure), case.4, "code: {name} {message}");
    }
    let unknown = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    assert_eq!(refused(404, unknown).class.name(), "feature-unsupported");
}

#[test]
fn an_exception_in_a_stream_is_what_it_is_over_http() {
    for case in CASES.iter().filter(|(_, name, ..)| !name.is_empty()) {
        let (_, name, message, class, _) = *case;
        // Which of a model's permissions is missing is told by the status alone.
        if matches!(class, "feature-unsupported") && name == "AccessDeniedException" {
            continue;
        }
        let (first, rest) = name.split_at(1);
        let camel = format!("{}{rest}", first.to_lowercase());
        for (name, payload) in
            [(camel.as_str(), said("\"message\"", message)), (name, message.to_owned())]
        {
            judge(&exception(name, payload.as_bytes()), case, "frame");
        }
    }
}

#[test]
fn the_exceptions_of_streams_are_read() {
    for (name, payload, told) in [
        (
            "modelStreamErrorException",
            r#"{"message":"Try again.","originalStatusCode":500,"originalMessage":"model worker died"}"#,
            "server-error (500): Try again. (model worker died)",
        ),
        (
            "modelStreamErrorException",
            r#"{"message":"x","originalStatusCode":400,"originalMessage":"prompt is too long: 9 tokens > 8 maximum"}"#,
            "context-window (400): x (prompt is too long: 9 tokens > 8 maximum)",
        ),
        (
            "modelStreamErrorException",
            r#"{"message":"x","originalStatusCode":429}"#,
            "rate-limited (429): x",
        ),
        (
            "somethingNewException",
            r#"{"message":"never heard of"}"#,
            "server-error: never heard of",
        ),
        ("InternalFailure", "Something went wrong.", "server-error: Something went wrong."),
        (
            "throttlingException",
            "{}",
            "rate-limited: the upstream broke off with an error: throttlingException",
        ),
        ("", "", "server-error: the upstream broke off with an error and said nothing"),
        (
            "validationException",
            r#"{"message":"no such profile: arn:aws:bedrock:eu-west-1:123456789012:inference-profile/x"}"#,
            "bad-request: no such profile: [arn]",
        ),
    ] {
        assert_eq!(exception(name, payload.as_bytes()).to_string(), told);
    }
}

#[test]
fn a_models_own_status_decides_over_the_424_that_reports_it() {
    for (original, class) in [(400, "bad-request"), (429, "rate-limited"), (500, "server-error")] {
        let body = format!(
            r#"{{"message":"x","originalStatusCode":{original},"resourceName":"arn:aws:bedrock:us-east-1::foundation-model/mock"}}"#
        );
        assert_eq!(refused(424, &body).class.name(), class, "{original}");
    }
}

#[test]
fn amazons_wait_is_told_in_milliseconds() {
    let headers = |asked: &str| (asked == "x-amz-retry-after").then_some("1500");
    let failure = read(429, headers, br#"{"message":"Too many requests"}"#, now());
    assert_eq!(failure.retry_after, Some(Duration::from_millis(1_500)));
}

#[test]
fn a_missing_permission_is_told_with_the_action_and_without_the_account() {
    let message = "User: arn:aws:sts::123456789012:assumed-role/dev/alice is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/mock because no identity-based policy allows the bedrock:InvokeModel action";
    let failure = refused(403, &said("\"Message\"", message));
    assert_eq!(
        failure.words.message,
        "User: [arn] is not authorized to perform: bedrock:InvokeModel on resource: [arn] because no identity-based policy allows the bedrock:InvokeModel action"
    );
    assert!(names_account(said("\"Message\"", message).as_bytes()));
    assert!(!names_account(br#"{"message":"Too many tokens, 200049 of them"}"#));
}

#[test]
fn a_stale_credential_is_the_routers_fault_and_a_missing_permission_is_told_as_one() {
    let told = |message: &str| {
        let failure = refused(403, &said("\"message\"", message));
        CLIENT_FORMATS.iter().map(|format| format.status(&failure)).collect::<Vec<_>>()
    };
    assert_eq!(told("The security token included in the request is expired"), [502, 500]);
    assert_eq!(told("User is not authorized to perform: bedrock:InvokeModel"), [403, 403]);
}

#[test]
fn amazons_envelope_is_no_clients() {
    for body in [
        r#"{"message":"Too many requests"}"#,
        r#"{"Message":"no"}"#,
        r#"{"__type":"ns#ThrottlingException","message":"x"}"#,
    ] {
        for format in CLIENT_FORMATS {
            assert!(!format.reads_error(body.as_bytes()), "{} {body}", format.name());
        }
    }
}

#[test]
fn extra_inputs_named_by_bedrock_can_be_mended() {
    let body = said(
        "\"message\"",
        "The model returned the following errors: output_config.effort: Extra inputs are not permitted",
    );
    assert!(mend(&refused(400, &body)).is_some());
}
