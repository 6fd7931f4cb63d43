use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use routectl_auth::{Secret, SecretRef, SecretSource};
use routectl_wire::Document;
use serde_json::{Map, Value};

use super::credentials::{AwsCredential, Credentials, Keys, Source, Surroundings};
use super::environment::Environment;
use super::region::Region;
use super::{Access, Bedrock, Regions, Shape};
use crate::{
    Account, Call, ConnectLimit, Credential, Model, Provider as _, Signing, Trust, outbound,
};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn bedrock(shape: Shape, region: Option<&str>) -> Bedrock {
    let environment = Environment::empty();
    let surroundings = Surroundings {
        environment: environment.clone(),
        region: None,
        trust: Arc::new(Trust::default()),
        connect_limit: ConnectLimit::new(std::time::Duration::from_secs(1)),
        proxies: Arc::new(hyper_util::client::proxy::matcher::Matcher::builder().build()),
    };
    let key = SecretSource::new("literal:key".parse::<SecretRef>().unwrap());
    let usual = region.map(|region| Region::parse(region, "region").unwrap());
    let access = Access {
        credentials: Credentials::new(Source::BearerKey(key), &surroundings),
        skew: Default::default(),
        regions: Regions { configured: None, usual },
        endpoint: None,
        environment,
    };
    Bedrock {
        account: Account {
            name: "aws".to_owned(),
            base_url: "https://bedrock-runtime.us-east-1.amazonaws.com".parse().unwrap(),
            user_agent: HeaderValue::from_static("routectl/test"),
            forward_client_headers: Vec::new(),
            proxy: None,
        },
        access: Arc::new(access),
        shape,
        floor: vec!["floor-1".to_owned()],
        allowed_betas: Vec::new(),
        allowed_fields: Vec::new(),
        model_fields: Map::new(),
    }
}

fn model(upstream: &str) -> Model {
    Model {
        nickname: "m".to_owned(),
        upstream: upstream.to_owned(),
        payload_extras: Map::new(),
        header_extras: HeaderMap::new(),
        max_output_tokens: None,
    }
}

fn keys() -> Credential {
    let secret = |text: &str| Secret::new(text.to_owned());
    let token = secret("token");
    Credential::Aws(AwsCredential::Keys(Keys::new(&secret("AKID"), &secret("key"), Some(&token))))
}

/// Address, headers and body of a request to a model.
fn sent(
    bedrock: &Bedrock,
    upstream: &str,
    streamed: bool,
    body: &str,
) -> (String, HeaderMap, Value) {
    let document = Document::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let mut client = HeaderMap::new();
    client.insert("anthropic-beta", HeaderValue::from_static("client-1, floor-1"));
    client.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    let model = model(upstream);
    let call = Call {
        body: &document,
        client: &client,
        query: Some("beta=true"),
        streamed,
        model: &model,
        refused_betas: &[],
    };
    let spliced = document.spliced(&bedrock.edits(&call));
    let body = serde_json::from_slice(&spliced.joined()).unwrap();
    let mut request = outbound(bedrock, &call, spliced, &keys()).unwrap();
    let (credential, now) = (&keys(), std::time::SystemTime::UNIX_EPOCH);
    let signing = Signing { model: &model, credential, digest: &[7; 32], now };
    bedrock.sign(&mut request, &signing).unwrap();
    (request.uri().to_string(), request.headers().clone(), body)
}

#[test]
fn a_models_name_is_one_segment_of_the_path() {
    let bedrock = bedrock(Shape::Invoke, Some("eu-west-1"));
    let arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc";
    for (upstream, streamed, wanted) in [
        (
            CLAUDE,
            false,
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke",
        ),
        (
            "anthropic.claude-opus-4-7[1m]",
            true,
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-opus-4-7/invoke-with-response-stream",
        ),
        (
            arn,
            true,
            "https://bedrock-runtime.us-west-2.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc/invoke-with-response-stream",
        ),
    ] {
        assert_eq!(sent(&bedrock, upstream, streamed, r#"{"model":"x"}"#).0, wanted);
    }
}

#[test]
fn invoke_takes_betas_and_version_in_the_body_and_no_model() {
    let bedrock = bedrock(Shape::Invoke, Some("us-east-1"));
    let body = r#"{"model":"x","max_tokens":5,"stream":true,"messages":[]}"#;
    let (_, headers, body) = sent(&bedrock, "anthropic.claude-opus-4-7[1m]", true, body);
    let wanted = serde_json::from_str::<Value>(
        r#"{"max_tokens":5,"messages":[],"anthropic_version":"bedrock-2023-05-31",
            "anthropic_beta":["floor-1","context-1m-2025-08-07","client-1"]}"#,
    );
    assert_eq!(body, wanted.unwrap());
    assert_eq!(headers["accept"], "application/vnd.amazon.eventstream");
    assert_eq!(headers["x-amzn-bedrock-accept"], "application/json");
    assert!(!headers.contains_key("anthropic-beta") && !headers.contains_key("anthropic-version"));
}

#[test]
fn the_messages_endpoint_takes_them_as_headers() {
    let bedrock = bedrock(Shape::Messages, Some("us-east-1"));
    let (uri, headers, body) = sent(&bedrock, CLAUDE, true, r#"{"model":"x","stream":true}"#);
    assert_eq!(uri, "https://bedrock-runtime.us-east-1.amazonaws.com/anthropic/v1/messages");
    assert_eq!(headers["anthropic-beta"], "floor-1,client-1");
    assert_eq!(headers["anthropic-version"], "2023-06-01");
    assert_eq!((&body["model"], &body["stream"]), (&Value::from(CLAUDE), &Value::from(true)));
    assert!(body.get("anthropic_beta").is_none());
}

#[test]
fn converse_gets_betas_for_claude_only_and_streams_where_the_model_does() {
    let bedrock = bedrock(Shape::Converse, Some("us-east-1"));
    let body = r#"{"messages":[],"toolConfig":{"tools":[]}}"#;
    let (uri, headers, said) = sent(&bedrock, CLAUDE, true, body);
    assert!(uri.ends_with("/converse-stream"), "{uri}");
    assert_eq!(headers["accept"], "application/vnd.amazon.eventstream");
    let betas = &said["additionalModelRequestFields"]["anthropic_beta"];
    assert_eq!(betas, &serde_json::from_str::<Value>(r#"["floor-1","client-1"]"#).unwrap());
    let (uri, headers, said) = sent(&bedrock, "us.meta.llama3-3-70b-instruct-v1:0", true, body);
    assert!(uri.ends_with("/converse"), "{uri}");
    assert_eq!(headers["accept"], "application/json");
    assert!(said.get("additionalModelRequestFields").is_none(), "{said}");
}

#[test]
fn what_belongs_to_the_signature_is_nobodys_to_set() {
    let bedrock = bedrock(Shape::Invoke, Some("us-east-1"));
    let (_, headers, _) = sent(&bedrock, CLAUDE, false, "{}");
    assert_eq!(headers["x-amz-security-token"], "token");
    assert!(headers["authorization"].to_str().unwrap().contains("/us-east-1/bedrock/aws4_request"));
    assert!(headers["authorization"].is_sensitive());
}

#[test]
fn without_a_region_nothing_is_signed_and_the_way_out_is_told() {
    let bedrock = bedrock(Shape::Invoke, None);
    let model = model(CLAUDE);
    let (credential, now) = (&keys(), std::time::SystemTime::UNIX_EPOCH);
    let signing = Signing { model: &model, credential, digest: &[7; 32], now };
    let mut request = http::Request::new(Bytes::new().into());
    let failure = bedrock.sign(&mut request, &signing).unwrap_err();
    assert_eq!(
        failure.words.message,
        "provider aws: no AWS region is known. Set region = \"…\" in the provider's table, or AWS_REGION."
    );
}

#[test]
fn the_long_windows_suffix_is_no_part_of_a_name_in_any_shape() {
    let bedrock = bedrock(Shape::Messages, Some("us-east-1"));
    let (_, headers, body) = sent(&bedrock, "anthropic.claude-opus-4-7[1m]", true, "{}");
    assert_eq!(body["model"], "anthropic.claude-opus-4-7");
    assert_eq!(headers["anthropic-beta"], "floor-1,context-1m-2025-08-07,client-1");
}

#[test]
fn everything_an_operator_adds_arrives_side_by_side() {
    let fields: Map<String, Value> = serde_json::from_str(
        r#"{"additionalModelRequestFields":{"a":{"x":1}},"anthropic_beta":["extra-1"]}"#,
    )
    .unwrap();
    let mut converse = bedrock(Shape::Converse, Some("us-east-1"));
    converse.model_fields = serde_json::from_str(r#"{"a":{"y":2},"top_k":5}"#).unwrap();
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let document = Document::parse(Bytes::from_static(b"{\"messages\":[]}")).unwrap();
    let mut model = model(arn);
    model.payload_extras = fields;
    let client = HeaderMap::new();
    let said = |bedrock: &Bedrock| {
        let call = Call {
            body: &document,
            client: &client,
            query: None,
            streamed: true,
            model: &model,
            refused_betas: &[],
        };
        let body = document.spliced(&bedrock.edits(&call)).joined();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let wanted = r#"{"a":{"x":1,"y":2},"top_k":5,"anthropic_beta":["floor-1"]}"#;
    assert_eq!(
        said(&converse)["additionalModelRequestFields"],
        serde_json::from_str::<Value>(wanted).unwrap()
    );
    let invoke = bedrock(Shape::Invoke, Some("us-east-1"));
    assert_eq!(
        said(&invoke)["anthropic_beta"],
        serde_json::from_str::<Value>(r#"["floor-1","extra-1"]"#).unwrap()
    );
}
