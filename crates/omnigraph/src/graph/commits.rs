//! Commits: by target, listed and filtered, tagged, compared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::{Stream, TryStreamExt};
use omnigraph_log::{BranchId, CommitRecord, CreateTag, Kinship, NewTag, TablePath, TagRecord};

use super::Omnigraph;
use crate::access::Action;
use crate::diff::{ChangeFilter, Difference};
use crate::error::{Error, Result};
use crate::snapshot::{Snapshot, Target};

/// Which commits are wanted. What is `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct CommitFilter {
    /// Who is answerable.
    pub actor: Option<String>,
    /// A node or edge type whose rows changed, by its name in the commit's schema.
    pub touched: Option<String>,
    /// Authored at this time or later, in Unix microseconds.
    pub since: Option<i64>,
}

/// Names of branches, found once.
#[derive(Debug, Default)]
pub struct History {
    names: Mutex<HashMap<BranchId, Option<String>>>,
}

impl History {
    /// The name of the branch of a commit; `None` for `main`, and for a branch that is deleted its id.
    ///
    /// # Errors
    ///
    /// If the branches cannot be read.
    pub async fn branch_name(&self, graph: &Omnigraph, commit: &CommitRecord) -> Result<Option<String>> {
        if commit.branch == graph.stamp().main.id {
            return Ok(None);
        }
        if let Some(known) = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&commit.branch) {
            return Ok(known.clone());
        }
        let branches = graph.branches().await?;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for branch in branches {
            names.insert(branch.record.id, Some(branch.record.name.clone()));
        }
        Ok(names.entry(commit.branch).or_insert_with(|| Some(commit.branch.to_string())).clone())
    }
}

impl Omnigraph {
    /// The commit that `target` names now.
    ///
    /// # Errors
    ///
    /// If there is no such branch, commit or tag, or there was nothing yet at that time.
    pub async fn commit_of(&self, target: &Target) -> Result<Arc<CommitRecord>> {
        let log = &self.shared.log;
        match target {
            Target::Branch(name) => Ok(log.head(&log.branch(name).await?).await?.record),
            Target::Commit(text) => Ok(log.commit_named(text).await?),
            Target::Time { branch, micros } => {
                let head = log.head(&log.branch(branch).await?).await?.record;
                Ok(log.commit_at(head, *micros).await?)
            }
        }
    }

    /// The first parent of a commit; none for the first commit of a graph. One read.
    ///
    /// # Errors
    ///
    /// If the log lacks a commit it must have.
    pub async fn parent_of(&self, commit: &Arc<CommitRecord>) -> Result<Option<Arc<CommitRecord>>> {
        Ok(self.shared.log.parent(commit).await?)
    }

    /// Every parent of a commit, the first one first.
    ///
    /// # Errors
    ///
    /// As [`Self::parent_of`].
    pub async fn parents_of(&self, commit: &Arc<CommitRecord>) -> Result<Vec<Arc<CommitRecord>>> {
        let parents = commit.parents.iter().map(|parent| self.shared.log.commit_at_place(*parent));
        Ok(futures::future::try_join_all(parents).await?)
    }

    /// Where the histories of two states parted: their newest common ancestor.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn fork_of(&self, one: &Target, other: &Target) -> Result<Target> {
        let kinship = self.kinship(one, other).await?;
        let base = kinship.bases.first().ok_or_else(|| Error::internal("two commits without a common ancestor"))?;
        Ok(Target::Commit(base.commit.to_string()))
    }

    /// `from` and its first parents that pass `filter`, newest first. Commits are read as they are asked for.
    pub fn commits<'a>(
        &'a self,
        from: Arc<CommitRecord>,
        filter: &'a CommitFilter,
    ) -> impl Stream<Item = Result<Arc<CommitRecord>>> + 'a {
        self.shared.log.history(from).map_err(Error::from).try_filter_map(move |commit| async move {
            let wanted = self.wants(filter, &commit).await?;
            Ok(wanted.then_some(commit))
        })
    }

    async fn wants(&self, filter: &CommitFilter, commit: &Arc<CommitRecord>) -> Result<bool> {
        if filter.since.is_some_and(|since| commit.authored_at < since) {
            return Ok(false);
        }
        if filter.actor.is_some() && commit.actor != filter.actor {
            return Ok(false);
        }
        let Some(touched) = &filter.touched else { return Ok(true) };
        let schema = self.shared.schemas.get(&self.shared.log, &commit.schema).await?;
        let node = schema.catalog.nodes.get(touched).map(|node| TablePath::node(node.table));
        let edge = schema.catalog.edges.get(touched).map(|edge| TablePath::edge(edge.table));
        Ok([node, edge].into_iter().flatten().any(|path| commit.changes.contains_key(&path)))
    }

    /// How two states are related: their merge bases, and how many commits each has that the other lacks.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn kinship(&self, one: &Target, other: &Target) -> Result<Kinship> {
        let (one, other) = (self.commit_of(one).await?, self.commit_of(other).await?);
        Ok(self.shared.log.kinship(&[one], &[other]).await?)
    }

    /// What `after` differs by from `before`. Reads nothing but the two commits until it is asked for changes.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit, or the filter names a type that neither has.
    pub async fn difference(&self, before: &Target, after: &Target, filter: ChangeFilter) -> Result<Difference> {
        let before = self.snapshot(before.clone()).await?;
        let after = self.snapshot(after.clone()).await?;
        Difference::new(before, after, filter)
    }

    /// What a commit changed against its first parent.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] for the first commit of a graph, which has none.
    pub async fn changes_of(&self, commit: &Arc<CommitRecord>, filter: ChangeFilter) -> Result<Difference> {
        let Some(parent) = self.parent_of(commit).await? else {
            return Err(Error::Parentless { commit: commit.commit });
        };
        let state = async |record: Arc<CommitRecord>| {
            Snapshot::of(&self.shared, Target::Commit(record.commit.to_string()), record).await
        };
        Difference::new(state(parent).await?, state(Arc::clone(commit)).await?, filter)
    }

    /// Every tag, by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a tag object is damaged.
    pub async fn tags(&self) -> Result<Vec<Arc<TagRecord>>> {
        Ok(self.shared.log.tags().await?)
    }

    /// Names the commit that `target` is now. A tag never moves.
    ///
    /// # Errors
    ///
    /// If the name is taken or cannot name a tag, or there is no such branch or commit.
    pub async fn create_tag(&self, name: &str, target: &Target, actor: Option<&str>) -> Result<Arc<TagRecord>> {
        self.may_write("creating a tag")?;
        self.allow(&Action::Tag { tag: name }, actor)?;
        let commit = self.commit_of(target).await?.reference();
        let request = CreateTag { name: name.to_owned(), commit, actor: actor.map(str::to_owned) };
        match self.shared.log.create_tag(request).await? {
            NewTag::Created(tag) => Ok(tag),
            NewTag::Taken => Err(omnigraph_log::Error::TagExists { name: name.to_owned() }.into()),
        }
    }

    /// Deletes a tag. The commit stays.
    ///
    /// # Errors
    ///
    /// If there is no such tag.
    pub async fn delete_tag(&self, name: &str, actor: Option<&str>) -> Result<Arc<TagRecord>> {
        self.may_write("deleting a tag")?;
        self.allow(&Action::Tag { tag: name }, actor)?;
        Ok(self.shared.log.delete_tag(name).await?)
    }
}
