//! Differences between two snapshots: inserted, updated and deleted entities, with their values before and after.
//!
//! ```text
//! two table versions ─► rows that they do not share, by id ─► unchanged rows dropped ─► pages of changes with images
//! ```
//!
//! The cost is proportional to the change. Versions of a table share fragments, and shared fragments are not read. Of the
//! others, ids are read first; whole rows are read only where they are returned or exist on both sides.
//!
//! - `change`     one change, and filters of changes
//! - `difference` the difference of two snapshots, by pages
//! - `rows`       the changed rows of one table
//! - `types`      the types of two schemas, matched by id

mod change;
mod difference;
mod rows;
mod types;

pub use change::{ChangeFilter, ChangeOp, ChangePosition, Endpoints, EntityChange, EntityImage, EntityTypeRef};
pub use difference::{ChangePage, GraphDiff};
pub(crate) use rows::{ColumnComparison, RowChange, TablePair, count_changes};
pub(crate) use types::{EntityType, TypePair, entity_types, type_pairs};
