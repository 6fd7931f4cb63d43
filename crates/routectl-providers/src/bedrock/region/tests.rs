use std::collections::HashMap;

use http::Uri;
use serde_json::Value;

use super::{Region, endpoint, of_model, of_profile, resolve};
use crate::bedrock::environment::Environment;

const ARN: &str = "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/abc";

type Variables<'a> = &'a [(&'a str, &'a str)];

fn environment(variables: Variables<'_>) -> Environment {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment::new(move |name| variables.get(name).cloned())
}

fn region(name: &str) -> Region {
    Region::parse(name, "test").unwrap()
}

#[test]
fn a_region_is_checked_before_it_becomes_a_host() {
    for good in
        ["us-east-1", "us-gov-west-1", "ap-southeast-15", "us-isob-east-1", "eusc-de-east-1"]
    {
        assert_eq!(region(good).as_str(), good);
    }
    let bad = [
        "",
        "us",
        "us-1",
        "useast1",
        "us-east",
        "us-east-",
        "US-EAST-1",
        "us-east-1.evil.com",
        "us-east-1/",
        "u-east-1",
        "us--1",
        "us-east-1a",
        "us-éast-1",
        "global",
        " us-east-1",
        "thing-east-1",
    ];
    for name in bad {
        assert!(Region::parse(name, "test").is_err(), "{name}");
    }
    assert_eq!(
        Region::parse("us-east-1a", "AWS_REGION").unwrap_err().to_string(),
        "AWS_REGION: \"us-east-1a\" is no AWS region. Write one like \"us-east-1\"."
    );
}

#[test]
fn the_nearest_region_wins() {
    let all = [("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-east-2")];
    let cases: [(Option<&str>, &str, Variables<'_>, Option<&str>); 8] = [
        (Some("us-east-1"), ARN, &all, Some("us-east-1")),
        (None, ARN, &all, Some("eu-west-3")),
        (None, "anthropic.claude-v1:0", &all, Some("us-west-2")),
        (None, "m", &[("AWS_REGION", "  "), all[1]], Some("us-east-2")),
        (None, "m", &[all[1]], Some("us-east-2")),
        (None, "arn:aws:bedrock:::foundation-model/m", &all, Some("us-west-2")),
        (None, "arn:aws:bedrock", &all, Some("us-west-2")),
        (None, "m", &[], None),
    ];
    for (configured, model, variables, expected) in cases {
        let configured = configured.map(region);
        let found = resolve(configured.as_ref(), model, &environment(variables), None).unwrap();
        assert_eq!(found.as_ref().map(Region::as_str), expected, "{model} {variables:?}");
    }
    assert!(of_model("arn:aws:bedrock:evil.com/:1:x").is_err());
    assert!(resolve(None, "m", &environment(&[("AWS_REGION", "evil.com/")]), None).is_err());
}

#[test]
fn a_profile_names_its_region_in_either_file() {
    let home = tempfile::tempdir().unwrap();
    let place = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let config = place(
        "config",
        "[default]\nregion = us-east-1\n[profile dev]\n  region = us-east-2\nregion=eu-west-3 # ours\n\
         services = x\n  region = us-east-9\n[profile \"with space\"]\nRegion = ap-south-1\n\
         [dev2]\nregion = ca-west-1\n[profiledev3]\nregion = ca-west-1\n[profile bad]\nregion = no\n",
    );
    let credentials = place("credentials", "[both]\nregion = us-west-1\n");
    let both = [("AWS_CONFIG_FILE", &*config), ("AWS_SHARED_CREDENTIALS_FILE", &*credentials)];
    for (name, expected) in [
        (Some("dev"), Some("eu-west-3")),
        (Some("with space"), Some("ap-south-1")),
        (Some("both"), Some("us-west-1")),
        (Some("dev2"), None),
        (Some("dev3"), None),
        (Some("nobody"), None),
        (None, Some("us-east-1")),
    ] {
        let found = of_profile(&environment(&both), name).unwrap();
        assert_eq!(found.as_ref().map(Region::as_str), expected, "{name:?}");
    }
    let named = environment(&[both[0], ("AWS_PROFILE", "dev")]);
    assert_eq!(resolve(None, "m", &named, None).unwrap(), Some(region("eu-west-3")));
    assert!(of_profile(&environment(&both), Some("bad")).is_err());
}

#[test]
fn an_address_is_the_one_that_awss_own_rules_give() {
    let fixture = include_str!("../../../../../fixtures/aws/endpoints.json");
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 56);
    for case in cases {
        let wish = |name: &str| if case[name].as_bool().unwrap() { "true" } else { "false" };
        let wishes = environment(&[
            ("AWS_USE_FIPS_ENDPOINT", wish("fips")),
            ("AWS_USE_DUALSTACK_ENDPOINT", wish("dual_stack")),
        ]);
        let found = endpoint(None, &region(case["region"].as_str().unwrap()), &wishes).unwrap();
        let expected: Uri = case["url"].as_str().unwrap().parse().unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_address_that_somebody_wrote_down_wins() {
    let ours = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "https://vpce-1.example.com/base");
    let all = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let own = "https://bedrock-runtime.eu-west-3.amazonaws.com";
    let cases: [(Option<&str>, Variables<'_>, &str); 7] = [
        (None, &[ours, all], ours.1),
        (None, &[all], all.1),
        (None, &[("AWS_ENDPOINT_URL", "http://[::1]:4566/")], "http://[::1]:4566/"),
        (None, &[ours, all, ignore], own),
        (Some("https://file.example.com"), &[ours, all, fips], "https://file.example.com"),
        (None, &[("AWS_ENDPOINT_URL", "")], own),
        (None, &[ours, ignore, fips], "https://bedrock-runtime-fips.eu-west-3.amazonaws.com"),
    ];
    for (configured, variables, expected) in cases {
        let configured: Option<Uri> = configured.map(|url| url.parse().unwrap());
        let found = endpoint(configured.as_ref(), &region("eu-west-3"), &environment(variables));
        assert_eq!(found.unwrap(), expected.parse::<Uri>().unwrap(), "{variables:?}");
    }
}

#[test]
fn an_address_that_signed_requests_may_not_go_to_is_refused() {
    for url in
        ["http://vpce-1.example.com", "vpce-1.example.com", "ftp://x", "http://127.0.0.1.evil"]
    {
        let bad = environment(&[("AWS_ENDPOINT_URL", url)]);
        let error = endpoint(None, &region("eu-west-3"), &bad).unwrap_err().to_string();
        assert!(error.starts_with("AWS_ENDPOINT_URL: "), "{error}");
    }
    let both = environment(&[
        ("AWS_ENDPOINT_URL", "https://vpce-1.example.com"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ]);
    assert_eq!(
        endpoint(None, &region("eu-west-3"), &both).unwrap_err().to_string(),
        "AWS_USE_DUALSTACK_ENDPOINT is set, and so is another address (AWS_ENDPOINT_URL): AWS takes \
         one or the other. Unset one of them."
    );
}
