//! The Lance mirror: ordinary Lance datasets under `heads/` that show the latest commit of `main` to external readers.
//!
//! ```text
//! writer ── intent ──► commit ──► publisher ── one put per dataset ──► heads/main/<Type>.lance ──► intent deleted
//!                                     ▲
//! open for writing ──► sweep ─────────┘   finishes the intents of processes that ended
//! ```
//!
//! Every publisher, in any process, reads the latest commit of `main` and publishes that. A dataset never returns to an
//! older commit. Publishers run concurrently: put-if-absent of the next version decides the race.
//!
//! - `publisher` the background task of a handle, and the intents of its commits
//! - `publish`   publication of a commit
//! - `target`    the datasets of a commit and their names
//! - `intent`    announcements of commits, as objects
//! - `expire`    deletion of old versions and of datasets of dropped types
//! - `recovery`  sweep, classification, repair and audit

mod expire;
mod intent;
mod publish;
mod publisher;
pub(crate) mod recovery;
mod target;

pub(crate) use publisher::{Mirror, announce_first, effective_mode};
