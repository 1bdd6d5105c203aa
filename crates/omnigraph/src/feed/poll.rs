//! The next blocks of the feed.

use std::sync::Arc;

use omnigraph_log::{BranchRecord, CommitRecord, CommitRef, Head};

use super::cursor::Cursor;
use super::path::Path;
use crate::diff::{ChangeFilter, Difference, EntityChange};
use crate::error::{Error, Result};
use crate::snapshot::{Shared, Snapshot, Target};

/// Commits looked at in one poll, so that a selective filter does not make a caller wait for a whole history.
const MOST_COMMITS: usize = 512;

/// Where a consumer starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FeedStart {
    /// With what happens from now on.
    #[default]
    Now,
    /// With the first change of the graph.
    Beginning,
    /// Behind that commit, by its id.
    After(String),
    /// Where a cursor says.
    Cursor(String),
}

/// What is asked of the feed.
#[derive(Clone, Debug)]
pub struct FeedRequest {
    /// The branch.
    pub branch: String,
    /// Where to start.
    pub start: FeedStart,
    /// What is wanted. With a cursor it must be what it was.
    pub filter: ChangeFilter,
    /// The most changes of a page.
    pub limit: usize,
}

/// What one commit did.
#[derive(Clone, Debug)]
pub struct FeedBlock {
    /// The commit.
    pub commit: Arc<CommitRecord>,
    /// Its changes, or the next of them if they did not fit the page before.
    pub changes: Vec<EntityChange>,
}

/// Some blocks.
#[derive(Clone, Debug)]
pub struct FeedPage {
    /// Commits with changes that are wanted, in order.
    pub blocks: Vec<FeedBlock>,
    /// Where to go on.
    pub cursor: String,
    /// Whether the last block goes on on the next page.
    pub is_partial: bool,
    /// Whether there was nothing more at the time.
    pub caught_up: bool,
}

/// A state, and where the feed goes on behind it.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The state: what a consumer starts from.
    pub snapshot: Snapshot,
    /// The cursor whose first change is the first that the state does not have.
    pub cursor: String,
}

/// The state of a branch now, and the cursor behind it.
pub(crate) async fn baseline(shared: &Shared, branch: &Arc<BranchRecord>, filter: ChangeFilter) -> Result<Baseline> {
    let head = shared.log.head(branch).await?;
    let snapshot = Snapshot::of(shared, Target::Branch(branch.name.clone()), Arc::clone(&head.record)).await?;
    let graph = shared.log.stamp().graph;
    let cursor = Cursor { graph, branch: branch.id, filter, after: head.record.reference(), inside: None };
    Ok(Baseline { snapshot, cursor: cursor.word()? })
}

/// The next blocks of a branch.
pub(crate) async fn poll(shared: &Shared, branch: &Arc<BranchRecord>, request: FeedRequest) -> Result<FeedPage> {
    if request.limit == 0 {
        return Err(Error::request("change page limit must be greater than zero"));
    }
    let head = shared.log.head(branch).await?;
    let limit = request.limit;
    let mut cursor = start(shared, &head, request).await?;
    let mut path = Path::new(&shared.log, &head, cursor.after).await?;
    let (mut blocks, mut left) = (Vec::new(), limit);
    for _ in 0..MOST_COMMITS {
        let Some(commit) = path.next(&shared.log).await? else {
            return Ok(FeedPage { blocks, cursor: cursor.word()?, is_partial: false, caught_up: true });
        };
        let page = difference(shared, &commit, &cursor.filter).await?.page(cursor.inside.as_ref(), left).await?;
        left = left.saturating_sub(page.changes.len());
        if !page.changes.is_empty() {
            blocks.push(FeedBlock { commit: Arc::clone(&commit), changes: page.changes });
        }
        cursor.inside = page.next;
        if cursor.inside.is_some() {
            return Ok(FeedPage { blocks, cursor: cursor.word()?, is_partial: true, caught_up: false });
        }
        cursor.after = commit.reference();
        if left == 0 {
            break;
        }
    }
    let caught_up = cursor.after == head.record.reference();
    Ok(FeedPage { blocks, cursor: cursor.word()?, is_partial: false, caught_up })
}

async fn difference(shared: &Shared, commit: &Arc<CommitRecord>, filter: &ChangeFilter) -> Result<Difference> {
    let parent = shared.log.parent(commit).await?.ok_or(Error::Parentless { commit: commit.commit })?;
    let state =
        async |record: Arc<CommitRecord>| Snapshot::of(shared, Target::Commit(record.commit.to_string()), record).await;
    // A type of the filter may come later or be gone by then: that is no mistake here.
    Ok(Difference::of_known(state(parent).await?, state(Arc::clone(commit)).await?, filter.clone()))
}

async fn start(shared: &Shared, head: &Head, request: FeedRequest) -> Result<Cursor> {
    let (graph, branch, filter) = (shared.log.stamp().graph, head.branch.id, request.filter);
    let at = |after: CommitRef| Cursor { graph, branch, filter: filter.clone(), after, inside: None };
    match request.start {
        FeedStart::Now => Ok(at(head.record.reference())),
        FeedStart::Beginning => Ok(at(first(shared).await?)),
        FeedStart::After(text) => Ok(at(shared.log.commit_named(&text).await?.reference())),
        FeedStart::Cursor(word) => {
            let cursor = Cursor::of(&word)?;
            if cursor.graph != graph || cursor.branch != branch {
                return Err(Error::request(format!(
                    "the cursor belongs to another branch, or to one of that name that is gone; start anew with a baseline of '{}'",
                    head.branch.name
                )));
            }
            if cursor.filter != filter {
                return Err(Error::request(
                    "the cursor belongs to another selection: poll with the filters it was made with",
                ));
            }
            Ok(cursor)
        }
    }
}

async fn first(shared: &Shared) -> Result<CommitRef> {
    let main = shared.log.stamp().main.id;
    let first = shared.log.record(main, 0).await?;
    let first = first.ok_or_else(|| Error::FeedGap { first_unreadable: format!("0 of branch {main}") })?;
    Ok(first.reference())
}
