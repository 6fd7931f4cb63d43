//! How the losses of a translation are told: in a header and in the request's line in the log, at
//! bounded length.

use std::fmt::Write as _;

use http::HeaderValue;
use routectl_core::Loss;

/// Longest header value. Clients and proxies take 8 KiB for all headers together.
const MAX_LENGTH: usize = 1_024;

/// `x-routectl-loss`: what was lost, as it may stand in a header. None without losses.
pub fn header(losses: &[Loss]) -> Option<HeaderValue> {
    HeaderValue::try_from(told(losses)?).ok()
}

/// Path and fate of each loss, in the order of the body and then of the answer.
pub fn told(losses: &[Loss]) -> Option<String> {
    let mut text = String::new();
    for (told, loss) in losses.iter().enumerate() {
        let separator = if told == 0 { "" } else { ", " };
        let next = format!("{separator}{}={}", spoken(&loss.path), loss.fate.name());
        let more = losses.len() - told;
        if text.len() + next.len() > MAX_LENGTH {
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}+{more}");
            break;
        }
        text.push_str(&next);
    }
    (!text.is_empty()).then_some(text)
}

/// A path as it may stand in a header: names of members are the client's to choose.
fn spoken(path: &str) -> String {
    let plain = |character: char| character.is_ascii_graphic() && !matches!(character, ',' | '=');
    path.chars().take(200).map(|it| if plain(it) { it } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_stand_in_the_order_of_the_body() {
        let losses = [
            Loss::dropped("seed", "why"),
            Loss::clamped("temperature", "why"),
            Loss::dropped("messages[0].naïve, =", "why"),
        ];
        let header = header(&losses).unwrap();
        assert_eq!(header, "seed=dropped, temperature=clamped, messages[0].na?ve???=dropped");
        assert_eq!(super::header(&[]), None);
    }

    #[test]
    fn many_losses_are_counted_and_not_spelled() {
        let losses: Vec<Loss> =
            (0..10_000).map(|at| Loss::dropped(format!("messages[{at}].name"), "why")).collect();
        let header = header(&losses).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.len() < MAX_LENGTH + 20, "{}", text.len());
        let told = text.matches("dropped").count();
        assert!(text.ends_with(&format!(", +{}", 10_000 - told)), "{text}");
    }
}
