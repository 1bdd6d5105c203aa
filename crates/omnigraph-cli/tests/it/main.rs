//! The behaviour of the command, over the built executable: what is typed, what is printed, which exit code it has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod address;
mod branches;
mod commits;
mod export;
mod fmt;
mod formats;
mod heads;
mod help;
mod history;
mod lint;
mod loads;
mod queries;
mod schemas;
mod streams;
mod support;
