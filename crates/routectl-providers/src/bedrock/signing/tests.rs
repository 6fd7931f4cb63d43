use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Request};
use routectl_auth::Secret;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Scope, Skew, authorize, is_about_the_time, sign};
use crate::bedrock::credentials::{AwsCredential, Keys};
use crate::bedrock::region::Region;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../../../fixtures/aws/signatures.json")).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn region(name: &str) -> Region {
    Region::parse(name, "test").unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn keys() -> Keys {
    Keys::new(&secret("AKIDEXAMPLE"), &secret("a-secret"), None)
}

fn request(url: &str) -> Request<()> {
    let request = Request::post(url).header(CONTENT_TYPE, "application/json");
    request.header(USER_AGENT, "routectl/1").header("accept", "*/*").body(()).unwrap()
}

/// The case of a fixture, signed by us.
fn signed(case: &Value, now: SystemTime) -> Request<()> {
    let text = |name: &str| case[name].as_str().unwrap();
    let mut request = Request::post(text("url")).body(()).unwrap();
    for (name, value) in case["headers"].as_object().unwrap() {
        let name = HeaderName::try_from(name.as_str()).unwrap();
        request.headers_mut().insert(name, value.as_str().unwrap().parse().unwrap());
    }
    // What is not signed may be anything.
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("routectl/1"));
    request.headers_mut().insert("x-amzn-trace-id", HeaderValue::from_static("Root=1"));
    let digest: [u8; 32] = Sha256::digest(text("body").as_bytes()).into();
    let token = case["session_token"].as_str().map(secret);
    let keys = Keys::new(&secret(text("access_key")), &secret(text("secret_key")), token.as_ref());
    let region = region(text("region"));
    let scope = Scope { region: &region, service: text("service"), now };
    sign(&mut request, &digest, &keys, &scope).unwrap();
    request
}

#[test]
fn a_signature_is_the_one_that_awss_own_signer_makes() {
    let fixture = fixture();
    let now = at(fixture["now"].as_u64().unwrap());
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let request = signed(case, now);
        for (name, expected) in case["signed"].as_object().unwrap() {
            let ours = request.headers().get(name.to_lowercase()).map(|it| it.to_str().unwrap());
            assert_eq!(ours, expected.as_str(), "{name} of {}", case["name"]);
        }
        let token = request.headers().contains_key("x-amz-security-token");
        assert_eq!(token, !case["session_token"].is_null(), "{}", case["name"]);
    }
}

#[test]
fn a_request_that_is_signed_again_has_nothing_left_of_the_first_signature() {
    let region = region("us-east-1");
    let token = secret("the first token");
    let first = Keys::new(&secret("AKIDEXAMPLE"), &secret("another-secret"), Some(&token));
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke";
    let scope = |now| Scope { region: &region, service: super::SERVICE, now };
    let mut once = request(url);
    sign(&mut once, &[7; 32], &keys(), &scope(at(2_000))).unwrap();
    let mut twice = request(url);
    sign(&mut twice, &[7; 32], &first, &scope(at(1_000))).unwrap();
    sign(&mut twice, &[7; 32], &keys(), &scope(at(2_000))).unwrap();
    assert_eq!(twice.headers(), once.headers());
}

#[test]
fn a_signature_is_never_printed() {
    let region = region("us-east-1");
    let token = secret("a token that nobody sees");
    let keys = Keys::new(&secret("AKIDEXAMPLE"), &secret("a-secret"), Some(&token));
    let scope = Scope { region: &region, service: super::SERVICE, now: at(1) };
    let mut request = request("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke");
    sign(&mut request, &[0; 32], &keys, &scope).unwrap();
    let printed = format!("{:?} {keys:?}", request.headers());
    assert!(!printed.contains("a token"), "{printed}");
    assert!(!printed.contains("AKIDEXAMPLE"), "{printed}");
}

#[test]
fn what_cannot_be_signed_is_told_and_not_sent() {
    let region = region("us-east-1");
    let scope = Scope { region: &region, service: super::SERVICE, now: at(1) };
    let mut strange = request("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke");
    let value = HeaderValue::from_bytes("café".as_bytes()).unwrap();
    strange.headers_mut().insert("x-amz-note", value);
    let failure = sign(&mut strange, &[0; 32], &keys(), &scope).unwrap_err();
    assert_eq!(
        failure.words.message,
        "the header x-amz-note cannot be used to sign: characters beyond ASCII. Check where it \
         comes from."
    );
}

#[test]
fn a_bedrock_api_key_goes_as_a_bearer_and_nothing_is_signed() {
    let region = region("us-east-1");
    let scope = Scope { region: &region, service: super::SERVICE, now: at(1) };
    let mut request = request("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke");
    let bearer = AwsCredential::Bearer(secret("ABSKsomething"));
    authorize(&mut request, &[0; 32], &bearer, &scope).unwrap();
    let value = &request.headers()[AUTHORIZATION];
    assert_eq!(value.to_str().unwrap(), "Bearer ABSKsomething");
    assert!(value.is_sensitive());
    assert!(!request.headers().contains_key("x-amz-date"));
}

#[test]
fn a_clock_that_is_far_off_is_mended_once_and_for_all_requests() {
    const NAME: &str = "InvalidSignatureException";
    assert!(is_about_the_time(NAME) && !is_about_the_time("ValidationException"));
    for off in [-86_400_i64, -301, 301, 86_400] {
        let skew = Skew::default();
        let ours = at(1_000_000);
        let theirs = at(1_000_000_u64.checked_add_signed(off).unwrap());
        let signed = skew.mended(ours);
        assert_eq!(signed, ours);
        assert!(skew.learn(Some(theirs), signed, ours), "{off}");
        assert_eq!(skew.mended(ours), theirs, "{off}");
        // Signed with the right time and refused all the same: it is not the clock.
        assert!(!skew.learn(Some(theirs), skew.mended(ours), ours), "{off}");
        // One that was on its way when another learned may try again too.
        assert!(skew.learn(Some(theirs), signed, ours), "{off}");
    }
}

#[test]
fn a_clock_that_is_nearly_right_or_an_answer_without_a_date_teaches_nothing() {
    for theirs in [None, Some(at(1_000_000)), Some(at(1_000_240)), Some(at(999_760))] {
        let skew = Skew::default();
        assert!(!skew.learn(theirs, at(1_000_000), at(1_000_000)), "{theirs:?}");
        assert_eq!(skew.mended(at(1_000_000)), at(1_000_000));
    }
}
