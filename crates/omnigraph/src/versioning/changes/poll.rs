//! Pages of the change feed.

use std::sync::Arc;

use omnigraph_history::{BranchHead, BranchRecord, CommitRecord, CommitRef};

use super::cursor::{CommitPath, FeedCursor, read_record};
use crate::error::{Error, Result};
use crate::snapshot::{Commit, Engine, Snapshot, Target};
use crate::versioning::diff::{ChangeFilter, EntityChange, GraphDiff};

/// Commits that one poll reads, so that a selective filter cannot make it read a whole history.
const MAX_COMMITS: usize = 512;

/// The start of a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FeedStart {
    /// The current head of the branch.
    #[default]
    Now,
    /// The first commit of the graph.
    Beginning,
    /// The commit with this id.
    After(String),
    /// A cursor of the feed.
    Cursor(String),
}

/// A request for the next page.
#[derive(Clone, Debug)]
pub(crate) struct ChangeFeedRequest {
    /// The branch.
    pub(crate) branch: String,
    /// The start.
    pub(crate) start: FeedStart,
    /// The filter. It must be the filter of the cursor, if there is one.
    pub(crate) filter: ChangeFilter,
    /// The maximum number of changes.
    pub(crate) limit: usize,
}

/// The changes of one commit.
#[derive(Clone, Debug)]
pub struct FeedCommit {
    /// The commit.
    pub commit: Commit,
    /// Its changes, or the next of them after those of the previous page.
    pub changes: Vec<EntityChange>,
}

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct ChangeFeedPage {
    /// Commits with changes that pass the filter, in order.
    pub blocks: Vec<FeedCommit>,
    /// The cursor of the next page.
    pub cursor: String,
    /// Reports that the last commit continues on the next page.
    pub is_partial: bool,
    /// Reports that the page reaches the head of the branch.
    pub caught_up: bool,
}

/// A state of the branch, and the cursor that continues after it.
#[derive(Clone, Debug)]
pub struct InitialSnapshot {
    /// The state.
    pub snapshot: Snapshot,
    /// The cursor. Its first change is the first one that the state does not contain.
    pub cursor: String,
}

/// Returns the current state of a branch, and the cursor after it.
pub(crate) async fn initial_snapshot(
    engine: &Engine,
    branch: &Arc<BranchRecord>,
    filter: ChangeFilter,
) -> Result<InitialSnapshot> {
    let head = engine.log.head(branch).await?;
    let snapshot = Snapshot::open(engine, Target::Branch(branch.name.clone()), Arc::clone(&head.record)).await?;
    let graph = engine.log.metadata().graph;
    let cursor = FeedCursor { graph, branch: branch.id, filter, after: head.record.reference(), inside: None };
    Ok(InitialSnapshot { snapshot, cursor: cursor.encode()? })
}

/// Returns the next page of a branch.
pub(crate) async fn poll(
    engine: &Engine,
    branch: &Arc<BranchRecord>,
    request: ChangeFeedRequest,
) -> Result<ChangeFeedPage> {
    if request.limit == 0 {
        return Err(Error::request("change page limit must be greater than zero"));
    }
    let head = engine.log.head(branch).await?;
    let limit = request.limit;
    let mut cursor = start_cursor(engine, &head, request).await?;
    let mut path = CommitPath::new(&engine.log, &head, cursor.after).await?;
    let (mut blocks, mut remaining) = (Vec::new(), limit);
    for _ in 0..MAX_COMMITS {
        let Some(commit) = path.next(&engine.log).await? else {
            return Ok(ChangeFeedPage { blocks, cursor: cursor.encode()?, is_partial: false, caught_up: true });
        };
        let diff = commit_diff(engine, &commit, &cursor.filter).await?;
        let page = diff.page(cursor.inside.as_ref(), remaining).await?;
        remaining = remaining.saturating_sub(page.changes.len());
        if !page.changes.is_empty() {
            blocks.push(FeedCommit { commit: Arc::clone(&commit).into(), changes: page.changes });
        }
        cursor.inside = page.next;
        if cursor.inside.is_some() {
            return Ok(ChangeFeedPage { blocks, cursor: cursor.encode()?, is_partial: true, caught_up: false });
        }
        cursor.after = commit.reference();
        if remaining == 0 {
            break;
        }
    }
    let caught_up = cursor.after == head.record.reference();
    Ok(ChangeFeedPage { blocks, cursor: cursor.encode()?, is_partial: false, caught_up })
}

async fn commit_diff(engine: &Engine, commit: &Arc<CommitRecord>, filter: &ChangeFilter) -> Result<GraphDiff> {
    let parent = engine.log.parent(commit).await?.ok_or(Error::NoParent { commit: commit.commit })?;
    let open = async |record: Arc<CommitRecord>| {
        Snapshot::open(engine, Target::Commit(record.commit.to_string()), record).await
    };
    // Unchecked: a type of the filter may be created later, or may have been dropped.
    Ok(GraphDiff::unchecked(open(parent).await?, open(Arc::clone(commit)).await?, filter.clone()))
}

async fn start_cursor(engine: &Engine, head: &BranchHead, request: ChangeFeedRequest) -> Result<FeedCursor> {
    let (graph, branch, filter) = (engine.log.metadata().graph, head.branch.id, request.filter);
    let after: CommitRef = match request.start {
        FeedStart::Now => head.record.reference(),
        FeedStart::Beginning => read_record(&engine.log, engine.log.metadata().main.id, 0).await?.reference(),
        FeedStart::After(text) => engine.log.resolve_commit(&text).await?.reference(),
        FeedStart::Cursor(token) => {
            let cursor = FeedCursor::decode(&token)?;
            if cursor.graph != graph || cursor.branch != branch {
                return Err(Error::request(format!(
                    "the cursor belongs to another branch, or to a deleted branch of this name. Take a new initial snapshot \
                     of '{}'",
                    head.branch.name
                )));
            }
            if cursor.filter != filter {
                return Err(Error::request("the cursor belongs to another filter. Poll with the filter of the cursor"));
            }
            return Ok(cursor);
        }
    };
    Ok(FeedCursor { graph, branch, filter, after, inside: None })
}
