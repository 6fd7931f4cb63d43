//! What the benchmark's programs share: request bodies, a client that checks every answer, the
//! loads, and what the kernel says of a process.

pub mod arguments;
pub mod body;
pub mod client;
pub mod load;
pub mod process;

/// Why a run stopped, in words for the person at the terminal.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;
