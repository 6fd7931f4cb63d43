//! Secrets: values that cannot be printed, the references that config files hold instead of
//! them, and how they are read.

mod read;
mod reference;
mod secret;
mod source;
#[cfg(test)]
mod tests;

pub use read::{Fault, SecretError};
pub use reference::{BadReference, SecretRef};
pub use secret::Secret;
pub use source::{SecretSource, Stamp};
