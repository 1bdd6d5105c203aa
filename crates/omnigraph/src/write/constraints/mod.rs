//! Constraints of the schema, checked in one place for every kind of write.
//!
//! ```text
//! rows ──► values: null, enum, @range, @check ──► staged rows + constraint inputs
//!                                                        │
//! base snapshot + staged rows = post-state ──► unique, endpoints, cardinality ──► violations
//! ```
//!
//! - `row_plan`          types of a schema as row layouts with their constraints
//! - `values`            constraints on single rows: nulls, enums, `@range`, `@check`
//! - `derived_values`    canonical ids of keys, default values
//! - `table_constraints` constraints across rows: uniqueness, endpoints, cardinality
//! - `inputs`            the values of new rows that these need, collected while rows are streamed
//! - `post_state`        the graph after a write
//! - `unique`, `endpoints`, `cardinality` the checks on the post-state
//! - `violations`        codes of constraints, and violations of one write

mod cardinality;
mod derived_values;
mod endpoints;
mod inputs;
mod post_state;
mod row_plan;
mod table_constraints;
mod unique;
mod values;
pub(crate) mod violations;

pub(crate) use derived_values::{canonical_ids, default_column};
pub(crate) use inputs::{BatchOrigins, ConstraintInputs};
pub(crate) use post_state::{EndpointLookup, EndpointLookups, NewRows, PostState, TableWrite};
pub(crate) use row_plan::{KeyPart, PropertyPlan, RowPlan, RowPlans, TypeIndex};
pub(crate) use table_constraints::TableConstraints;
pub(crate) use values::{check_nulls, check_rows};
pub(crate) use violations::Violations;
