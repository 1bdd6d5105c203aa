//! Snapshots and commits: by target, listed and filtered, tagged, compared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::Stream;
use omnigraph_history::{BranchId, CommitId, CommitRecord, CreateTag, TablePath, TagRecord};

use super::{Action, Omnigraph};
use crate::error::{Error, Result};
use crate::snapshot::{Commit, Snapshot, Target};
use crate::versioning::diff::{ChangeFilter, GraphDiff};

/// A filter of commits. A member that is `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CommitFilter {
    /// The actor that made the commit.
    pub actor: Option<String>,
    /// A node or edge type whose rows changed, by its name in the commit's schema.
    pub touched: Option<String>,
    /// The earliest time, in Unix microseconds.
    pub since: Option<i64>,
}

/// The names of branches by the ids that commits carry, read once.
#[derive(Debug)]
pub struct BranchNames {
    graph: Omnigraph,
    names: Mutex<HashMap<BranchId, String>>,
}

/// A name of a commit, which never moves.
#[derive(Clone, Debug)]
pub struct Tag {
    record: Arc<TagRecord>,
}

impl Tag {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Returns the commit.
    #[must_use]
    pub fn commit(&self) -> CommitId {
        self.record.commit.commit
    }

    /// Returns the time of creation, in Unix microseconds.
    #[must_use]
    pub fn created_at(&self) -> i64 {
        self.record.created_at
    }

    /// Returns the actor that created it.
    #[must_use]
    pub fn created_by(&self) -> Option<&str> {
        self.record.created_by.as_deref()
    }
}

impl BranchNames {
    /// Returns the names of the branches of `graph`. Makes no request.
    #[must_use]
    pub fn new(graph: &Omnigraph) -> Self {
        let main = graph.engine.log.metadata().main.id;
        let names = HashMap::from([(main, Omnigraph::MAIN.to_owned())]);
        Self { graph: graph.clone(), names: Mutex::new(names) }
    }

    /// Returns the name of the branch of a commit, or the id of a deleted branch. Reads the branches once if the commit is
    /// not of `main`.
    ///
    /// # Errors
    ///
    /// If the branches cannot be read.
    pub async fn branch_name(&self, commit: &Commit) -> Result<String> {
        let id = commit.branch_id();
        if let Some(known) = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(known.clone());
        }
        let branches = self.graph.branches().await?;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.extend(branches.into_iter().map(|branch| (branch.id(), branch.name().to_owned())));
        Ok(names.entry(id).or_insert_with(|| id.to_string()).clone())
    }
}

impl Omnigraph {
    /// Returns the state that `target` names now. It does not change, whatever is written later.
    ///
    /// # Errors
    ///
    /// An error of kind [`crate::ErrorKind::NotFound`] if the branch, tag or commit does not exist.
    pub async fn snapshot(&self, target: Target) -> Result<Snapshot> {
        let commit = self.commit(&target).await?;
        Snapshot::open(&self.engine, target, Arc::clone(commit.record())).await
    }

    /// Returns the commit that `target` names now.
    ///
    /// # Errors
    ///
    /// If the branch, tag or commit does not exist, or the branch had no commit at that time.
    pub async fn commit(&self, target: &Target) -> Result<Commit> {
        let log = &self.engine.log;
        let record = match target {
            Target::Branch(name) => log.head(&log.branch(name).await?).await?.record,
            Target::Commit(text) => log.resolve_commit(text).await?,
            Target::Time { branch, micros } => {
                let head = log.head(&log.branch(branch).await?).await?.record;
                log.commit_at_time(head, *micros).await?
            }
        };
        Ok(record.into())
    }

    /// Returns the first parent of a commit, or `None` for the first commit of a graph. One read.
    ///
    /// # Errors
    ///
    /// If the parent cannot be read.
    pub async fn parent(&self, commit: &Commit) -> Result<Option<Commit>> {
        Ok(self.engine.log.parent(commit.record()).await?.map(Into::into))
    }

    /// Returns all parents of a commit, the first one first.
    ///
    /// # Errors
    ///
    /// As [`Self::parent`].
    pub async fn parents(&self, commit: &Commit) -> Result<Vec<Commit>> {
        let parents = commit.record().parents.iter().map(|parent| self.engine.log.commit_by_ref(*parent));
        Ok(futures::future::try_join_all(parents).await?.into_iter().map(Into::into).collect())
    }

    /// Returns the newest merge base of two states: their newest common ancestor.
    ///
    /// # Errors
    ///
    /// If a branch or commit does not exist.
    pub async fn merge_base(&self, one: &Target, other: &Target) -> Result<Commit> {
        let bases = self.merge_bases(one, other).await?;
        bases.into_iter().next().ok_or_else(|| Error::internal("two commits without a common ancestor"))
    }

    /// Returns the merge bases of two states, newest generation first. Criss-cross merges have several.
    ///
    /// # Errors
    ///
    /// As [`Self::merge_base`].
    pub async fn merge_bases(&self, one: &Target, other: &Target) -> Result<Vec<Commit>> {
        let (one, other) = (self.commit(one).await?, self.commit(other).await?);
        let (one, other) = (Arc::clone(one.record()), Arc::clone(other.record()));
        let relation = self.engine.log.commit_relation(&[one], &[other]).await?;
        Ok(relation.merge_bases.into_iter().map(Into::into).collect())
    }

    /// Streams `from` and its first parents that pass `filter`, newest first. Commits are read as they are asked for.
    pub fn commits(&self, from: Commit, filter: CommitFilter) -> impl Stream<Item = Result<Commit>> + use<> {
        let start = (self.clone(), filter, Some(from));
        futures::stream::try_unfold(start, |(graph, filter, mut next)| async move {
            while let Some(commit) = next {
                next = graph.parent(&commit).await?;
                if graph.passes(&filter, commit.record()).await? {
                    return Ok(Some((commit, (graph, filter, next))));
                }
            }
            Ok(None)
        })
    }

    async fn passes(&self, filter: &CommitFilter, commit: &CommitRecord) -> Result<bool> {
        if filter.since.is_some_and(|since| commit.authored_at < since) {
            return Ok(false);
        }
        if filter.actor.is_some() && commit.actor != filter.actor {
            return Ok(false);
        }
        let Some(touched) = &filter.touched else { return Ok(true) };
        let schema = self.engine.schemas.get(&self.engine.log, &commit.schema).await?;
        let node = schema.catalog.nodes.get(touched).map(|node| TablePath::node(node.table));
        let edge = schema.catalog.edges.get(touched).map(|edge| TablePath::edge(edge.table));
        Ok([node, edge].into_iter().flatten().any(|path| commit.changes.contains_key(&path)))
    }

    /// Returns the difference from `before` to `after`. It reads rows when its changes are asked for.
    ///
    /// # Errors
    ///
    /// If a branch or commit does not exist, or the filter names a type that neither state has.
    pub async fn diff(&self, before: &Target, after: &Target, filter: ChangeFilter) -> Result<GraphDiff> {
        let before = self.snapshot(before.clone()).await?;
        let after = self.snapshot(after.clone()).await?;
        GraphDiff::new(before, after, filter)
    }

    /// Returns the difference of a commit from its first parent.
    ///
    /// # Errors
    ///
    /// [`Error::NoParent`] for the first commit of a graph.
    pub async fn commit_diff(&self, commit: &Commit, filter: ChangeFilter) -> Result<GraphDiff> {
        let Some(parent) = self.parent(commit).await? else {
            return Err(Error::NoParent { commit: commit.id() });
        };
        let state = async |commit: &Commit| {
            let target = Target::Commit(commit.id().to_string());
            Snapshot::open(&self.engine, target, Arc::clone(commit.record())).await
        };
        GraphDiff::new(state(&parent).await?, state(commit).await?, filter)
    }

    /// Returns every tag, by name.
    ///
    /// # Errors
    ///
    /// If the store fails or the object of a tag is damaged.
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        Ok(self.engine.log.tags().await?.into_iter().map(|record| Tag { record }).collect())
    }

    /// Tags the commit that `target` names now.
    ///
    /// # Errors
    ///
    /// If a tag of that name exists, the name is invalid, or the target does not exist.
    pub async fn create_tag(&self, name: &str, target: &Target) -> Result<Tag> {
        self.authorize("creating a tag", &Action::Tag { tag: name }, self.actor())?;
        let commit = self.commit(target).await?.reference();
        let request = CreateTag { name: name.to_owned(), commit, actor: self.actor.clone() };
        Ok(Tag { record: self.engine.log.create_tag(request).await? })
    }

    /// Deletes a tag. The commit stays.
    ///
    /// # Errors
    ///
    /// If the tag does not exist.
    pub async fn delete_tag(&self, name: &str) -> Result<Tag> {
        self.authorize("deleting a tag", &Action::Tag { tag: name }, self.actor())?;
        Ok(Tag { record: self.engine.log.delete_tag(name).await? })
    }
}
