//! The change feed: what happened on a branch, commit after commit along first parents, for consumers that keep their own place.
//!
//! The place is a cursor, a word that names the graph, the incarnation of the branch, the filter and the last commit that was
//! delivered. Nothing is kept here for a consumer. Whoever stores the cursor after it has dealt with a page sees every change at
//! least once.
//!
//! - `cursor` the consumer's place as a word
//! - `path`   the commits between a place and the head
//! - `poll`   the next blocks

mod cursor;
mod path;
mod poll;

pub use poll::{Baseline, FeedBlock, FeedPage, FeedRequest, FeedStart};
pub(crate) use poll::{baseline, poll};
