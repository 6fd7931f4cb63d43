//! The SHA-256 of a request's body, which signatures cover.

use routectl_wire::Spliced;
use sha2::{Digest as _, Sha256};

/// From this size on a body is digested on a thread of its own: a few MiB take milliseconds, in
/// which every other stream of the worker would stand still.
const LARGE: usize = 256 << 10;

/// The digest of a body, as it is sent.
pub async fn of(body: &Spliced) -> [u8; 32] {
    if body.len() < LARGE {
        return digest(body);
    }
    let shared = body.clone();
    match tokio::task::spawn_blocking(move || digest(&shared)).await {
        Ok(done) => done,
        // The runtime is going, or the other thread died: it can still be done here.
        Err(_) => digest(body),
    }
}

fn digest(body: &Spliced) -> [u8; 32] {
    let mut hash = Sha256::new();
    body.pieces().iter().for_each(|piece| hash.update(piece));
    hash.finalize().into()
}
