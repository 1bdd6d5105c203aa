//! Three-way merges of whole graphs: branches, cherry-picks and reverts.
//!
//! ```text
//! base ─► ours    changes of the target   entity by entity ─► conflicts, or
//!   └───► theirs  changes of the source                       rows to write and tables to swap ─► one commit
//! ```
//!
//! A table that only the source changed is taken by its pin. Of a table that both sides changed, only changed rows are read.
//! The result passes the constraint checks of every write, and is one commit or none.
//!
//! - `strategy`       conflict policy, strategy and options
//! - `inputs`         the three states, and the merge of several merge bases
//! - `type_diff`      the changes of both sides by type
//! - `resolve`        the resolution of each entity
//! - `field_merge`    rows that both sides changed, property by property
//! - `dangling_edges` edges whose endpoint the other side deleted
//! - `plan`           the resolutions as rows to write and tables to swap
//! - `materialize`    rows of several versions, and constraint inputs of reused fragments
//! - `merge_op`       the write operation and its receipt

mod dangling_edges;
mod field_merge;
mod inputs;
mod materialize;
mod merge_op;
mod plan;
mod resolve;
mod strategy;
mod type_diff;

pub(crate) use inputs::MergeSource;
pub use merge_op::{MergeOutcome, MergeReceipt, MergedType, ResolutionSummary};
pub(crate) use merge_op::{merge, preview_merge};
pub(crate) use strategy::MergeOptions;
pub use strategy::{ConflictStrategy, EntityOverride, MergePolicy, MergeSide, ResolutionQuery};
