//! Graph operators, which DataFusion runs among its own.
//!
//! Between operators, a column holds a node as a `NodeRef` and an edge as the address of its row. Properties are fetched where an
//! operator reads them.
//!
//! - `operator`          the trait, and its adapter to DataFusion
//! - `scan`              leaves: scans, key and index lookups
//! - `argument`          leaves: outer rows of a block, constants
//! - `fetch_properties`  properties of nodes and edges
//! - `project`           conditions, computed columns, distinct rows
//! - `expand`            expansions over one edge
//! - `var_length_expand` expansions over several edges
//! - `find_paths`        shortest and cheapest paths
//! - `read_paths`        parts of paths
//! - `edge_filter`       traversals with edge conditions on the row
//! - `apply`             nested blocks
//! - `pagination`        rows after a cursor
//! - `top_k`             the first rows of an order
//! - `score`             text matches, distances and ranks
//! - `nearest`           nearest neighbors by quantized vectors

mod apply;
mod argument;
mod edge_filter;
mod expand;
mod fetch_properties;
mod find_paths;
mod nearest;
mod operator;
mod pagination;
mod project;
mod read_paths;
mod scan;
mod score;
mod top_k;
mod var_length_expand;

pub(super) use apply::{Apply, ApplyKind};
pub(super) use argument::{ArgumentPlan, ArgumentRows, ConstantRows};
pub(super) use edge_filter::{EdgeFilter, FilterableTraversal, check_edge_cost};
pub(super) use expand::{EdgeExpansion, ExpandMode, SingleHopExpand};
pub(super) use fetch_properties::{EntityField, FetchProperties};
pub(super) use find_paths::{FindPaths, PathKind};
pub(super) use nearest::{NearestRows, uses_quantized_vectors};
pub(super) use operator::{BatchStream, GraphOperator, OperatorExec, is_point_lookup};
pub(super) use pagination::{AfterCursor, SortKey};
pub(super) use project::{DistinctRows, FilterRows, MeterRows, ProjectColumns, RowContext};
pub(super) use read_paths::{PathParts, ReadPaths};
pub(super) use scan::{EntityScan, IndexLookup, KeyLookup};
pub(super) use score::{ScoreArm, ScoreMethod, ScoreRows, TextField};
pub(super) use top_k::{TieBreakKeys, TopRows};
pub(super) use var_length_expand::{TraversalTarget, VarLengthExpand};
