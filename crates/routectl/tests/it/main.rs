//! The whole house in one process: clients, the router, and scripted hosts behind it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "all of this is a test"
)]

mod g11_guard;
mod g12_peers;
mod g1_native_bytes;
mod g3_streams;
mod g4_matrix;
mod g5_budget;
mod harness;
