//! Tests of the compiler from outside, one module per topic.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests may fail loudly"
)]

mod accepted;
mod docs;
mod fuzz;
mod gq_files;
mod gq_lint;
mod gq_params;
mod gq_properties;
mod imports;
mod migrate_files;
mod pg_files;
mod pg_properties;
mod scale;
mod support;
