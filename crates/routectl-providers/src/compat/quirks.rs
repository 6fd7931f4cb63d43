//! Which quirks a host has, told by its address and its name for the model.

use http::Uri;
use routectl_core::Quirks;

use super::hosts::{EVERYWHERE, HOSTS, Host};

/// The quirks of a model at the host of a base URL. A host that nothing is known of has those of
/// its model alone.
pub fn quirks(base_url: &Uri, upstream: &str) -> Quirks {
    let domain = base_url.host().unwrap_or_default().to_ascii_lowercase();
    let host = HOSTS.iter().find(|host| host.is_at(&domain)).unwrap_or(&EVERYWHERE);
    host.quirks_of(&upstream.to_ascii_lowercase())
}

impl Host {
    fn is_at(&self, domain: &str) -> bool {
        self.domains.iter().any(|known| {
            let below = domain.strip_suffix(known);
            below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
        })
    }

    /// The model that is named at greatest length decides.
    fn quirks_of(&self, upstream: &str) -> Quirks {
        let named = self.models.iter().filter(|(word, _)| has_word(upstream, word));
        named.max_by_key(|(word, _)| word.len()).map_or(self.quirks, |(_, quirks)| *quirks)
    }
}

/// Whether a name has a word: `o3` is in `o3-mini` and not in `foo3`.
fn has_word(name: &str, word: &str) -> bool {
    let borders = |text: Option<char>| !text.is_some_and(|next| next.is_ascii_alphanumeric());
    name.match_indices(word).any(|(at, _)| {
        let before = name.get(..at).and_then(|text| text.chars().next_back());
        let behind = name.get(at + word.len()..).and_then(|text| text.chars().next());
        borders(before) && borders(behind)
    })
}
