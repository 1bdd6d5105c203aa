//! The tools of the other crates' tests do what they promise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fault;
mod generate;
mod logic;
mod oracle;
