//! AWS Bedrock.

pub mod credentials;
pub mod environment;
pub mod region;
pub mod signing;
