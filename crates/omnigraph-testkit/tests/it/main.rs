//! Tests of the tools that other crates' tests use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fault;
mod generate;
mod logic;
mod oracle;
