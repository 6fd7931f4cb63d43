//! AWS's chain, with files and hosts of our own. What only the process's environment can tell it runs
//! in a process of its own: this binary, with one test chosen.

#![expect(clippy::disallowed_methods, reason = "what is spawned ends with the test's runtime")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper_util::client::proxy::matcher::Matcher;
use tempfile::TempDir;

use super::hosts::{Host, metadata, refused, role};
use super::{given, surroundings};
use crate::bedrock::credentials::{AwsCredential, Credentials, Now, Source, Surroundings};
use crate::bedrock::environment::Environment;

/// When keys of the process below end: 2030-01-01.
const END: u64 = 1_893_456_000;

/// A home with AWS's files in it.
struct Home(TempDir);

impl Home {
    fn new(config: &str, credentials: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.0.path().join(".aws")).unwrap();
        home.write(".aws/config", config);
        home.write(".aws/credentials", credentials);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn profile(&self, name: &str) -> Credentials {
        let surroundings = surroundings(&[("HOME", self.path().to_str().unwrap())]);
        Credentials::new(Source::Profile(name.to_owned()), &surroundings)
    }

    /// A process that gives a new key with each run, good until 2030.
    fn counting_process() -> Self {
        let home = Self::new("", "");
        let script = "n=$(($(cat count) + 1)); echo $n > count; echo \"{\\\"Version\\\": 1, \
                      \\\"AccessKeyId\\\": \\\"AKID$n\\\", \\\"SecretAccessKey\\\": \\\"s\\\", \
                      \\\"Expiration\\\": \\\"2030-01-01T00:00:00Z\\\"}\"";
        home.write("count", "0");
        home.write("keys.sh", &format!("cd {}\n{script}\n", home.path().display()));
        let run = format!("credential_process = sh {}/keys.sh", home.path().display());
        home.write(".aws/config", &format!("[profile dev]\nregion = eu-west-3\n{run}\n"));
        home
    }

    fn runs(&self) -> String {
        fs::read_to_string(self.path().join("count")).unwrap().trim().to_owned()
    }
}

fn at(seconds: u64) -> Now {
    Now { wall: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), ..Now::read() }
}

fn after(now: Now, seconds: u64) -> Now {
    let later = Duration::from_secs(seconds);
    Now { steady: now.steady + later, wall: now.wall + later }
}

#[tokio::test]
async fn a_process_runs_once_for_all_and_again_before_its_keys_end() {
    let home = Home::counting_process();
    let credentials = Arc::new(home.profile("dev"));
    let now = at(END - 3_600);
    let all: Vec<_> = (0..40)
        .map(|_| {
            let credentials = Arc::clone(&credentials);
            tokio::task::spawn(async move { given(&credentials, now).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), "AKID1");
    }
    assert_eq!(home.runs(), "1");
    let before_the_end = after(now, 3_600 - 299);
    assert_eq!(given(&credentials, before_the_end).await, "AKID1", "nobody waits");
    while given(&credentials, before_the_end).await == "AKID1" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(given(&credentials, before_the_end).await, "AKID2");
    assert_eq!(home.runs(), "2");
}

#[tokio::test]
async fn keys_that_a_profile_holds_are_read_anew_when_its_file_changes() {
    let home = Home::new("", "[dev]\naws_access_key_id=AKIDONE\naws_secret_access_key=s\n");
    let credentials = home.profile("dev");
    let now = Now::read();
    assert_eq!(given(&credentials, now).await, "AKIDONE");
    let rotated = "[dev]\naws_access_key_id=AKIDROTATED\naws_secret_access_key=s\n";
    home.write(".aws/credentials", rotated);
    assert_eq!(given(&credentials, after(now, 1)).await, "AKIDROTATED");
    home.write(".aws/credentials", "[other]\n");
    let said = given(&credentials, after(now, 2)).await;
    assert!(said.starts_with("AWS profile \"dev\": "), "{said}");
    assert!(said.contains("aws configure list-profiles"), "{said}");
}

#[tokio::test]
async fn keys_that_aws_refused_are_read_anew_once() {
    let home = Home::new("", "[dev]\naws_access_key_id=AKIDONE\naws_secret_access_key=s\n");
    let credentials = home.profile("dev");
    let now = Now::read();
    let refused = credentials.current(now).await.unwrap();
    // The file was not looked at within this second.
    home.write(".aws/credentials", "[dev]\naws_access_key_id=AKIDTWO\naws_secret_access_key=s\n");
    let AwsCredential::Keys(keys) = credentials.renew(&refused, now).await.unwrap() else {
        panic!("keys");
    };
    assert_eq!(keys.access_key_id(), "AKIDTWO");
    let again = AwsCredential::Keys(keys);
    assert!(credentials.renew(&again, now).await.is_none());
}

#[tokio::test]
async fn a_process_that_fails_is_told_and_runs_once_for_a_burst() {
    let home = Home::counting_process();
    home.write(
        "keys.sh",
        &format!("cd {}\necho x >> runs\necho broken >&2\nexit 3", home.path().display()),
    );
    let credentials = home.profile("dev");
    let now = Now::read();
    for _ in 0..3 {
        let said = given(&credentials, now).await;
        assert!(said.starts_with("AWS profile \"dev\": "), "{said}");
        assert!(said.contains("broken"), "{said}");
        assert!(
            said.ends_with("`aws sts get-caller-identity --profile dev` should show the same.")
        );
    }
    assert_eq!(fs::read_to_string(home.path().join("runs")).unwrap(), "x\n");
}

/// A profile with a role that this STS gives.
fn with_role(sts: &Host) -> Home {
    let config = format!(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n\
         region = eu-west-3\nservices = here\n[services here]\nsts =\n  endpoint_url = {}\n",
        sts.url
    );
    Home::new(&config, "[base]\naws_access_key_id=AKIDBASE\naws_secret_access_key=s\n")
}

#[tokio::test]
async fn a_role_is_assumed_with_the_keys_of_its_source() {
    let sts = Host::start(vec![("Action=AssumeRole&", role("AssumeRole", "ASIAROLE"))]).await;
    let home = with_role(&sts);
    let credentials = home.profile("dev");
    let now = Now::read();
    let AwsCredential::Keys(keys) = credentials.current(now).await.unwrap() else {
        panic!("keys");
    };
    assert_eq!(keys.access_key_id(), "ASIAROLE");
    assert!(keys.expiry().is_some());
    assert_eq!(given(&credentials, now).await, "ASIAROLE");
    let asked = sts.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("Credential=AKIDBASE/") && asked[0].contains("/eu-west-3/sts/"));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_told_without_names_of_the_account() {
    let sts = Host::start(vec![("Action=AssumeRole&", refused())]).await;
    let home = with_role(&sts);
    let said = given(&home.profile("dev"), Now::read()).await;
    assert!(said.contains("not authorized to perform: sts:AssumeRole"), "{said}");
    assert!(!said.contains("123456789012") && !said.contains("user/me"), "{said}");
}

/// What the default chain gives a process with this environment and nothing else: the same lines as
/// `a_process_of_its_own` prints.
async fn chain_of_a_process(home: &Home, variables: &[(&str, &str)]) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "bedrock::credentials::tests::chain::a_process_of_its_own"]);
    child.args(["--ignored", "--nocapture", "--test-threads=1"]);
    // No proxy there: what goes through one fails.
    child.env_clear().envs(["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, "http://127.0.0.1:1")));
    child.env("HOME", home.path()).envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines = printed.lines().filter_map(|line| line.split_once("GIVEN "));
    let lines: Vec<String> = lines.map(|(_, given)| given.to_owned()).collect();
    assert_eq!(lines.len(), 2, "{printed}{}", String::from_utf8_lossy(&output.stderr));
    lines
}

#[tokio::test]
#[ignore = "run by the others, as a process with an environment of its own"]
async fn a_process_of_its_own() {
    let lookup = |name: &str| std::env::var_os(name).and_then(|value| value.into_string().ok());
    let surroundings = Surroundings {
        environment: Environment::new(lookup),
        proxies: Arc::new(Matcher::from_env()),
        ..surroundings(&[])
    };
    let credentials = Credentials::new(Source::DefaultChain, &surroundings);
    println!("GIVEN {}", given(&credentials, Now::read()).await);
    let region = lookup("AWS_EC2_METADATA_SERVICE_ENDPOINT").map(|_| credentials.instance_region());
    let region = match region {
        // Twice: the second time nobody is asked.
        Some(region) => region.await.or(credentials.instance_region().await),
        None => None,
    };
    println!("GIVEN {}", region.map_or_else(|| "no region".to_owned(), |it| it.to_string()));
}

#[tokio::test]
async fn an_instance_without_a_region_is_asked_once() {
    let imds = Host::start(vec![("PUT /latest/api/token", "imds-token".to_owned())]).await;
    let home = Home::new("[default]\nregion = eu-west-3\n", "");
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*imds.url);
    let lines = chain_of_a_process(&home, &[endpoint]).await;
    assert_eq!(lines[1], "no region");
    let asked = imds.asked();
    let regions = asked.iter().filter(|request| request.contains("/placement/region"));
    assert_eq!(regions.count(), 1, "{asked:?}");
}

const NO_IMDS: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");

#[tokio::test]
async fn an_instance_gives_the_keys_of_its_role_and_its_region() {
    let imds = Host::start(vec![
        ("PUT /latest/api/token", "imds-token".to_owned()),
        ("/iam/security-credentials/the-role", metadata("ASIAINSTANCE")),
        ("/iam/security-credentials/ ", "the-role".to_owned()),
        ("/placement/region", "eu-north-1".to_owned()),
    ])
    .await;
    let home = Home::new("", "");
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*imds.url);
    let lines = chain_of_a_process(&home, &[endpoint]).await;
    assert_eq!(lines, ["ASIAINSTANCE", "eu-north-1"]);
    let asked = imds.asked();
    let gets = asked.iter().filter(|request| request.starts_with("GET"));
    assert!(gets.clone().count() >= 3, "{asked:?}");
    for get in gets {
        assert!(get.contains("x-aws-ec2-metadata-token: imds-token"), "{get}");
    }
}

#[tokio::test]
async fn a_container_gives_keys_to_whoever_shows_its_token() {
    let host = Host::start(vec![("authorization: container-token", metadata("ASIATASK"))]).await;
    let home = Home::new("", "");
    let uri = format!("{}/keys", host.url);
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token"),
        NO_IMDS,
    ];
    assert_eq!(chain_of_a_process(&home, &variables).await, ["ASIATASK", "no region"]);
}

#[tokio::test]
async fn a_web_identity_is_changed_for_a_role() {
    let answer = role("AssumeRoleWithWebIdentity", "ASIAWEB");
    let sts = Host::start(vec![("WebIdentityToken=the-jwt", answer)]).await;
    let home = Home::new("", "");
    home.write("jwt", "the-jwt");
    let token = home.path().join("jwt");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
        ("AWS_ENDPOINT_URL_STS", &sts.url),
        NO_IMDS,
    ];
    assert_eq!(chain_of_a_process(&home, &variables).await, ["ASIAWEB", "no region"]);
}

/// The session's file is named by the SHA-1 of its name, `work`.
fn logged_in(until: &str) -> Home {
    let home = Home::new(
        "[profile dev]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = r\n\
         region = eu-west-3\n[sso-session work]\nsso_region = eu-west-3\n\
         sso_start_url = https://example.awsapps.com/start\n",
        "",
    );
    fs::create_dir_all(home.path().join(".aws/sso/cache")).unwrap();
    let token = format!(
        r#"{{"accessToken":"sso-token","expiresAt":"{until}","region":"eu-west-3","startUrl":"https://example.awsapps.com/start"}}"#
    );
    home.write(".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json", &token);
    home
}

#[tokio::test]
async fn a_login_is_changed_for_a_role() {
    let keys = r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}"#;
    let sso = Host::start(vec![("x-amz-sso_bearer_token: sso-token", keys.to_owned())]).await;
    let home = logged_in("2099-01-01T00:00:00Z");
    let variables = [("AWS_PROFILE", "dev"), ("AWS_ENDPOINT_URL_SSO", &*sso.url), NO_IMDS];
    assert_eq!(chain_of_a_process(&home, &variables).await, ["ASIASSO", "no region"]);
}

#[tokio::test]
async fn a_login_that_ended_is_told_with_the_command_that_renews_it() {
    let home = logged_in("2020-01-01T00:00:00Z");
    let lines = chain_of_a_process(&home, &[("AWS_PROFILE", "dev"), NO_IMDS]).await;
    assert!(lines[0].ends_with("Run: aws sso login --profile dev"), "{}", lines[0]);
}

#[tokio::test]
async fn a_profile_without_credentials_is_told_so() {
    for config in ["", "[profile dev]\nregion = eu-west-3\n"] {
        let home = Home::new(config, "");
        assert_eq!(
            given(&home.profile("dev"), Now::read()).await,
            "AWS profile \"dev\": it is not there, or holds no credentials. Name a profile that stands \
             in ~/.aws/config or ~/.aws/credentials: `aws configure list-profiles` lists them."
        );
    }
}

#[tokio::test]
async fn an_empty_machine_is_told_what_could_be_set() {
    let lines = chain_of_a_process(&Home::new("", ""), &[NO_IMDS]).await;
    assert!(lines[0].starts_with("AWS default chain: "), "{}", lines[0]);
    assert!(lines[0].contains("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{}", lines[0]);
}
