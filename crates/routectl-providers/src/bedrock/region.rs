//! Which region is asked, and the address it is asked at.

mod endpoint;
mod profile;
#[cfg(test)]
mod tests;

use std::fmt;

use super::environment::Environment;
pub use endpoint::{BadEndpoint, endpoint};
pub use profile::of_profile;

/// The name of an AWS region: part of a host name, so it is checked before one is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

/// Something that is no region's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {name:?} is no AWS region. Write one like \"us-east-1\".")]
pub struct BadRegion {
    /// Where it stands.
    pub place: String,
    pub name: String,
}

impl Region {
    /// A region's name that stands in some place.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(name: &str, place: &str) -> Result<Self, BadRegion> {
        if is_region(name) {
            return Ok(Self(name.to_owned()));
        }
        Err(BadRegion { place: place.to_owned(), name: name.to_owned() })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `^[a-z]{2,4}(-[a-z]+)+-\d+$`: two letters everywhere but in the European sovereign cloud, whose
/// regions begin with `eusc`.
fn is_region(name: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let Some((rest, number)) = name.rsplit_once('-') else { return false };
    let mut parts = rest.split('-');
    let first = parts.next().unwrap_or_default();
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let mut places = parts.peekable();
    (2..=4).contains(&first.len())
        && letters(first)
        && places.peek().is_some()
        && places.all(letters)
        && digits
}

/// The region in a model's ARN: `arn:aws:bedrock:REGION:ACCOUNT:…`. An id that is no ARN, or one
/// without region, has none.
///
/// # Errors
/// When what stands there is no region.
pub fn of_model(model: &str) -> Result<Option<Region>, BadRegion> {
    if !model.starts_with("arn:") {
        return Ok(None);
    }
    match model.split(':').nth(3) {
        None | Some("") => Ok(None),
        Some(name) => Region::parse(name, "the model's ARN").map(Some),
    }
}

/// The region that requests for a model go to: the configuration's, else that of the model's ARN, of
/// `AWS_REGION`, of `AWS_DEFAULT_REGION`, of the profile. `None` leaves it to the machine: what
/// `Credentials::instance_region` finds. (facts: Bedrock, section 3.3)
///
/// # Errors
/// When the first that is given is no region.
pub fn resolve(
    configured: Option<&Region>,
    model: &str,
    environment: &Environment,
    profile: Option<&str>,
) -> Result<Option<Region>, BadRegion> {
    if let Some(region) = configured {
        return Ok(Some(region.clone()));
    }
    if let Some(region) = of_model(model)? {
        return Ok(Some(region));
    }
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(name) = environment.get(variable) {
            return Region::parse(&name, variable).map(Some);
        }
    }
    of_profile(environment, profile)
}
