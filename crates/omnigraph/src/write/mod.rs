//! The one way of a write: staged rows are judged against a base, become table versions, and are published.
//!
//! ```text
//! staged ─► judge on the base ─► table versions ─► commit record ─► done
//!              ▲                                        │ lost the race
//!              └────────────────────────────────────────┘
//! ```
//!
//! - `staged`       rows that want to become a commit
//! - `judge`        what they mean for the rows that are there, and whether they may
//! - `version`      the next version of each table
//! - `fragment_ids` ids for new fragments
//! - `publish`      the loop around the one door

mod fragment_ids;
mod judge;
mod publish;
mod staged;
mod version;

pub(crate) use fragment_ids::FragmentIds;
pub(crate) use publish::Writer;
pub(crate) use staged::{Existing, InputPlace, NeededEnd, StagedRows, StagedTable, StagedWrite};
