//! Adjacency of edge tables, and walks over it.
//!
//! An [`Adjacency`] holds the edges of one version of an edge table as compressed sparse rows over dense 32-bit node
//! ordinals, in both directions, and is brought forward from version to version by differences. It knows ordinals and
//! opaque row addresses, nothing of ids, tables or types, and does no I/O.
//!
//! # Rooms
//!
//! - `edge`: an edge and the sides it is seen from
//! - `adjacency`: rows of neighbours, versions of them
//! - `set`: a set of edge addresses
//! - `walk`: walks over several adjacencies at once
//! - `path`: which edges lead from one node to another

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod adjacency;
mod edge;
mod path;
mod set;
mod walk;

pub use adjacency::{Adjacency, DecodeError, Row, Rows, Segment};
pub use edge::{Edge, Side};
pub use path::{EmitPath, Order, Path, PathSearch, Targets};
pub use set::EdgeSet;
pub use walk::{Emit, Place, Scratch, Step, WalkGraph, Work};
