//! What Omnigraph's own tests share: a store that fails on command, a disk whose power fails, an S3 server of one's own, a reference evaluator of
//! queries, random cases for it, and tests as text.
//!
//! Development only; nothing that ships depends on it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod fault;
pub mod generate;
pub mod logic;
pub mod oracle;
#[cfg(unix)]
pub mod power;
pub mod s3;
