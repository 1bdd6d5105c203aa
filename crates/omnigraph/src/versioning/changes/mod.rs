//! The change feed: the changes of a branch, commit by commit along first parents, for consumers that store a cursor.
//!
//! ```text
//! cursor ─► commits after it ─► difference to the parent of each ─► page of changes and the next cursor
//! ```
//!
//! A cursor names the graph, the incarnation of the branch, the filter and the last delivered commit. The graph stores nothing
//! for a consumer. A consumer that stores the cursor after it has processed a page sees every change at least once.
//!
//! - `cursor` cursors, and the commits after a cursor
//! - `poll`   pages of changes

mod cursor;
mod poll;

pub use poll::{ChangeFeedPage, FeedCommit, FeedStart, InitialSnapshot};
pub(crate) use poll::{ChangeFeedRequest, initial_snapshot, poll};
