//! Requests: queries, mutations, loads, merges and change feeds as builders. Awaiting a builder runs it.

use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use omnigraph_history::{BranchRecord, CommitRecord, CreateBranch};
use serde_json::Value;

use super::{Action, Branch, Omnigraph};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{QueryLimits, QueryPlan, QueryRequest, QueryResult, QueryStream};
use crate::snapshot::{Snapshot, Target};
use crate::versioning::changes::{self, ChangeFeedPage, ChangeFeedRequest, FeedStart, InitialSnapshot};
use crate::versioning::diff::ChangeFilter;
use crate::versioning::merge::{
    self, ConflictStrategy, MergeOptions, MergePolicy, MergeReceipt, MergeSource, ResolutionQuery,
};
use crate::write::commit::WriteCondition;
use crate::write::load::{self, ErrorPolicy, LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadSource};
use crate::write::mutation::{self, MutateRequest, MutationReceipt};

/// Defines the setters that every request with a query text has.
macro_rules! query_text_setters {
    () => {
        /// Sets the file name that messages show for the text.
        pub fn file(mut self, file: impl Into<String>) -> Self {
            self.request.file = file.into();
            self
        }

        /// Selects a query of the text by name. It may be left out if there is one.
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.request.name = Some(name.into());
            self
        }

        /// Sets one parameter.
        pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
            let params = self.request.params.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
            // If it is not an object, running the request reports it.
            if let Value::Object(members) = params {
                members.insert(name.into(), value.into());
            }
            self
        }

        /// Sets all parameters: one JSON object.
        pub fn params(mut self, params: impl Into<Value>) -> Self {
            self.request.params = Some(params.into());
            self
        }

        /// Sets the limits of what it may cost.
        pub fn limits(mut self, limits: QueryLimits) -> Self {
            self.request.limits = limits;
            self
        }
    };
}

/// Defines the setters that every request has that commits rows.
macro_rules! write_setters {
    () => {
        /// Sets the condition of the commit.
        pub fn condition(mut self, condition: WriteCondition) -> Self {
            self.request.condition = Some(condition);
            self
        }

        /// Sets the idempotency key: a repetition with the same key returns the first receipt and writes nothing.
        pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
            self.request.idempotency_key = Some(key.into());
            self
        }
    };
}

/// Implements `IntoFuture` with the method `run`.
macro_rules! awaitable {
    ($request:ty => $output:ty) => {
        impl IntoFuture for $request {
            type Output = Result<$output>;
            type IntoFuture = BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                self.run().boxed()
            }
        }
    };
}

awaitable!(Query => QueryResult);
awaitable!(Mutation => MutationReceipt);
awaitable!(Load => LoadReceipt);
awaitable!(Merge => MergeReceipt);
awaitable!(CherryPick => MergeReceipt);
awaitable!(ChangeFeed => ChangeFeedPage);

/// The state that a query reads.
#[derive(Clone, Debug)]
enum QueryTarget {
    Branch(Box<Branch>),
    Snapshot(Box<Snapshot>),
}

/// A query to run.
#[derive(Clone, Debug)]
#[must_use = "a query runs when it is awaited"]
pub struct Query {
    target: QueryTarget,
    request: QueryRequest,
}

impl Query {
    pub(super) fn for_branch(branch: Branch, source: String) -> Self {
        Self::new(QueryTarget::Branch(Box::new(branch)), source)
    }

    fn new(target: QueryTarget, source: String) -> Self {
        let request = QueryRequest { source, file: "query.gq".to_owned(), ..QueryRequest::default() };
        Self { target, request }
    }

    query_text_setters!();

    async fn snapshot(&self) -> Result<Snapshot> {
        match &self.target {
            QueryTarget::Branch(branch) => branch.snapshot().await,
            QueryTarget::Snapshot(snapshot) => Ok(snapshot.as_ref().clone()),
        }
    }

    async fn run(self) -> Result<QueryResult> {
        self.snapshot().await?.run_query(self.request).await
    }

    /// Streams the rows while the query runs, without keeping them in memory. Dropping the stream cancels the query.
    ///
    /// # Errors
    ///
    /// As running the query. The stream reports errors of the run.
    pub async fn stream(self) -> Result<QueryStream> {
        self.snapshot().await?.stream_query(self.request).await
    }

    /// Returns the plan without running it.
    ///
    /// # Errors
    ///
    /// As running the query.
    pub async fn explain(self) -> Result<QueryPlan> {
        self.snapshot().await?.explain_query(self.request).await
    }

    /// Runs the query and returns the plan with the rows, bytes and time of each operator.
    ///
    /// # Errors
    ///
    /// As running the query.
    pub async fn analyze(self) -> Result<QueryPlan> {
        self.snapshot().await?.analyze_query(self.request).await
    }
}

impl Snapshot {
    /// Returns a query of this state: the text of a query file, or the body of one query. A query that continues after a
    /// cursor reads the commit of the cursor, so that pages never shift.
    ///
    /// # Errors
    ///
    /// [`Error::Compile`] with every diagnostic when the text is invalid, [`Error::Request`] when a parameter is,
    /// [`Error::Budget`] when a limit is exceeded, [`Error::Value`] when a row has no value.
    pub fn query(&self, source: impl Into<String>) -> Query {
        Query::new(QueryTarget::Snapshot(Box::new(self.clone())), source.into())
    }
}

/// A mutation to run in one atomic commit.
#[derive(Clone, Debug)]
#[must_use = "a mutation runs when it is awaited"]
pub struct Mutation {
    graph: Omnigraph,
    request: MutateRequest,
}

impl Mutation {
    pub(super) fn new(branch: Branch, source: String) -> Self {
        let graph = branch.graph().clone();
        let request = MutateRequest {
            branch: branch.name().to_owned(),
            source,
            file: "mutation.gq".to_owned(),
            actor: graph.actor.clone(),
            ..MutateRequest::default()
        };
        Self { graph, request }
    }

    query_text_setters!();

    /// Commits only if the branch is at this commit.
    pub fn if_head(self, commit: impl Into<String>) -> Self {
        self.condition(WriteCondition::Head(commit.into()))
    }

    /// Commits only if no written entity has changed since this commit.
    pub fn if_unchanged_since(self, commit: impl Into<String>) -> Self {
        self.condition(WriteCondition::UnchangedSince(commit.into()))
    }

    write_setters!();

    /// Runs the mutation.
    ///
    /// [`Error::Compile`] with every diagnostic when the text is invalid, [`Error::Constraint`] when rows violate a constraint,
    /// [`Error::KeyConflict`] when a row that must be new exists, [`Error::Precondition`] when the condition fails. Nothing
    /// is changed then.
    async fn run(self) -> Result<MutationReceipt> {
        let Self { graph, request } = self;
        let action = Action::Write { branch: &request.branch };
        graph.authorize("a mutation", &action, request.actor.as_deref())?;
        let branch = graph.engine.log.branch(&request.branch).await?;
        mutation::mutate(&graph.engine, &graph.writer, &branch, request).await
    }
}

/// A bulk load to run in one atomic commit.
#[must_use = "a load runs when it is awaited"]
pub struct Load {
    graph: Omnigraph,
    request: LoadRequest,
}

impl Load {
    pub(super) fn new(branch: Branch, mode: LoadMode, source: LoadSource) -> Self {
        let graph = branch.graph().clone();
        let mut request = LoadRequest::new(branch.name(), mode, source);
        request.actor.clone_from(&graph.actor);
        Self { graph, request }
    }

    /// Creates the branch from the branch `base` if it does not exist. A load that fails leaves no new branch.
    pub fn create_from(mut self, base: impl Into<String>) -> Self {
        self.request.base = Some(base.into());
        self
    }

    write_setters!();

    /// Sets the number of invalid rows that an error reports.
    pub fn report_limit(mut self, limit: usize) -> Self {
        self.request.report_limit = limit;
        self
    }

    /// Skips invalid rows up to a limit.
    pub fn skip_invalid(mut self, policy: ErrorPolicy) -> Self {
        self.request.error_policy = Some(policy);
        self
    }

    /// Sets the folder of temporary files, which large loads and streamed Parquet need. Without it ids are kept in memory.
    pub fn temporary_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.request.temporary_folder = Some(folder.into());
        self
    }

    /// Calls `progress` from time to time while the load runs.
    pub fn on_progress(mut self, progress: Arc<dyn Fn(LoadProgress) + Send + Sync>) -> Self {
        self.request.progress = Some(progress);
        self
    }

    /// Runs the load. [`Error::Data`] names the files and lines of invalid rows; nothing is changed then.
    async fn run(self) -> Result<LoadReceipt> {
        let Self { graph, request } = self;
        graph.authorize("a load", &Action::Write { branch: &request.branch }, request.actor.as_deref())?;
        let (name, actor) = (request.branch.clone(), request.actor.clone());
        let log = &graph.engine.log;
        let existing = match (log.branch(&name).await.map_err(Error::from), &request.base) {
            (Ok(branch), _) => Some(branch),
            (Err(error), Some(_)) if error.kind() == ErrorKind::NotFound => {
                graph.authorize("a load", &Action::CreateBranch { branch: &name }, actor.as_deref())?;
                None
            }
            (Err(error), _) => return Err(error),
        };
        let base = match (&existing, &request.base) {
            (Some(branch), _) => {
                let head = log.cached_or_latest_head(branch).await?;
                Snapshot::open(&graph.engine, Target::Branch(name.clone()), head.record).await?
            }
            (None, base) => graph.snapshot(Target::Branch(base.clone().unwrap_or_default())).await?,
        };
        let staged = load::stage(&graph.engine, &base, request).await?;
        // The branch is created late, so that a load that fails rarely has one to remove.
        let (branch, branch_created) = match existing {
            Some(branch) => (branch, false),
            None => graph.create_branch_for_load(&name, &base, actor).await?,
        };
        let loaded = staged.commit(&graph.engine, &graph.writer, &branch).await;
        if let Err(error) = &loaded
            && branch_created
            && !error.outcome_unknown()
        {
            graph.remove_unused_branch(&branch).await;
        }
        Ok(LoadReceipt { branch_created, ..loaded? })
    }
}

impl Omnigraph {
    /// Creates a branch at `base` and reports if it did. Another process may have created it concurrently.
    async fn create_branch_for_load(
        &self,
        name: &str,
        base: &Snapshot,
        actor: Option<String>,
    ) -> Result<(Arc<BranchRecord>, bool)> {
        let request = CreateBranch { name: name.to_owned(), from: base.record().reference(), actor };
        match self.engine.log.create_branch(request).await {
            Ok(record) => Ok((record, true)),
            Err(omnigraph_history::Error::BranchExists { .. }) => Ok((self.engine.log.branch(name).await?, false)),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the branch of a failed load unless another writer has committed to it.
    async fn remove_unused_branch(&self, branch: &Arc<BranchRecord>) {
        let unused = async {
            let head = self.engine.log.head(branch).await?;
            let same = self.engine.log.branch(&branch.name).await?.id == branch.id;
            Ok::<_, Error>(same && head.record.branch != branch.id)
        };
        if unused.await.unwrap_or(false) {
            // The caller gets the error of the load. An empty branch that stays can be deleted, or loaded into.
            let _ = self.engine.log.delete_branch(&branch.name).await;
        }
    }
}

/// Defines the setters of requests that merge.
macro_rules! merge_setters {
    () => {
        /// Sets the granularity of conflicts.
        pub fn policy(mut self, policy: MergePolicy) -> Self {
            self.options.policy = policy;
            self
        }

        /// Sets the resolution of conflicts. A conflict without one is an error.
        pub fn resolve_with(mut self, strategy: ConflictStrategy) -> Self {
            self.options.strategy = strategy;
            self
        }

        /// Sets a mutation that runs on the merged state and resolves the remaining conflicts.
        pub fn resolve_by_mutation(mut self, resolution: ResolutionQuery) -> Self {
            self.options.resolution = Some(resolution);
            self
        }
    };
}

/// A merge of one branch into another, in one atomic commit with both as its parents.
#[derive(Clone, Debug)]
#[must_use = "a merge runs when it is awaited"]
pub struct Merge {
    target: Branch,
    source: String,
    options: MergeOptions,
}

impl Merge {
    pub(super) fn new(target: Branch, source: String) -> Self {
        let options = MergeOptions { actor: target.graph().actor.clone(), ..MergeOptions::default() };
        Self { target, source, options }
    }

    merge_setters!();

    /// Returns what the merge would do now. No branch changes, and conflicts are part of the receipt.
    ///
    /// # Errors
    ///
    /// If a branch does not exist. [`Error::ReadOnly`] if the handle is read-only and the preview has to write unreferenced
    /// table versions: for a criss-cross merge, whose merge bases are merged first, and for a resolution by a mutation.
    pub async fn preview(self) -> Result<MergeReceipt> {
        let graph = self.target.graph();
        self.require_distinct()?;
        let branch = graph.engine.log.branch(self.target.name()).await?;
        let theirs = graph.commit(&Target::Branch(self.source.clone())).await?;
        let ours = graph.engine.log.head(&branch).await?.record;
        if self.options.resolution.is_some() {
            graph.require_write("a preview of a merge that a mutation resolves")?;
        }
        let relation = graph.engine.log.commit_relation(&[ours], std::slice::from_ref(theirs.record())).await?;
        if relation.merge_bases.len() > 1 {
            graph.require_write("a preview of a criss-cross merge")?;
        }
        let source = MergeSource::Branch(Arc::clone(theirs.record()));
        merge::preview_merge(&graph.engine, &graph.writer, &branch, source, self.options).await
    }

    /// Runs the merge. [`Error::MergeConflict`] lists every conflict; nothing is changed then.
    async fn run(self) -> Result<MergeReceipt> {
        let graph = self.target.graph();
        let action = Action::Merge { source: &self.source, target: self.target.name() };
        graph.authorize("a merge", &action, self.options.actor.as_deref())?;
        self.require_distinct()?;
        let branch = graph.engine.log.branch(self.target.name()).await?;
        let theirs = graph.commit(&Target::Branch(self.source.clone())).await?;
        let source = MergeSource::Branch(Arc::clone(theirs.record()));
        merge::merge(&graph.engine, &graph.writer, &branch, source, self.options).await
    }

    fn require_distinct(&self) -> Result<()> {
        if self.source != self.target.name() {
            return Ok(());
        }
        let message = format!("a merge needs distinct source and target branches, and both are '{}'", self.source);
        Err(Error::request(message))
    }
}

/// A commit that applies or undoes the changes of another commit.
#[derive(Clone, Debug)]
#[must_use = "a cherry-pick or revert runs when it is awaited"]
pub struct CherryPick {
    target: Branch,
    commit: String,
    source: fn(Arc<CommitRecord>) -> MergeSource,
    options: MergeOptions,
}

impl CherryPick {
    pub(super) fn apply(target: Branch, commit: String) -> Self {
        Self::new(target, commit, MergeSource::CherryPick)
    }

    pub(super) fn revert(target: Branch, commit: String) -> Self {
        Self::new(target, commit, MergeSource::Revert)
    }

    fn new(target: Branch, commit: String, source: fn(Arc<CommitRecord>) -> MergeSource) -> Self {
        let options = MergeOptions { actor: target.graph().actor.clone(), ..MergeOptions::default() };
        Self { target, commit, source, options }
    }

    merge_setters!();

    /// Runs it. Errors as of a merge; [`Error::NoParent`] for the first commit of a graph.
    async fn run(self) -> Result<MergeReceipt> {
        let graph = self.target.graph();
        let action = Action::Merge { source: &self.commit, target: self.target.name() };
        graph.authorize("a commit", &action, self.options.actor.as_deref())?;
        let branch = graph.engine.log.branch(self.target.name()).await?;
        let commit = graph.commit(&Target::Commit(self.commit)).await?;
        let source = (self.source)(Arc::clone(commit.record()));
        merge::merge(&graph.engine, &graph.writer, &branch, source, self.options).await
    }
}

/// The change feed of a branch. Awaiting it returns the next page.
#[derive(Clone, Debug)]
#[must_use = "a page of the feed is read when the request is awaited"]
pub struct ChangeFeed {
    graph: Omnigraph,
    request: ChangeFeedRequest,
}

/// Changes of a page of the feed.
const DEFAULT_FEED_LIMIT: usize = 1000;

impl ChangeFeed {
    pub(super) fn new(branch: Branch) -> Self {
        let graph = branch.graph().clone();
        let request = ChangeFeedRequest {
            branch: branch.name().to_owned(),
            start: FeedStart::default(),
            filter: ChangeFilter::default(),
            limit: DEFAULT_FEED_LIMIT,
        };
        Self { graph, request }
    }

    /// Sets the position to start from.
    pub fn start(mut self, start: FeedStart) -> Self {
        self.request.start = start;
        self
    }

    /// Sets the filter. With a cursor it must be the filter of the cursor.
    pub fn filter(mut self, filter: ChangeFilter) -> Self {
        self.request.filter = filter;
        self
    }

    /// Sets the maximum number of changes of a page.
    pub fn limit(mut self, limit: usize) -> Self {
        self.request.limit = limit;
        self
    }

    /// Returns the current state of the branch, and the cursor from which the feed continues.
    ///
    /// # Errors
    ///
    /// If the branch does not exist.
    pub async fn snapshot(self) -> Result<InitialSnapshot> {
        let branch = self.graph.engine.log.branch(&self.request.branch).await?;
        changes::initial_snapshot(&self.graph.engine, &branch, self.request.filter).await
    }

    /// Reads the next page. [`Error::FeedGap`] if the history was cleaned up: then the consumer takes a new snapshot.
    async fn run(self) -> Result<ChangeFeedPage> {
        let branch = self.graph.engine.log.branch(&self.request.branch).await?;
        changes::poll(&self.graph.engine, &branch, self.request).await
    }
}
