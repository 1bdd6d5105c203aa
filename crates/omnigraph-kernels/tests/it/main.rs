//! The operations as the language has them: compiled from text or made from types, and compared with other ways to the
//! same answer.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod support;

mod convert;
mod examples;
mod failures;
mod lazy;
mod logic;
mod nulls;
mod numbers;
mod temporal;
mod values;
