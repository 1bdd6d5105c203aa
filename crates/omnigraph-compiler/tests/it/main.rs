//! Tests of the compiler from outside, one module per topic.

mod example_schema;
