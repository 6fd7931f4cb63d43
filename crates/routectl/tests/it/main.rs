//! The whole house in one process: clients, the router, and scripted hosts behind it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "all of this is a test"
)]

mod abroad;
mod affinity;
mod attribution;
mod bedrock;
mod between_calls;
mod cli;
mod conversations;
mod dialects;
mod editing;
mod explain;
mod g11_guard;
mod g12_peers;
mod g13_reload;
mod g1_native_bytes;
mod g2_strict;
mod g3_streams;
mod g3_translated;
mod g4_matrix;
mod g4_translated;
mod g5_budget;
mod g6_clients;
mod g6_envelopes;
mod g6_seals;
mod g7_prefix;
mod g9_secrets;
mod generations;
mod harness;
mod meaning;
mod odd_hosts;
mod process;
mod provider_keys;
mod recordings;
mod repairs;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(target_os = "linux")]
mod sockets;
mod talk;
mod thoughts;
mod tls;
