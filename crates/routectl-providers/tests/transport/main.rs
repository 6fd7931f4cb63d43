//! The transport against hosts and proxies of this machine: what they saw, and what was told.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "all of this is a test")]

mod authority;
mod clocks;
mod host;
mod pool;
mod proxies;
mod proxy;
mod tls;
