//! Operations of the query language, compiled from text or resolved from types, against independent implementations.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod support;

mod convert;
mod errors;
mod examples;
mod logic;
mod nulls;
mod numbers;
mod short_circuit;
mod temporal;
mod values;
