//! Whole answers that say no: each vendor's statuses, headers and bodies (provider-quirks facts,
//! sections 1 to 3; anthropic-messages section 12; openai-chat section 7).

use super::{Act, Applies, Body, Fault, Hosts, Modes, Phase, Twist};
use Body::{Each, Empty, Json, Other};
use Hosts::{Both, Chat, Messages};

type Headers = &'static [(&'static str, &'static str)];

const fn says(
    name: &'static str,
    class: &'static str,
    hosts: Hosts,
    status: u16,
    headers: Headers,
    body: Body,
) -> Fault {
    let phase = if status == 200 { Phase::BeforeContent } else { Phase::BeforeHead };
    let applies = Applies { hosts, modes: Modes::Both };
    Fault { name, class, phase, applies, act: Act::Say { status, headers, body } }
}

/// The same, and only for one way of answering.
const fn only(modes: Modes, fault: Fault) -> Fault {
    Fault { applies: Applies { hosts: fault.applies.hosts, modes }, ..fault }
}

const NONE: Headers = &[];
const HTML: &str = "text/html; charset=UTF-8";

const RATE_LIMITED: Body = Each {
    chat: r#"{"error":{"message":"Rate limit reached for requests. Please slow down.","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
    messages: r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit. Please try again later."},"request_id":"req_fault"}"#,
};
const SERVER_ERROR: Body = Each {
    chat: r#"{"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}"#,
    messages: r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":"req_fault"}"#,
};
const OVERLOADED: Body = Each {
    chat: r#"{"error":{"message":"The engine is currently overloaded, please try again later.","type":"server_error","param":null,"code":"server_is_overloaded"}}"#,
    messages: r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_fault"}"#,
};
const CLOUDFLARE: Body = Other(
    HTML,
    "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>api.example.com | 502: Bad gateway</title></head>\n<body><h1>Bad gateway</h1><p>Error code 502</p></body>\n</html>\n",
);

#[rustfmt::skip]
pub(super) const REFUSALS: &[Fault] = &[
    // Rate limits: every way to say how long to wait.
    says("rate-limit", "rate-limited", Both, 429, NONE, RATE_LIMITED),
    says("rate-limit-seconds", "rate-limited", Both, 429, &[("retry-after", "1")], RATE_LIMITED),
    says("rate-limit-float", "rate-limited", Both, 429, &[("retry-after", "0.25")], RATE_LIMITED),
    says("rate-limit-date", "rate-limited", Both, 429, &[("retry-after", "{date+2}")], RATE_LIMITED),
    says("rate-limit-past-date", "rate-limited", Both, 429, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], RATE_LIMITED),
    says("rate-limit-zero", "rate-limited", Both, 429, &[("retry-after", "0")], RATE_LIMITED),
    says("rate-limit-negative", "rate-limited", Both, 429, &[("retry-after", "-1")], RATE_LIMITED),
    says("rate-limit-words", "rate-limited", Both, 429, &[("retry-after", "soon")], RATE_LIMITED),
    says("rate-limit-ms", "rate-limited", Both, 429, &[("retry-after-ms", "250"), ("retry-after", "60")], RATE_LIMITED),
    says("rate-limit-hours", "rate-limited", Both, 429, &[("retry-after", "39600")], RATE_LIMITED),
    says("rate-limit-no-retry", "rate-limited", Both, 429, &[("x-should-retry", "false")], RATE_LIMITED),
    says("rate-limit-openai-resets", "rate-limited", Chat, 429, &[
        ("x-ratelimit-limit-requests", "60"), ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-limit-tokens", "90000"), ("x-ratelimit-remaining-tokens", "80000"), ("x-ratelimit-reset-tokens", "6m0s"),
    ], RATE_LIMITED),
    says("rate-limit-groq", "rate-limited", Chat, 429, &[
        ("x-ratelimit-remaining-requests", "14370"), ("x-ratelimit-reset-requests", "2m59.56s"),
        ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "7.66s"),
    ], Json(r#"{"error":{"message":"Rate limit reached for model in organization on tokens per minute (TPM): Limit 6000, Used 5900, Requested 900. Please try again in 7.66s.","type":"tokens","code":"rate_limit_exceeded"}}"#)),
    says("rate-limit-cerebras", "rate-limited", Chat, 429, &[
        ("x-ratelimit-remaining-requests-day", "100"), ("x-ratelimit-reset-requests-day", "33011.382867"),
        ("x-ratelimit-remaining-tokens-minute", "0"), ("x-ratelimit-reset-tokens-minute", "1.38"),
    ], Json(r#"{"message":"Tokens per minute limit exceeded - too many tokens processed.","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}"#)),
    says("rate-limit-openrouter", "rate-limited", Chat, 429, &[
        ("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "{epoch-ms+2}"),
    ], Json(r#"{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"Somebody","raw":"{\"error\":{\"message\":\"temporarily rate-limited upstream\"}}"}},"user_id":"user_x"}"#)),
    says("rate-limit-gemini", "rate-limited", Chat, 429, NONE, Json(r#"[{"error":{"code":429,"message":"You exceeded your current requests per minute. Please retry in 2.5s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2.5s"}]}}]"#)),
    says("rate-limit-epoch", "rate-limited", Chat, 429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "{epoch+2}")], RATE_LIMITED),
    says("rate-limit-hint-in-text", "rate-limited", Chat, 429, NONE, Json(r#"{"error":{"message":"Rate limit reached for gpt on tokens per min. Limit: 30000 / min. Please try again in 1.5s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#)),
    says("slow-down", "overloaded", Chat, 429, NONE, Json(r#"{"error":{"message":"Slow down","type":"rate_limit_error","param":null,"code":"slow_down"}}"#)),
    says("rate-limit-anthropic-resets", "rate-limited", Messages, 429, &[
        ("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", "{rfc3339+2}"),
        ("anthropic-ratelimit-input-tokens-limit", "40000"), ("anthropic-ratelimit-input-tokens-remaining", "40000"), ("anthropic-ratelimit-input-tokens-reset", "{rfc3339+60}"),
    ], RATE_LIMITED),
    says("rate-limit-ramp", "rate-limited", Messages, 429, &[("retry-after", "1")], Json(r#"{"type":"error","error":{"type":"rate_limit_error","message":"Your usage is ramping up too fast.","details":{"error_code":"ramp_limit_exceeded"}},"request_id":"req_fault"}"#)),

    // Out of credit, or over a limit on spending.
    says("quota-insufficient", "quota", Chat, 429, NONE, Json(r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#)),
    says("quota-credit", "quota", Chat, 429, &[("retry-after", "1")], Json(r#"{"error":{"message":"Your credit balance is exhausted.","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}"#)),
    says("quota-organization-limit", "quota", Chat, 429, NONE, Json(r#"{"error":{"message":"The organization has reached its spend limit.","type":"insufficient_quota","param":null,"code":"organization_spend_limit_exceeded"}}"#)),
    says("quota-spend-limit", "quota", Messages, 429, NONE, Json(r#"{"type":"error","error":{"type":"rate_limit_error","message":"You have reached your enforced spend limit.","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"req_fault"}"#)),
    says("quota-usage-limits", "quota", Messages, 400, NONE, Json(r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."},"request_id":"req_fault"}"#)),
    says("quota-payment", "quota", Both, 402, NONE, Each {
        chat: r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#,
        messages: r#"{"type":"error","error":{"type":"billing_error","message":"Your account has a billing problem."},"request_id":"req_fault"}"#,
    }),
    says("quota-openrouter", "quota", Chat, 402, NONE, Json(r#"{"error":{"code":402,"message":"This request requires more credits, or fewer max_tokens."},"user_id":"user_x"}"#)),

    // Keys and permissions.
    says("auth", "auth", Both, 401, NONE, Each {
        chat: r#"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        messages: r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_fault"}"#,
    }),
    says("auth-empty", "auth", Both, 401, NONE, Empty),
    says("auth-permission", "auth", Both, 403, NONE, Each {
        chat: r#"{"error":{"message":"You have insufficient permissions for this operation.","type":"invalid_request_error","param":null,"code":"insufficient_permissions"}}"#,
        messages: r#"{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."},"request_id":"req_fault"}"#,
    }),
    says("auth-google", "auth", Chat, 400, NONE, Json(r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#)),

    // Requests that this host does not like.
    says("bad-request", "bad-request", Both, 400, NONE, Each {
        chat: r#"{"error":{"message":"Unrecognized request argument supplied: frobnicate","type":"invalid_request_error","param":"frobnicate","code":"unknown_parameter"}}"#,
        messages: r#"{"type":"error","error":{"type":"invalid_request_error","message":"frobnicate: Extra inputs are not permitted"},"request_id":"req_fault"}"#,
    }),
    says("bad-request-vllm", "bad-request", Chat, 400, NONE, Json(r#"{"object":"error","message":"1 validation error for ChatCompletionRequest","type":"BadRequestError","param":null,"code":400}"#)),
    says("bad-request-fastapi", "bad-request", Chat, 422, NONE, Json(r#"{"detail":[{"type":"extra_forbidden","loc":["body","store"],"msg":"Extra inputs are not permitted","input":false}]}"#)),
    says("bad-request-mistral", "bad-request", Chat, 422, NONE, Json(r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}"#)),
    says("bad-request-text", "bad-request", Both, 400, NONE, Other("text/plain", "Bad Request")),
    says("too-large", "bad-request", Both, 413, NONE, Other(HTML, "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n")),

    // Content that a host declines.
    says("content-policy", "content-policy", Chat, 400, NONE, Json(r#"{"error":{"message":"Your request was rejected as a result of our safety system.","type":"invalid_request_error","param":null,"code":"content_policy_violation"}}"#)),
    says("content-policy-azure", "content-policy", Chat, 400, NONE, Json(r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#)),
    says("content-policy-openrouter", "content-policy", Chat, 403, NONE, Json(r#"{"error":{"code":403,"message":"Input was flagged by moderation","metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"Somebody"}}}"#)),
    says("content-policy-dashscope", "content-policy", Chat, 400, NONE, Json(r#"{"error":{"message":"Input data may contain inappropriate content.","type":"data_inspection_failed","param":null,"code":"data_inspection_failed"}}"#)),
    says("content-policy-deepseek", "content-policy", Chat, 400, NONE, Json(r#"{"error":{"message":"Content Exists Risk","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#)),

    // Prompts that do not fit.
    says("context-window", "context-window", Both, 400, NONE, Each {
        chat: r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 250000 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        messages: r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 250000 tokens > 200000 maximum"},"request_id":"req_fault"}"#,
    }),
    says("context-window-older", "context-window", Messages, 400, NONE, Json(r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 210000 + 20000 > 200000, decrease input length or `max_tokens` and try again"},"request_id":"req_fault"}"#)),
    says("context-window-bedrock", "context-window", Messages, 400, &[("x-amzn-errortype", "ValidationException")], Json(r#"{"message":"Input is too long for requested model."}"#)),
    says("context-window-vllm", "context-window", Chat, 400, NONE, Json(r#"{"object":"error","message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens in the messages, Please reduce the length of the messages.","type":"BadRequestError","param":null,"code":400}"#)),
    says("context-window-gemini", "context-window", Chat, 400, NONE, Json(r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]"#)),
    says("context-window-xai", "context-window", Chat, 400, NONE, Json(r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 250000 tokens."}"#)),
    says("context-window-groq", "context-window", Chat, 400, NONE, Json(r#"{"error":{"message":"Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#)),
    says("context-window-llama-cpp", "context-window", Chat, 400, NONE, Json(r#"{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}"#)),
    says("context-window-lm-studio", "context-window", Chat, 400, NONE, Json(r#"{"error":"The number of tokens to keep from the initial prompt is greater than the context length."}"#)),
    says("context-window-mistral", "context-window", Chat, 400, NONE, Json(r#"{"object":"error","message":"Prompt contains 40000 tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","param":null,"code":"3051"}"#)),
    says("context-window-kimi", "context-window", Chat, 400, NONE, Json(r#"{"error":{"message":"Invalid request: Your request exceeded model token limit: 131072","type":"invalid_request_error"}}"#)),
    says("context-window-minimax", "context-window", Chat, 400, NONE, Json(r#"{"error":{"message":"invalid params, context window exceeds limit (2013)","type":"bad_request_error"}}"#)),

    // Models that are not there.
    says("model-missing", "model-missing", Both, 404, NONE, Each {
        chat: r#"{"error":{"message":"The model `gpt-none` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
        messages: r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-none"},"request_id":"req_fault"}"#,
    }),
    says("model-missing-openrouter", "model-missing", Chat, 404, NONE, Json(r#"{"error":{"code":404,"message":"No endpoints found matching your data policy."}}"#)),
    says("model-missing-azure", "model-missing", Chat, 404, NONE, Json(r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#)),
    says("model-missing-ollama", "model-missing", Chat, 404, NONE, Json(r#"{"error":"model 'none' not found"}"#)),
    says("model-missing-vllm", "model-missing", Chat, 404, NONE, Json(r#"{"object":"error","message":"The model `none` does not exist.","type":"NotFoundError","param":null,"code":404}"#)),
    says("model-retired", "model-missing", Chat, 410, NONE, Json(r#"{"type":"about:blank","title":"Gone","status":410,"detail":"The model has reached its end of life."}"#)),

    // What a host cannot do.
    says("feature-responses-only", "feature-unsupported", Chat, 404, NONE, Json(r#"{"error":{"message":"This model is only supported in v1/responses and not in v1/chat/completions.","type":"invalid_request_error","param":"model","code":null}}"#)),
    says("feature-no-tools", "feature-unsupported", Chat, 400, NONE, Json(r#"{"error":{"message":"Function tools with reasoning_effort are not supported for this model in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.","type":"invalid_request_error","param":"reasoning_effort","code":null}}"#)),

    // Hosts that broke.
    says("server-error", "server-error", Both, 500, NONE, SERVER_ERROR),
    says("server-error-empty", "server-error", Both, 500, NONE, Empty),
    says("server-error-html", "server-error", Both, 502, NONE, CLOUDFLARE),
    says("server-error-text", "server-error", Both, 503, NONE, Other("text/plain", "upstream connect error or disconnect/reset before headers. reset reason: connection termination")),
    says("server-error-unknown-origin", "server-error", Both, 520, NONE, Other(HTML, "<html><head><title>520: Web server is returning an unknown error</title></head><body></body></html>")),
    says("server-error-fastapi", "server-error", Chat, 500, NONE, Json(r#"{"detail":"Internal Server Error"}"#)),
    says("server-error-ollama", "server-error", Chat, 500, NONE, Json(r#"{"error":"llama runner process has terminated: exit status 2"}"#)),
    says("server-error-octet-stream", "server-error", Chat, 500, NONE, Other("application/octet-stream", r#"{"error":{"message":"Internal error, please retry","type":"server_error","param":null,"code":null}}"#)),

    // Up and busy, or still loading.
    says("overloaded", "overloaded", Both, 529, NONE, OVERLOADED),
    says("overloaded-503", "overloaded", Both, 503, &[("retry-after", "1")], OVERLOADED),
    says("overloaded-loading", "overloaded", Chat, 503, NONE, Json(r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#)),
    says("overloaded-moonshot", "overloaded", Chat, 429, NONE, Json(r#"{"error":{"message":"The engine is currently overloaded, please try again later","type":"engine_overloaded_error"}}"#)),
    says("overloaded-capacity", "overloaded", Chat, 498, NONE, Json(r#"{"error":{"message":"Flex tier capacity exceeded.","type":"flex_capacity_exceeded","code":"capacity_exceeded"}}"#)),

    // Time ran out on the other side.
    says("timeout-408", "timeout", Both, 408, NONE, Each {
        chat: r#"{"error":{"message":"Request timed out.","type":"server_error","param":null,"code":"timeout"}}"#,
        messages: r#"{"type":"error","error":{"type":"timeout_error","message":"The request body was not received in time.","details":{"error_code":"request_body_timeout"}},"request_id":"req_fault"}"#,
    }),
    says("timeout-504", "timeout", Both, 504, NONE, Each {
        chat: "{\"error\":{\"message\":\"Gateway timeout\",\"type\":\"server_error\",\"param\":null,\"code\":null}}",
        messages: r#"{"type":"error","error":{"type":"timeout_error","message":"Request timed out"},"request_id":"req_fault"}"#,
    }),
    says("timeout-524", "timeout", Both, 524, NONE, Other(HTML, "<!DOCTYPE html>\n<html><head><title>api.example.com | 524: A timeout occurred</title></head><body></body></html>")),

    // A 200 that is no answer.
    says("ok-error", "server-error", Both, 200, NONE, SERVER_ERROR),
    says("ok-error-overloaded", "overloaded", Both, 200, NONE, OVERLOADED),
    says("ok-error-rate-limit", "rate-limited", Chat, 200, NONE, Json(r#"{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"Somebody","raw":"slow down"}},"user_id":"user_x"}"#)),
    says("ok-html", "server-error", Both, 200, NONE, Other(HTML, "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>")),
    says("ok-empty", "server-error", Both, 200, NONE, Empty),
    says("ok-without-choices", "server-error", Both, 200, NONE, Json(r#"{"id":"x","object":"nothing","created":1795000000}"#)),
    says("ok-null", "server-error", Both, 200, NONE, Json("null")),
    only(Modes::Streamed, Fault { name: "json-for-stream", class: "server-error", phase: Phase::BeforeContent, applies: Applies { hosts: Both, modes: Modes::Streamed }, act: Act::Twist(Twist::JsonForStream) }),
    only(Modes::Whole, Fault { name: "half-json", class: "server-error", phase: Phase::BeforeContent, applies: Applies { hosts: Both, modes: Modes::Whole }, act: Act::Twist(Twist::HalfJson) }),
];
