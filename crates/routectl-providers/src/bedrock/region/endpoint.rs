//! The address of Bedrock's runtime in a region.

use http::Uri;

use super::super::environment::Environment;
use super::Region;

/// The service's own variable, and the one for all services.
const VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"];

/// Suffixes of host names by the beginning of a region's name, for IPv4 only and for both IPs. The
/// last is for all others. (botocore 1.44, `partitions.json`)
const SUFFIXES: [(&str, &str, &str); 7] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("", "amazonaws.com", "api.aws"),
];

/// Why there is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    #[error(
        "{place}: {url:?} is no address that requests may go to. Write https://HOST, or http:// for this machine."
    )]
    NotAnAddress { place: String, url: String },
    #[error(
        "{variable} is set, and so is another address ({place}): AWS takes one or the other. Unset \
         one of them."
    )]
    TwoChoices { variable: &'static str, place: String },
}

/// The address requests go to: the configuration's, else the environment's, else AWS's own for the
/// region. (facts: Bedrock, section 3.3)
///
/// # Errors
/// When an address from the environment is unusable, or one is given together with the wish for FIPS
/// or both IPs, which AWS refuses.
pub fn endpoint(
    configured: Option<&Uri>,
    region: &Region,
    environment: &Environment,
) -> Result<Uri, BadEndpoint> {
    let fips = "AWS_USE_FIPS_ENDPOINT";
    let dual_stack = "AWS_USE_DUALSTACK_ENDPOINT";
    let custom = match configured {
        // What the file says outranks the environment, wishes included.
        Some(uri) => return Ok(uri.clone()),
        None => from_environment(environment)?,
    };
    let wishes = [fips, dual_stack].map(|variable| environment.says_true(variable));
    if let Some((place, uri)) = custom {
        let place = place.to_owned();
        return match wishes {
            [false, false] => Ok(uri),
            [true, _] => Err(BadEndpoint::TwoChoices { variable: fips, place }),
            [false, true] => Err(BadEndpoint::TwoChoices { variable: dual_stack, place }),
        };
    }
    let [fips, dual_stack] = wishes;
    let url = own(region, fips, dual_stack);
    url.parse().map_err(|_| BadEndpoint::NotAnAddress { place: "region".to_owned(), url })
}

fn own(region: &Region, fips: bool, dual_stack: bool) -> String {
    let region = region.as_str();
    let of_region = SUFFIXES.iter().find(|(begins, ..)| region.starts_with(begins));
    let (_, ipv4, both) = of_region.copied().unwrap_or(("", "amazonaws.com", "api.aws"));
    let service = if fips { "bedrock-runtime-fips" } else { "bedrock-runtime" };
    format!("https://{service}.{region}.{}", if dual_stack { both } else { ipv4 })
}

fn from_environment(environment: &Environment) -> Result<Option<(&'static str, Uri)>, BadEndpoint> {
    if environment.says_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
        return Ok(None);
    }
    for variable in VARIABLES {
        let Some(url) = environment.get(variable) else { continue };
        return match url.parse::<Uri>() {
            Ok(uri) if may_be_asked(&uri) => Ok(Some((variable, uri))),
            Ok(_) | Err(_) => Err(BadEndpoint::NotAnAddress { place: variable.to_owned(), url }),
        };
    }
    Ok(None)
}

/// Signed requests and bearers go over TLS, or stay on this machine.
fn may_be_asked(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => is_this_machine(host),
        (Some(_) | None, _) => false,
    }
}

/// Whether a host's name or address is that of this machine.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
