//! Heads for outside readers: `main`, published again as ordinary Lance datasets after its commits.
//!
//! A head follows the newest commit of `main` and nobody's wish: whoever publishes, writer or sweep, of whatever process,
//! reads the newest commit and then makes the head show it, and never makes a head go back. So any number of them may do it
//! at once; put-if-absent of the next version settles who did.
//!
//! Publishing comes after the commit and is no part of it. That it is due is announced by an intent, which a writer puts
//! beside its staging and deletes when the heads show its commit. What a process leaves undone is found by the next one that
//! opens the graph for writing (`recovery`).
//!
//! - `policy`   whether and when heads are published
//! - `wanted`   which heads a commit calls for, and their names
//! - `intent`   the object that announces
//! - `publish`  make heads show a commit
//! - `trim`     versions and heads that nobody needs any more
//! - `turns`    one at a time on each head
//! - `follower` the task that publishes behind the writers of a handle

mod follower;
mod intent;
mod policy;
mod publish;
mod trim;
mod turns;
mod wanted;

pub(crate) use follower::{Announced, Announcement, Heads, WeakHeads, announce_first};
pub(crate) use intent::{IntentTable, StandingIntent, delete, list};
pub use policy::HeadPublication;
pub(crate) use publish::Brought;
pub(crate) use wanted::{Wanted, wanted};
