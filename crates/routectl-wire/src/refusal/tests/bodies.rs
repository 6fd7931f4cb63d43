//! Error body → what it says.

use super::{now, refused};
use crate::refusal::{Complaint, Shape, is_error, read, read_event};

/// What is read, as `message | type | code | param`.
#[track_caller]
fn check(body: &str, read: &str) {
    let Complaint { message, kind, code, param, .. } = Complaint::read(body.as_bytes());
    let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
    let told = format!("{message} | {} | {} | {}", part(kind), part(code), part(param));
    assert_eq!(told, read, "{body}");
}

#[test]
fn every_vendors_envelope_is_read() {
    for (body, read) in [
        // OpenAI and most others
        (
            r#"{"error":{"message":"no","type":"t","param":"messages[3].content","code":"c"}}"#,
            "no | t | c | messages[3].content",
        ),
        (r#"{"error":{"message":null,"type":"t","param":null,"code":null}}"#, " | t | - | -"),
        // Fireworks
        (r#"{"error":{"object":"error","type":"t","code":"c","message":"no"}}"#, "no | t | c | -"),
        // vLLM, SGLang
        (
            r#"{"object":"error","message":"no","type":"BadRequestError","param":null,"code":400}"#,
            "no | BadRequestError | 400 | -",
        ),
        // FastAPI
        (r#"{"detail":"no"}"#, "no | - | - | -"),
        (
            r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"no","type":"missing"},{"msg":"nor"}]}"#,
            "messages.0.role: no; nor | - | - | messages.0.role",
        ),
        // Ollama
        (r#"{"error":"no"}"#, "no | - | - | -"),
        // Anthropic
        (
            r#"{"type":"error","error":{"type":"t","message":"no"},"request_id":"req_1"}"#,
            "no | t | - | -",
        ),
        // Gemini, alone and in the list of its compatible API
        (r#"{"error":{"code":400,"message":"no","status":"INVALID"}}"#, "no | INVALID | 400 | -"),
        (r#"[{"error":{"code":400,"message":"no","status":"INVALID"}}]"#, "no | INVALID | 400 | -"),
        // Bedrock
        (r#"{"message":"no"}"#, "no | - | - | -"),
        (
            r#"{"__type":"ns#ThrottlingException","Message":"no"}"#,
            "no | ThrottlingException | - | -",
        ),
        // OpenRouter
        (r#"{"error":{"code":502,"message":"no"},"user_id":"u"}"#, "no | - | 502 | -"),
        (
            r#"{"error":{"code":403,"message":"no","metadata":{"reasons":["hate","harm"]}}}"#,
            "no (hate; harm) | - | 403 | -",
        ),
        // xAI
        (r#"{"code":"Some sentence","error":"no"}"#, "no | - | Some sentence | -"),
        // Mistral
        (
            r#"{"object":"error","message":{"detail":[{"loc":["body","n"],"msg":"no"}]},"type":"t","code":null}"#,
            "n: no | t | - | n",
        ),
        (r#"{"object":"error","message":"no","type":"t","code":"1500"}"#, "no | t | 1500 | -"),
        // Responses, at its end and in mid-stream
        (
            r#"{"type":"response.failed","response":{"error":{"code":"c","message":"no"}}}"#,
            "no | - | c | -",
        ),
        (r#"{"type":"error","code":"c","message":"no","param":null}"#, "no | - | c | -"),
        // Others
        (r#"{"error":["no"]}"#, "no | - | - | -"),
        (r#"{"errors":[{"code":1,"message":"no"}],"success":false}"#, "no | - | - | -"),
        (r#"{"error":"t","error_description":"no"}"#, "t | - | - | -"),
        ("\n\n {\"error\":\"no\"}", "no | - | - | -"),
        ("\u{feff}{\"error\":\"no\"}", "no | - | - | -"),
        ("event: error\ndata: {\"error\":\"no\"}\n\n", "no | - | - | -"),
        ("upstream connect error", "upstream connect error | - | - | -"),
        (r#"{"foo":"bar"}"#, r#"{"foo":"bar"} | - | - | -"#),
    ] {
        check(body, read);
    }
}

#[test]
fn a_body_inside_a_body_is_the_one_that_is_told() {
    let inner = r#"{"type":"error","error":{"type":"t","message":"prompt is too long: 9 > 8"}}"#;
    let quoted = serde_json::to_string(inner).unwrap();
    let wrap = |raw: &str| {
        format!(
            r#"{{"error":{{"code":400,"message":"Provider returned error","metadata":{{"raw":{raw},"provider_name":"P"}}}}}}"#
        )
    };
    for body in
        [wrap(&quoted), wrap(inner), format!(r#"{{"error":{{"message":{quoted},"code":400}}}}"#)]
    {
        check(&body, "prompt is too long: 9 > 8 | t | 400 | -");
        assert_eq!(Complaint::read(body.as_bytes()).status, Some(400));
    }
    check(&wrap("\"busy, come back\""), "busy, come back | - | 400 | -");
    check(&wrap("\"\""), "Provider returned error | - | 400 | -");
    check(&wrap("null"), "Provider returned error | - | 400 | -");
}

#[test]
fn a_body_inside_itself_without_end_ends() {
    let mut body = r#"{"error":"no"}"#.to_owned();
    for _ in 0..8 {
        body = format!(r#"{{"error":{}}}"#, serde_json::to_string(&body).unwrap());
    }
    assert!(!Complaint::read(body.as_bytes()).message.is_empty());
}

#[test]
fn a_page_is_reduced_to_its_title() {
    let page =
        |head: &str| format!("<!DOCTYPE html><html><head>{head}</head><body>x</body></html>");
    for (body, message) in [
        (page("<title>\n  502:\tBad\u{1b}[31m gateway </title>"), "502: Bad[31m gateway"),
        (page("<TITLE lang=en>Oops</TITLE>"), "Oops"),
        ("<html><body><center><h1>413 <b>Too Large</b></h1></center>".into(), "413 Too Large"),
        (page(""), ""),
        (page("<title>never closed"), ""),
    ] {
        let complaint = Complaint::read(body.as_bytes());
        assert_eq!((complaint.message.as_str(), complaint.shape), (message, Shape::Page), "{body}");
    }
    let message = refused(502, &page("<title>Bad gateway</title>")).words.message;
    assert_eq!(message, "the upstream answered 502 (bad gateway) with an HTML page: Bad gateway");
}

#[test]
fn a_silent_refusal_gets_a_sentence() {
    for (status, body, message) in [
        (503, "", "the upstream answered 503 (service unavailable) and said nothing"),
        (500, " \r\n", "the upstream answered 500 (internal server error) and said nothing"),
        (500, "{}", "the upstream answered 500 (internal server error) and said nothing"),
        (418, "null", "the upstream answered 418 (a refusal) and said nothing"),
        (404, "<html>", "the upstream answered 404 (not found) with an HTML page"),
        (
            400,
            r#"{"error":{"type":"odd","message":""}}"#,
            "the upstream answered 400 (bad request): odd",
        ),
        (200, r#"{"error":{"type":"odd"}}"#, "the upstream broke off with an error: odd"),
        (999, "", "the upstream answered 999 (no error) and said nothing"),
    ] {
        assert_eq!(refused(status, body).words.message, message, "{status} {body}");
    }
    assert_eq!(
        read_event(b"").words.message,
        "the upstream broke off with an error and said nothing"
    );
}

#[test]
fn only_an_error_is_taken_for_one() {
    for body in [
        r#"{"error":{"message":"x"}}"#,
        r#"{"error":"x"}"#,
        r#"[{"error":{"message":"x"}}]"#,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#,
        r#"{"object":"error","message":"x"}"#,
        r#"{"id":"1","choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502}}"#,
        r#"{"choices":[{"index":0,"error":{"code":502,"message":"x"}}]}"#,
        r#"{"type":"response.failed","response":{"error":{"code":"x"}}}"#,
    ] {
        assert!(is_error(body.as_bytes()), "{body}");
    }
    for body in [
        "",
        "null",
        "[]",
        "error",
        r#"{"error":null,"choices":[]}"#,
        r#"{"error":false}"#,
        r#"{"error":""}"#,
        r#"{"error":{}}"#,
        r#"{"choices":[{"delta":{"content":"{\"error\":\"x\"}"}}]}"#,
        r#"{"type":"message","content":[{"type":"text","text":"error"}]}"#,
        r#"{"type":"response.completed","response":{"error":null}}"#,
        r#"{"choices":[{"message":{"content":"type error"},"error":null}]}"#,
        r#"{"error":{"message":"x"}"#,
    ] {
        assert!(!is_error(body.as_bytes()), "{body}");
    }
}

#[test]
fn a_long_echo_is_cut_and_its_message_still_read() {
    let echo = "x".repeat(200_000);
    let body = format!(r#"{{"detail":[{{"msg":"say \"please\"","type":"t","input":"{echo}"}}]}}"#);
    check(&body, "say \"please\" | t | - | -");
    let long = format!(r#"{{"error":{{"message":"é{echo}"}}}}"#);
    for body in [long.as_str(), echo.as_str()] {
        let message = Complaint::read(body.as_bytes()).message;
        assert!(message.ends_with('…') && message.len() <= 4096 + '…'.len_utf8());
    }
}

#[test]
fn words_hold_no_control_characters() {
    let body =
        "{\"error\":{\"message\":\"a\\u001b[31mb\\u0000c\\r\\nd\",\"type\":\"t\\n\\u0007u\"}}";
    check(body, "a[31mbc\nd | - | - | -");
    check("plain\u{1b}]0;title\u{7} words\u{9b}", "plain]0;title words | - | - | -");
    let code = "{\"error\":{\"message\":\"m\",\"code\":\"a\\n\\u001bb\"}}";
    check(code, "m | - | a b | -");
}

#[test]
fn a_header_that_names_nothing_is_not_a_type() {
    for value in ["", "\u{1b}", "ns#", "error", "42", "not a name", ":http://internal/"] {
        let headers = |name: &str| (name == "x-amzn-errortype").then_some(value);
        let failure = read(400, headers, br#"{"error":{"type":"t","message":"no"}}"#, now());
        assert_eq!(failure.words.kind.as_deref(), Some("t"), "{value}");
    }
}

#[test]
fn accounts_and_arns_stay_with_their_owner() {
    for (said, told) in [
        (
            "User: arn:aws:sts::123456789012:assumed-role/Admin/me is not authorized to perform: bedrock:InvokeModel on resource: arn:aws-us-gov:bedrock:us-east-1::foundation-model/x, sorry",
            "User: [arn] is not authorized to perform: bedrock:InvokeModel on resource: [arn], sorry",
        ),
        ("account 123456789012 is closed", "account [account] is closed"),
        ("(123456789012)", "([account])"),
        ("123456789012", "[account]"),
        ("req_123456789012 and 1234567890123 stay", "req_123456789012 and 1234567890123 stay"),
        ("prompt is too long: 250000 tokens", "prompt is too long: 250000 tokens"),
        ("arn:aws", "[arn]"),
    ] {
        assert_eq!(refused(400, said).words.message, told);
    }
}
