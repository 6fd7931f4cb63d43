//! Refusal → class.

use std::collections::HashSet;

use routectl_core::{Class, Origin};

use super::refused;
use crate::refusal::classify::{CERTAIN, LIKELY, VAGUE};
use crate::refusal::read_event;
use crate::refusal::wording::WORDINGS;

#[track_caller]
fn check(status: u16, body: &str, class: &str) {
    let failure = refused(status, body);
    assert_eq!(failure.class.name(), class, "{status} {body}");
    assert_eq!(failure.origin, Origin::Upstream);
    assert!(!failure.words.message.is_empty(), "{status} {body} has no words");
}

/// The same words in OpenAI's envelope, without type or code.
#[track_caller]
fn said(status: u16, message: &str, class: &str) {
    check(status, &json_body(message), class);
}

fn json_body(message: &str) -> String {
    format!(r#"{{"error":{{"message":{}}}}}"#, serde_json::to_string(message).unwrap())
}

#[track_caller]
fn in_stream(json: &str, class: &str) {
    assert_eq!(read_event(json.as_bytes()).class.name(), class, "{json}");
}

#[test]
fn a_status_alone_has_a_class() {
    for (status, class) in [
        (301, "feature-unsupported"),
        (400, "bad-request"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (407, "auth"),
        (408, "timeout"),
        (409, "server-error"),
        (410, "model-missing"),
        (415, "bad-request"),
        (421, "feature-unsupported"),
        (422, "bad-request"),
        (424, "server-error"),
        (429, "rate-limited"),
        (451, "feature-unsupported"),
        (498, "overloaded"),
        (499, "network"),
        (500, "server-error"),
        (501, "feature-unsupported"),
        (502, "server-error"),
        (503, "overloaded"),
        (504, "timeout"),
        (507, "server-error"),
        (520, "server-error"),
        (521, "server-error"),
        (522, "server-error"),
        (523, "server-error"),
        (524, "timeout"),
        (525, "server-error"),
        (526, "server-error"),
        (527, "server-error"),
        (529, "overloaded"),
        (530, "server-error"),
    ] {
        check(status, "", class);
    }
}

#[test]
fn a_page_of_a_proxy_is_a_server_error_and_of_a_wrong_address_an_unsupported_feature() {
    let page = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>busy</body></html>";
    for status in [403, 500, 502, 503, 504, 520, 521, 522, 523, 525, 526, 527, 530] {
        check(status, page, "server-error");
    }
    check(524, page, "timeout");
    check(429, page, "rate-limited");
    check(413, page, "bad-request");
    for status in [404, 405] {
        check(status, page, "feature-unsupported");
    }
}

#[test]
fn an_unreadable_success_is_a_server_error() {
    for body in ["", "<html><title>Welcome</title></html>", r#"{"id":"x"}"#, "ok"] {
        check(200, body, "server-error");
    }
}

#[test]
fn an_error_inside_a_success_is_judged_by_its_own_status() {
    check(200, r#"{"error":{"code":429,"message":"slow"}}"#, "rate-limited");
    check(200, r#"{"error":{"code":"502","message":"gone"}}"#, "server-error");
    check(200, r#"{"error":{"code":402,"message":"pay"}}"#, "quota");
    check(200, r#"{"error":{"message":"x","type":"insufficient_quota"}}"#, "quota");
    let failure = refused(200, r#"{"error":{"code":429,"message":"slow"}}"#);
    assert_eq!(failure.status, Some(429), "a client is not told that a failure was a success");
    assert_eq!(refused(200, r#"{"error":"boom"}"#).status, None);
}

#[test]
fn anthropic_types_have_a_class_with_and_without_status() {
    for (status, kind, class) in [
        (400, "invalid_request_error", "bad-request"),
        (401, "authentication_error", "auth"),
        (402, "billing_error", "quota"),
        (403, "permission_error", "auth"),
        (404, "not_found_error", "model-missing"),
        (409, "conflict_error", "server-error"),
        (413, "request_too_large", "bad-request"),
        (422, "invalid_request_error", "bad-request"),
        (429, "rate_limit_error", "rate-limited"),
        (500, "api_error", "server-error"),
        (504, "timeout_error", "timeout"),
        (529, "overloaded_error", "overloaded"),
    ] {
        let error = format!(r#"{{"type":"{kind}","message":"x"}}"#);
        let body = format!(r#"{{"type":"error","error":{error},"request_id":"req_1"}}"#);
        check(status, &body, class);
        in_stream(&body, class);
    }
    check(503, r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#, "overloaded");
}

#[test]
fn the_finest_code_decides() {
    let body = |kind: &str, code: &str| {
        let error = format!(r#""type":"{kind}","message":"x","details":{{"error_code":"{code}"}}"#);
        format!(r#"{{"type":"error","error":{{{error}}}}}"#)
    };
    for (status, kind, code, class) in [
        (429, "rate_limit_error", "enforced_spend_limit_reached", "quota"),
        (429, "rate_limit_error", "contract_spend_limit_reached", "quota"),
        (429, "rate_limit_error", "ramp_limit_exceeded", "rate-limited"),
        (529, "overloaded_error", "compaction_unavailable", "overloaded"),
        (408, "api_error", "request_body_timeout", "timeout"),
        (404, "not_found_error", "thread_not_found", "bad-request"),
        (400, "invalid_request_error", "thread_unsupported_request", "bad-request"),
        (400, "invalid_request_error", "organization_not_enrolled_in_beta", "feature-unsupported"),
        (400, "invalid_request_error", "image_dimensions_too_large", "bad-request"),
    ] {
        check(status, &body(kind, code), class);
    }
    let azure = r#"{"error":{"code":"400","message":"x","innererror":
        {"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}"#;
    check(400, azure, "content-policy");
    let routed = r#"{"error":{"code":503,"message":"x","metadata":{"error_type":
        "rate_limit_exceeded"}}}"#;
    check(503, routed, "rate-limited");
}

#[test]
fn openai_codes_have_a_class() {
    for (status, kind, code, class) in [
        (400, "invalid_request_error", "context_length_exceeded", "context-window"),
        (400, "invalid_request_error", "invalid_function_parameters", "bad-request"),
        (400, "invalid_request_error", "unknown_parameter", "bad-request"),
        (400, "invalid_request_error", "unsupported_parameter", "feature-unsupported"),
        (400, "invalid_request_error", "unsupported_value", "feature-unsupported"),
        (400, "invalid_request_error", "string_above_max_length", "bad-request"),
        (400, "invalid_request_error", "invalid_image_url", "bad-request"),
        (400, "invalid_request_error", "content_policy_violation", "content-policy"),
        (400, "invalid_request_error", "cyber_policy", "content-policy"),
        (400, "invalid_request_error", "bio_policy", "content-policy"),
        (400, "invalid_request_error", "invalid_prompt", "content-policy"),
        (400, "invalid_request_error", "content_filter", "content-policy"),
        (400, "invalid_request_error", "invalid_encrypted_content", "bad-request"),
        (400, "invalid_request_error", "previous_response_not_found", "bad-request"),
        (401, "invalid_request_error", "invalid_api_key", "auth"),
        (403, "request_forbidden", "unsupported_country_region_territory", "feature-unsupported"),
        (404, "invalid_request_error", "model_not_found", "model-missing"),
        (404, "invalid_request_error", "DeploymentNotFound", "model-missing"),
        (429, "requests", "rate_limit_exceeded", "rate-limited"),
        (413, "tokens", "rate_limit_exceeded", "rate-limited"),
        (429, "insufficient_quota", "insufficient_quota", "quota"),
        (429, "insufficient_quota", "credit_balance_exhausted", "quota"),
        (429, "insufficient_quota", "organization_spend_limit_exceeded", "quota"),
        (429, "insufficient_quota", "project_spend_limit_exceeded", "quota"),
        (429, "insufficient_quota", "organization_usage_limit_exceeded", "quota"),
        (429, "server_error", "slow_down", "overloaded"),
        (503, "server_error", "slow_down", "overloaded"),
        (503, "server_error", "server_is_overloaded", "overloaded"),
        (500, "server_error", "internal_error", "server-error"),
        (400, "invalid_request_error", "tool_use_failed", "server-error"),
        (400, "invalid_request_error", "model_decommissioned", "model-missing"),
        (400, "invalid_request_error", "data_inspection_failed", "content-policy"),
        (429, "engine_overloaded_error", "x", "overloaded"),
        (429, "exceeded_current_quota_error", "x", "quota"),
        (429, "usage_not_included", "x", "quota"),
        (400, "exceed_context_size_error", "400", "context-window"),
    ] {
        let error = format!(r#""message":"x","type":"{kind}","param":null,"code":"{code}""#);
        check(status, &format!(r#"{{"error":{{{error}}}}}"#), class);
    }
}

#[test]
fn codex_refusals_have_a_class() {
    let spent = r#"{"error":{"type":"usage_limit_reached","message":"The usage limit has been
        reached","plan_type":"plus","resets_at":1795514220,"resets_in_seconds":3600}}"#;
    check(429, &spent.replace('\n', " "), "quota");
    check(429, r#"{"error":{"type":"usage_not_included","message":"x"}}"#, "quota");
    let account = r#"{"detail":"The 'gpt-x' model is not supported when using Codex with a ChatGPT account."}"#;
    check(400, account, "model-missing");
    check(400, r#"{"detail":"Unsupported parameter: max_output_tokens"}"#, "feature-unsupported");
    for (code, class) in [
        ("rate_limit_exceeded", "rate-limited"),
        ("insufficient_quota", "quota"),
        ("context_length_exceeded", "context-window"),
        ("server_is_overloaded", "overloaded"),
        ("cyber_policy", "content-policy"),
        ("server_error", "server-error"),
        ("never_heard_of", "server-error"),
    ] {
        let error = format!(r#"{{"code":"{code}","message":"x"}}"#);
        in_stream(
            &format!(r#"{{"type":"response.failed","response":{{"error":{error}}}}}"#),
            class,
        );
    }
    in_stream(r#"{"type":"error","status":429,"error":{"message":"x"}}"#, "rate-limited");
    in_stream(r#"{"type":"error","message":"The selected model is at capacity"}"#, "overloaded");
}

#[test]
fn an_overflow_is_known_in_every_vendors_wording() {
    for message in [
        "prompt is too long: 250000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 200001 + 20000 > 200000",
        "The model returned the following errors: prompt is too long: 9 tokens > 8 maximum",
        "Input is too long for requested model.",
        "Your input exceeds the context window of this model.",
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        "Please reduce the length of the messages or completion.",
        "The prompt (total length 9000) is longer than the maximum model length of 8192.",
        "the request exceeds the available context size, try increasing it",
        "Trying to keep the first 9000 tokens when that is greater than the context length of 4096",
        "prompt token count of 140000 exceeds the limit of 128000",
        "invalid params, context window exceeds limit (2013)",
        "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        "model_context_window_exceeded",
        "too many tokens",
        "Token limit exceeded",
        "capability_rejected: prompt_too_long",
    ] {
        for status in [400, 413, 422, 500] {
            said(status, message, "context-window");
        }
        in_stream(&json_body(message), "context-window");
    }
    check(413, "", "context-window");
}

#[test]
fn a_prompt_that_fits_is_no_overflow_whatever_code_says_so() {
    for message in [
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (1000 in the messages, 8000 in the completion).",
    ] {
        said(400, message, "bad-request");
        let coded = r#"{"error":{"code":"context_length_exceeded","message":"$"}}"#;
        check(400, &coded.replace('$', message), "bad-request");
        in_stream(&json_body(message), "bad-request");
    }
}

#[test]
fn a_limit_of_tokens_in_time_or_answer_is_no_overflow() {
    for (status, message, class) in [
        (
            413,
            "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000, \
             please reduce the length of the messages and try again.",
            "rate-limited",
        ),
        (
            429,
            "Rate limit reached for x on tokens per min (TPM): Limit 30000, Used 29000. The input \
             exceeds the context window of your tier.",
            "rate-limited",
        ),
        (429, "Too many tokens, please wait before trying again.", "rate-limited"),
        (429, "Too many tokens per day, please wait before trying again.", "quota"),
        (
            400,
            "max_tokens: 128000 > 8192, which is the maximum allowed number of output tokens for X",
            "bad-request",
        ),
        (413, "Request exceeds the maximum size", "bad-request"),
        (400, "string too long. Expected a string with maximum length 40", "bad-request"),
    ] {
        said(status, message, class);
    }
}

#[test]
fn a_declined_content_is_known_by_wording() {
    for (status, message) in [
        (400, "Content Exists Risk"),
        (400, "The prompt triggered Azure OpenAI's content management policy."),
        (400, "Output blocked by content filtering policy"),
        (400, "Your prompt was flagged as potentially violating our usage policy."),
        (400, "Your request was rejected as a result of our safety system."),
        (400, "Input data may contain inappropriate content."),
        (403, "Your chosen model requires moderation and your input was flagged"),
    ] {
        said(status, message, "content-policy");
    }
    let routed = r#"{"error":{"code":403,"message":"x requires moderation on OpenAI. Your input was
        flagged","metadata":{"reasons":["violence"],"provider_name":"OpenAI"}}}"#;
    check(403, &routed.replace('\n', " "), "content-policy");
    said(404, "No endpoints found matching your data policy", "model-missing");
}

#[test]
fn spent_money_is_a_quota_and_not_a_bad_request() {
    for (status, message) in [
        (400, "You have reached your specified API usage limits. You will regain access soon."),
        (400, "Your credit balance is too low to access the Anthropic API."),
        (402, "Insufficient Balance"),
        (402, "This request requires more credits, or fewer max_tokens."),
        (403, "Key limit exceeded (monthly limit)."),
        (403, "Your newly created team doesn't have any credits yet."),
        (429, "You exceeded your current quota, please check your plan and billing details."),
        (429, "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more"),
        (429, "Monthly usage limit reached for this plan."),
        (429, "Your organization has hit its monthly spend limit."),
    ] {
        said(status, message, "quota");
    }
}

#[test]
fn gemini_days_are_a_quota_and_minutes_are_a_rate() {
    let body = |id: &str| {
        format!(
            r#"[{{"error":{{"code":429,"message":"You exceeded your current quota. See
            https://ai.google.dev/gemini-api/docs/rate-limits. Please retry in 34.07s.",
            "status":"RESOURCE_EXHAUSTED","details":[
            {{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaId":"{id}"}}]}},
            {{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}}]}}}}]"#
        )
        .replace('\n', " ")
    };
    check(429, &body("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), "quota");
    check(429, &body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), "rate-limited");
    check(
        429,
        r#"[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]"#,
        "rate-limited",
    );
    let expired = r#"[{"error":{"code":400,"message":"API key expired. Please renew the API key.",
        "status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#;
    check(400, expired, "auth");
    said(400, "API key not valid. Please pass a valid API key.", "auth");
    said(400, "User location is not supported for the API use.", "feature-unsupported");
    check(503, r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#, "overloaded");
}

#[test]
fn a_404_is_about_the_model_unless_it_is_about_the_path() {
    for message in [
        "The model `gpt-x` does not exist or you do not have access to it.",
        "model: claude-x",
        "model 'x' not found, try pulling it first",
        "No endpoints found for x/y.",
        "This model version has reached the end of its life.",
        "something else",
    ] {
        said(404, message, "model-missing");
    }
    check(404, r#"{"detail":"Not Found"}"#, "feature-unsupported");
    check(404, "404 page not found", "feature-unsupported");
    check(404, "", "feature-unsupported");
    said(404, "Invalid URL (POST /v1/messages)", "feature-unsupported");
    said(404, "No endpoints found that support tool use.", "feature-unsupported");
    said(404, "This model is only supported in v1/responses", "feature-unsupported");
    said(404, "File not found: file_1", "bad-request");
    said(400, "x/y is not a valid model ID", "model-missing");
    said(410, "The model has been retired", "model-missing");
}

#[test]
fn what_a_model_cannot_do_is_an_unsupported_feature() {
    for message in [
        "Function tools with reasoning_effort are not supported for gpt-x in /v1/chat/completions.",
        "\"thinking.type.enabled\" is not supported for this model.",
        "adaptive thinking is not supported on this model",
        "tool_choice: type \"tool\" and \"any\" are not supported for this model.",
        "Unsupported value: 'temperature' does not support 0.2 with this model.",
        "registry.ollama.ai/library/x:latest does not support tools",
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser",
    ] {
        said(400, message, "feature-unsupported");
    }
}

#[test]
fn a_busy_or_loading_host_is_overloaded() {
    for (status, message) in [
        (503, "Loading model"),
        (503, "The model is loading, please retry"),
        (500, "The model is overloaded. Please try again later."),
        (429, "The engine is currently overloaded, please try again later"),
        (429, "High concurrency usage of this API, please reduce concurrency"),
        (503, "Server is busy"),
        (500, "Selected model is at capacity. Please try a different model."),
        (502, "Bedrock is unable to process your request."),
    ] {
        said(status, message, "overloaded");
    }
    check(503, r#"{"error":{"code":503,"message":"x","type":"unavailable_error"}}"#, "overloaded");
}

#[test]
fn a_local_server_that_chokes_on_the_request_is_not_broken() {
    said(500, "Jinja Exception: Conversation roles must alternate", "bad-request");
    said(500, "Failed to parse messages: missing role", "bad-request");
    said(500, "failed to parse grammar", "bad-request");
    said(500, "failed to parse the answer of the worker", "server-error");
    said(502, "Jinja Exception", "server-error");
    check(503, "upstream connect error or disconnect/reset before headers", "server-error");
}

#[test]
fn no_wording_is_hidden_behind_another() {
    for wording in WORDINGS.iter().copied().flatten() {
        let status = wording.under.first().copied().unwrap_or(400);
        said(status, &wording.parts.join(" it "), wording.class.name());
    }
}

#[test]
fn every_known_name_means_one_thing_in_any_case() {
    let mut seen = HashSet::new();
    for (class, names) in [CERTAIN, LIKELY, VAGUE].into_iter().flatten() {
        for name in *names {
            assert!(seen.insert(name.to_lowercase()), "{name} stands twice");
            for spelled in [name.to_string(), name.to_lowercase(), name.to_uppercase()] {
                in_stream(
                    &format!(r#"{{"error":{{"message":"x","type":"{spelled}"}}}}"#),
                    class.name(),
                );
                in_stream(
                    &format!(r#"{{"error":{{"message":"x","code":"{spelled}"}}}}"#),
                    class.name(),
                );
            }
        }
    }
}

#[test]
fn every_class_a_refusal_can_have_is_shown_here() {
    let shown = include_str!("classes.rs");
    for class in Class::ALL.into_iter().filter(|class| *class != Class::ClientGone) {
        assert!(shown.contains(&format!("\"{class}\"")), "no case of {class}");
    }
}
