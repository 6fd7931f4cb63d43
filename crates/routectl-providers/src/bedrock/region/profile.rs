//! The region that a profile of AWS's files names. Read here, so that it is known when configuration
//! is loaded, in every build.

use std::path::PathBuf;

use super::super::environment::Environment;
use super::{BadRegion, Region};

/// The `region` of this profile, or of the one that `AWS_PROFILE` names. The credentials file wins
/// over the config file, as in AWS's tools.
///
/// # Errors
/// When the profile names something that is no region.
pub fn of_profile(
    environment: &Environment,
    profile: Option<&str>,
) -> Result<Option<Region>, BadRegion> {
    let name = profile.map_or_else(|| environment.profile(), str::to_owned);
    let files = environment.profile_files();
    let read = |path: Option<&PathBuf>| {
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    };
    let config = read(files.config.as_ref());
    let found = region_in(&read(files.credentials.as_ref()), |section| section == name)
        .or_else(|| region_in(&config, |section| prefixed(section) == Some(&name)))
        .or_else(|| region_in(&config, |section| section == "default" && name == "default"));
    found.map(|region| Region::parse(&region, &format!("AWS profile {name:?}"))).transpose()
}

/// In the config file a profile's section is `[profile NAME]`.
fn prefixed(section: &str) -> Option<&str> {
    let rest = section.strip_prefix("profile")?;
    let name = rest.trim_start();
    let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    (name.len() < rest.len()).then(|| unquoted.unwrap_or(name))
}

/// The last `region = …` of the sections that count. A line that is indented belongs to the key
/// above it.
fn region_in(text: &str, counts: impl Fn(&str) -> bool) -> Option<String> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.split(']').next().is_some_and(|section| counts(section.trim()));
        } else if let Some((key, value)) = line.split_once('=')
            && inside
            && key.trim().eq_ignore_ascii_case("region")
        {
            found = Some(uncommented(value)).filter(|value| !value.is_empty());
        }
    }
    found.map(str::to_owned)
}

fn uncommented(value: &str) -> &str {
    let comment = value.find(" #").into_iter().chain(value.find(" ;")).min();
    value.get(..comment.unwrap_or(value.len())).unwrap_or_default().trim()
}
