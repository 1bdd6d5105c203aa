//! Three-way merges of whole graphs: branches, reverts and cherry-picks.
//!
//! ```text
//! base ─► ours    what the branch did since          entity by entity ─► conflicts, or
//!   └───► theirs  what is to be taken into it                            rows to take and tables to adopt ─► one commit
//! ```
//!
//! A table that only one side changed is taken as it is, by its pin. Of a table that both changed, only what changed is read. The
//! result is judged by the one validator, and is one commit record like any other write: all of it, or nothing.
//!
//! - `request`  what is asked and what is answered
//! - `conflict` what stands against a merge, entity by entity
//! - `choice`   what is to happen where sides disagree
//! - `question` the three states
//! - `sides`    what each side did to each type
//! - `decide`   what becomes of each entity of a type
//! - `blend`    rows that both sides changed, property by property
//! - `orphans`  edges that one side made and whose node the other deleted
//! - `plan`     the decisions as rows to write and tables to adopt
//! - `carried`  what rules need to know of rows that are carried over unread
//! - `batch`    rows of several versions as one batch
//! - `reset`    the state of another commit again
//! - `job`      a merge as the writer takes it

mod batch;
mod blend;
mod carried;
mod choice;
mod conflict;
mod decide;
mod job;
mod orphans;
mod plan;
mod question;
mod request;
mod reset;
mod sides;

pub use choice::{Choices, EntityChoice, Side};
pub(crate) use job::{merge, pick, preview};
pub(crate) use question::Pick;
pub use request::{
    MergeOutcome, MergePolicy, MergeReceipt, MergeRequest, MergedType, PickRequest, Resolution, Resolved,
};
pub(crate) use reset::reset;
