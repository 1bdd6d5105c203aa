//! Tools for Omnigraph's own tests: a store that injects faults, a disk that can crash, a local S3 server, a reference
//! evaluator of queries, random cases for it, and tests as text.
//!
//! Development only; no shipped crate depends on it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(unix)]
pub mod crash_disk;
pub mod fault;
pub mod generate;
pub mod logic;
pub mod oracle;
pub mod s3;
