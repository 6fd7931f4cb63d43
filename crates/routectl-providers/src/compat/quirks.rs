//! Which quirks a host has, told by its address and its name for the model.

use std::net::IpAddr;

use http::Uri;
use routectl_core::{Control, Dialect, Echo, Quirks};
use routectl_wire::dialects::{self, openai};

use super::hosts::{HOSTS, Host, OLLAMA_THINKERS};

/// Where Ollama listens unless it is told otherwise.
const OLLAMA_PORT: u16 = 11_434;

/// The quirks of a model at the host of a base URL. A host that nothing is known of has those of
/// its model alone.
pub fn quirks(base_url: &Uri, upstream: &str) -> Quirks {
    let domain = base_url.host().unwrap_or_default().to_ascii_lowercase();
    let upstream = upstream.to_ascii_lowercase();
    match HOSTS.iter().find(|host| host.is_at(&domain)) {
        Some(host) => host.quirks_of(&upstream),
        None if base_url.port_u16() == Some(OLLAMA_PORT) && is_here(&domain) => ollama(&upstream),
        None => unknown(&upstream),
    }
}

/// The dialect of a model at the host of a base URL, if anything is known of the host.
pub fn dialect(base_url: &Uri, upstream: &str) -> Option<&'static str> {
    let dialect = quirks(base_url, upstream).dialect;
    (!dialect.hands_off).then_some(dialect.name)
}

/// A host that nothing is known of, most of the time a server on this machine: a translated
/// request says what the format says, as far as the model is known.
fn unknown(upstream: &str) -> Quirks {
    let dialect = openai::ROW.for_model(upstream);
    Quirks { dialect: Dialect { hands_off: true, ..dialect }, ..Quirks::NONE }
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Ollama refuses a request that asks a model to think which cannot. (facts: reasoning, section
/// 2.11)
fn ollama(upstream: &str) -> Quirks {
    let Some(row) = dialects::named("ollama") else { return unknown(upstream) };
    let speaks = row.for_model(upstream);
    let thinks = dialects::by_word(upstream, OLLAMA_THINKERS).unwrap_or(false);
    let dialect = if thinks {
        speaks
    } else {
        Dialect { control: Control::NOTHING, echo: Echo::NEVER, ..speaks }
    };
    Quirks { dialect: Dialect { hands_off: true, ..dialect }, ..Quirks::NONE }
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
        let quirks = dialects::by_word(upstream, self.models).unwrap_or(self.quirks);
        match dialects::named(self.dialect) {
            Some(row) => Quirks { dialect: row.for_model(upstream), ..quirks },
            None => quirks,
        }
    }
}
