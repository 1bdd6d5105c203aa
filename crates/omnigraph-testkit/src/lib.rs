//! What Omnigraph's own tests share: a store that fails on command, and an S3 server of one's own.
//!
//! Development only; nothing that ships depends on it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod fault;
pub mod s3;
