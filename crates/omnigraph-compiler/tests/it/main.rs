//! Tests of the compiler from outside, one module per topic.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests may fail loudly"
)]

mod accepted;
mod catalog_files;
mod docs;
mod example_schema;
mod fuzz;
mod gq_files;
mod gq_lint;
mod gq_params;
mod gq_properties;
mod gq_scale;
mod imports;
mod migrate_files;
mod pg_files;
mod pg_properties;
mod pg_scale;
mod scenarios;
mod smoke;
mod support;
