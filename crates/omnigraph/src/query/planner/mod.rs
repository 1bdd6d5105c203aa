//! Plans a query: from the compiler's IR to one DataFusion plan.
//!
//! The IR is typed and resolved, so the planner builds physical operators directly. It chooses access paths and the join order.
//! [`PlanContext`] holds the read-only inputs, [`PlanBuilder`](context::PlanBuilder) the state under construction. Each clause
//! is a module of functions from one [`PartialPlan`] to the next.
//!
//! ```text
//! block ── access_path ─ join_order ─ pattern ─ expand ─ paths ─ edge_filter ─ apply
//!   └─ aggregate ── output ── PhysicalQuery
//! ```
//!
//! - `context`      catalog, parameters and budget; state of the plan under construction
//! - `scope`        columns and variables of a plan
//! - `references`   variables and fields that expressions read
//! - `expr`         expressions over columns
//! - `partial_plan` fetched fields, filters, computed columns, joins
//! - `access_path`  key lookup, index lookup or scan of a variable
//! - `join_order`   start of a pattern, next expansion, join conditions
//! - `pattern`      blocks
//! - `expand`       expansions over one or several edges
//! - `paths`        path searches
//! - `edge_filter`  edge conditions and costs of traversals
//! - `apply`        nested blocks
//! - `aggregate`    groups and aggregates
//! - `search`       text matches, distances and ranks
//! - `output`       columns, distinct, order, pages
//! - `mutation`     rows that statements of a mutation read

mod access_path;
mod aggregate;
mod apply;
mod context;
mod edge_filter;
mod expand;
mod expr;
mod join_order;
mod mutation;
mod output;
mod partial_plan;
mod paths;
mod pattern;
mod references;
mod scope;
mod search;

pub(crate) use access_path::pinned_ids;
pub(crate) use context::{PlanContext, Planner};
pub(crate) use expr::lower_expr;
pub(crate) use mutation::{OuterRows, assigned_column, collect_types_read, table_fields};
pub(crate) use output::PhysicalQuery;
pub(crate) use pattern::RequiredOutputs;
pub(crate) use references::compare_as_text;
pub(crate) use scope::{ColumnId, PlanScope, VariableBinding};
