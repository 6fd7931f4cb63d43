#[cfg(all(feature = "aws-config", unix))]
mod chain;
#[cfg(all(feature = "aws-config", unix))]
mod hosts;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::proxy::matcher::Matcher;
use routectl_auth::{Secret, SecretRef, SecretSource};

use super::{AwsCredential, Credentials, Now, Source, StaticKeys, Surroundings, short_term};
use crate::bedrock::environment::Environment;
use crate::bedrock::region::Region;
use crate::bedrock::signing::Scope;
use crate::{ConnectLimit, Trust};

/// Variables are what is written here, and nothing of the process.
fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Surroundings {
        environment: Environment::new(move |name| variables.get(name).cloned()),
        region: Some(region("us-east-1")),
        trust: Arc::new(Trust::default()),
        connect_limit: ConnectLimit::new(Duration::from_secs(5)),
        proxies: Arc::new(Matcher::builder().build()),
    }
}

fn region(name: &str) -> Region {
    Region::parse(name, "test").unwrap()
}

fn reference(text: &str) -> SecretSource {
    SecretSource::new(SecretRef::parse(text).unwrap())
}

/// A file that only its owner may read.
fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// What a source gives: the key's id, the bearer, or why there is none.
async fn given(credentials: &Credentials, now: Now) -> String {
    match credentials.current(now).await {
        Ok(AwsCredential::Keys(keys)) => keys.access_key_id().to_owned(),
        Ok(AwsCredential::Bearer(key)) => format!("bearer {}", key.expose()),
        Err(failure) => failure.words.message,
    }
}

#[tokio::test]
async fn keys_in_files_serve_the_next_request_after_they_rotate() {
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    let file = |name: &str| reference(&format!("file://{}", place(name).display()));
    private(&place("id"), "AKIDONE\n");
    private(&place("secret"), "secret one\n");
    private(&place("token"), "token one\n");
    let keys = StaticKeys {
        access_key: file("id"),
        secret_key: file("secret"),
        session_token: Some(file("token")),
    };
    let credentials = Credentials::new(Source::Static(Box::new(keys)), &surroundings(&[]));
    let now = Now::read();
    let first = credentials.current(now).await.unwrap();
    assert_eq!(first.secret().unwrap().expose(), "token one");
    assert!(credentials.renew(&first, now).await.is_none(), "nothing changed");
    private(&place("id"), "AKIDTWO!");
    private(&place("token"), "token two");
    assert_eq!(given(&credentials, now).await, "AKIDTWO!");
    let renewed = credentials.renew(&first, now).await.unwrap();
    assert_eq!(renewed.secret().unwrap().expose(), "token two");
    std::fs::remove_file(place("secret")).unwrap();
    let said = given(&credentials, now).await;
    assert!(said.starts_with("file://") && said.contains("cannot be read"), "{said}");
}

#[tokio::test]
async fn the_environment_is_looked_at_by_the_default_chain_and_by_nobody_else() {
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "a-bearer");
    let id = ("AWS_ACCESS_KEY_ID", "AKIDENV");
    let secret = ("AWS_SECRET_ACCESS_KEY", "secret");
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[bearer, id, secret], "bearer a-bearer"),
        (&[("AWS_BEARER_TOKEN_BEDROCK", " "), id, secret], "AKIDENV"),
        (&[id, ("SECRET_ACCESS_KEY", "secret")], "AKIDENV"),
        (
            &[id],
            "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not. Set both where routectl is \
             started, or neither.",
        ),
        (
            &[secret],
            "AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not. Set both where routectl is \
             started, or neither.",
        ),
    ];
    for (variables, expected) in cases {
        let credentials = Credentials::new(Source::DefaultChain, &surroundings(variables));
        assert_eq!(given(&credentials, Now::read()).await, expected, "{variables:?}");
    }
    let all = surroundings(&[bearer, id, secret]);
    let keys = StaticKeys {
        access_key: reference("literal:AKIDSTATIC"),
        secret_key: reference("literal:secret"),
        session_token: None,
    };
    let credentials = Credentials::new(Source::Static(Box::new(keys)), &all);
    assert_eq!(given(&credentials, Now::read()).await, "AKIDSTATIC");
    let key = Source::BearerKey(reference("literal:ABSKconfigured"));
    let credentials = Credentials::new(key, &all);
    assert_eq!(given(&credentials, Now::read()).await, "bearer ABSKconfigured");
}

#[cfg(not(feature = "aws-config"))]
#[tokio::test]
async fn a_build_without_awss_chain_says_so() {
    let profile = Credentials::new(Source::Profile("dev".to_owned()), &surroundings(&[]));
    let said = given(&profile, Now::read()).await;
    assert!(
        said.starts_with("AWS profile \"dev\": this build has no AWS credential chain"),
        "{said}"
    );
    let chain = Credentials::new(Source::DefaultChain, &surroundings(&[]));
    let said = given(&chain, Now::read()).await;
    assert!(said.starts_with("AWS default chain: this build has no AWS"), "{said}");
}

#[test]
fn credentials_are_never_printed() {
    let keys = super::Keys::new(
        &Secret::new("AKIDSHOWN".to_owned()),
        &Secret::new("hidden".to_owned()),
        Some(&Secret::new("hidden too".to_owned())),
    );
    let bearer = AwsCredential::Bearer(Secret::new("hidden as well".to_owned()));
    let printed = format!("{:?} {:?} {bearer:?}", AwsCredential::Keys(keys.clone()), keys);
    assert_eq!(printed, "Keys(***) *** Bearer(***)");
}

/// A key as AWS's generator makes it, good for an hour from 12:34:56 on.
fn short_term_key(region: &str) -> Secret {
    let address = format!(
        "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
         X-Amz-Credential=AKIDEXAMPLE%2F20261123%2F{region}%2Fbedrock%2Faws4_request&\
         X-Amz-Date=20261123T123456Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&\
         X-Amz-Signature=00&Version=1"
    );
    Secret::new(format!("bedrock-api-key-{}", STANDARD.encode(address)))
}

#[test]
fn a_short_term_key_is_used_in_its_time_and_region_only() {
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_437_296);
    let key = short_term_key("us-east-1");
    let checked = |key: &Secret, region_name: &str, seconds: u64| {
        let region = region(region_name);
        let now = made + Duration::from_secs(seconds);
        let scope = Scope { region: &region, service: "bedrock", now };
        short_term::check(key, &scope).map_err(|failure| failure.words.message)
    };
    assert_eq!(checked(&key, "us-east-1", 3_599), Ok(()));
    assert_eq!(
        checked(&key, "us-east-1", 3_600).unwrap_err(),
        "the Bedrock API key ended at Mon, 23 Nov 2026 13:34:56 GMT. Make a new one, or use keys or \
         a profile."
    );
    assert_eq!(
        checked(&key, "eu-west-3", 0).unwrap_err(),
        "the Bedrock API key is for us-east-1, and the request goes to eu-west-3. Set the \
         provider's region to \"us-east-1\", or make a key for eu-west-3."
    );
    for opaque in ["ABSKlong-term", "bedrock-api-key-", "bedrock-api-key-AAAA", "bedrock-api-key-?"]
    {
        assert_eq!(
            checked(&Secret::new(opaque.to_owned()), "eu-west-3", 9_999),
            Ok(()),
            "{opaque}"
        );
    }
    let left = |seconds| short_term::nearly_over(&key, made + Duration::from_secs(seconds));
    assert_eq!(left(2_700), None);
    assert_eq!(left(2_701), Some(Duration::from_secs(899)));
    assert_eq!(left(3_601), None);
}
