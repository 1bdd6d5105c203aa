//! The one way of a write: what it does to a base is judged, becomes table versions, and is published.
//!
//! ```text
//! job ─► what it does to the base ─► judge ─► table versions ─► commit record ─► answer
//!              ▲                                                     │ lost the race
//!              └─────────────────────────────────────────────────────┘
//! ```
//!
//! - `job`          something that says what it does to a base, and what it must know of it
//! - `adoption`     versions of tables and history that are taken over as they are
//! - `staged`       rows that come and go
//! - `condition`    what a careful writer asks of the state it writes to
//! - `group`        several writes as one
//! - `judge`        what they mean for the rows that are there, and whether they may
//! - `preview`      a state that nobody else sees
//! - `version`      the next version of each table
//! - `fragment_ids` ids for new fragments
//! - `round`        one commit, from those who wait to their answers
//! - `publish`      the queue of each branch

mod adoption;
mod condition;
mod fragment_ids;
mod group;
mod job;
mod judge;
mod preview;
mod publish;
mod round;
mod staged;
mod version;

pub(crate) use adoption::{AdoptedTable, Adoption};
pub use condition::WriteCondition;
pub(crate) use fragment_ids::FragmentIds;
pub(crate) use job::{Company, Effect, Fixed, Job, Reads};
pub(crate) use judge::judged;
pub(crate) use publish::{IdempotencyKey, Publication, Submission, Writer};
pub(crate) use staged::{Existing, StagedRows, StagedTable, StagedWrite};
