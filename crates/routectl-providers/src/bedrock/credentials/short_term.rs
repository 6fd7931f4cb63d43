//! Short-term Bedrock API keys: a signed address in base64, which says until when it is good, and in
//! which region. (facts: Bedrock, section 3.2)

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use routectl_auth::Secret;
use routectl_core::{Class, Failure, Origin};

use super::super::signing::Scope;

/// How such a key begins. Long-term keys are opaque.
const PREFIX: &str = "bedrock-api-key-";

/// How long before its end a key's end is announced.
const SOON: Duration = Duration::from_secs(15 * 60);

/// Days since 1970 of the first of March in the year 0, from which years end with February.
const MARCH_OF_YEAR_0: i64 = -719_468;

/// What a short-term key says of itself.
#[derive(Debug, PartialEq, Eq)]
struct ShortTerm {
    ends: SystemTime,
    region: String,
}

/// Whether a bearer may be used for this. One that says nothing of itself may.
///
/// # Errors
/// When it ended, or is bound to another region.
pub(in super::super) fn check(key: &Secret, scope: &Scope<'_>) -> Result<(), Failure> {
    let Some(ShortTerm { ends, region }) = read(key.expose()) else { return Ok(()) };
    let message = if ends <= scope.now {
        let ended = httpdate::fmt_http_date(ends);
        format!("the Bedrock API key ended at {ended}. Make a new one, or use keys or a profile.")
    } else if region != scope.region.as_str() {
        let asked = scope.region;
        format!(
            "the Bedrock API key is for {region}, and the request goes to {asked}. Set the \
             provider's region to {region:?}, or make a key for {asked}."
        )
    } else {
        return Ok(());
    };
    Err(Failure::new(Class::Auth, Origin::Router, message))
}

/// How long a key is still good, if that is not long.
pub(super) fn nearly_over(key: &Secret, now: SystemTime) -> Option<Duration> {
    let left = read(key.expose())?.ends.duration_since(now).ok()?;
    (left < SOON).then_some(left)
}

fn read(key: &str) -> Option<ShortTerm> {
    let address = STANDARD.decode(key.strip_prefix(PREFIX)?).ok()?;
    let address = String::from_utf8(address).ok()?;
    let (_, query) = address.split_once('?')?;
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    // `AKID%2F20261123%2Fus-east-1%2Fbedrock%2Faws4_request`
    let scope = value("X-Amz-Credential")?.replace("%2F", "/").replace("%2f", "/");
    let region = scope.split('/').nth(2)?.to_owned();
    let lasts = Duration::from_secs(value("X-Amz-Expires")?.parse().ok()?);
    let ends = moment(value("X-Amz-Date")?)?.checked_add(lasts)?;
    Some(ShortTerm { ends, region })
}

/// `20261123T123456Z`
fn moment(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let days = days(number(date, 0, 4)?, number(date, 4, 6)?, number(date, 6, 8)?);
    let (hours, minutes) = (number(time, 0, 2)?, number(time, 2, 4)?);
    let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + number(time, 4, 6)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Days since 1970 of a date after the year 0.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted from March, months have 153 days in each five, and the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 + MARCH_OF_YEAR_0
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::moment;

    #[test]
    fn dates_are_counted_as_everywhere() {
        for (text, seconds) in [
            ("19700101T000000Z", Some(0)),
            ("20000229T235959Z", Some(951_868_799)),
            ("20261123T123456Z", Some(1_795_437_296)),
            ("21000301T000000Z", Some(4_107_542_400)),
            ("20261123", None),
            ("20261123T12345Z", None),
            ("2026112XT123456Z", None),
        ] {
            let expected = seconds.map(|it| SystemTime::UNIX_EPOCH + Duration::from_secs(it));
            assert_eq!(moment(text), expected, "{text}");
        }
    }
}
