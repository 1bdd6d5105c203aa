//! The operators of a graph, as DataFusion runs them.
//!
//! Between operators a node is a number: the ordinal in the lower half, the index of its type among the node types of the
//! catalogue in the upper. An edge is the address of its row. Properties are fetched where they are needed.
//!
//! - `exec`     any of them as a node of the plan
//! - `seed`     rows from around a nested block
//! - `scan`     nodes of a type
//! - `attach`   properties of nodes and edges
//! - `compute`  filters and columns
//! - `expand`   one edge
//! - `walk`     several edges
//! - `path`     paths
//! - `restrict` walks over edges that are judged row by row
//! - `nest`     nested blocks, once per batch of outer rows
//! - `distinct` rows once
//! - `page`     continue after a cursor
//! - `search`   text matches, distances and ranks
//! - `nearest`  the rows whose vectors are nearest

mod attach;
mod compute;
mod distinct;
mod exec;
mod expand;
mod nearest;
mod nest;
mod page;
mod path;
mod path_parts;
mod restrict;
mod scan;
mod search;
mod seed;
mod walk;

pub(super) use attach::{Attach, Field, object_of, shown};
pub(super) use compute::{Counted, Filter, Project, Witness};
pub(super) use distinct::Distinct;
pub(super) use exec::{Operator, OperatorExec, Stream, is_brief, node};
pub(super) use expand::{Expand, Found, Hop};
pub(super) use nearest::{NearestRows, is_sketched};
pub(super) use nest::{Nest, Nesting};
pub(super) use page::{After, LateKeys, SortKey, TopK};
pub(super) use path::{FindPaths, PathKind, checked_cost, path_fields};
pub(super) use path_parts::{PathParts, ReadPaths};
pub(super) use restrict::{Restrict, Restrictable};
pub(super) use scan::{IndexLookup, Lookup, Scan};
pub(super) use search::{Arm, Score, Scoring, TextField};
pub(super) use seed::{ROW, Seed, seeded};
pub(super) use walk::{Walk, WalkTarget};
