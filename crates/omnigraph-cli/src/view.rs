//! Objects that several commands show.

use omnigraph::{CommitRecord, Omnigraph};
use serde::Serialize;

/// A commit as JSON. `graph_branch` is null for `main`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Commit {
    graph_commit_id: String,
    graph_branch: Option<String>,
    graph_manifest_version: u64,
    parent_commit_id: Option<String>,
    merged_parent_commit_id: Option<String>,
    actor_id: Option<String>,
    /// Unix microseconds.
    created_at: i64,
    #[serde(skip)]
    kind: String,
}

impl Commit {
    /// `record`, which is on the branch of that name; `None` is `main`.
    pub(crate) fn new(record: &CommitRecord, branch: Option<String>) -> Self {
        let parent = |at: usize| record.parents.get(at).map(|parent| parent.commit.to_string());
        Self {
            graph_commit_id: record.commit.to_string(),
            graph_branch: branch,
            graph_manifest_version: record.generation,
            parent_commit_id: parent(0),
            merged_parent_commit_id: parent(1),
            actor_id: record.actor.clone(),
            created_at: record.authored_at,
            kind: record.kind.to_string(),
        }
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let Self { graph_commit_id, graph_manifest_version, kind, .. } = self;
        let branch = self.branch();
        let actor = self.actor_id.as_ref().map(|actor| format!(" actor={actor}")).unwrap_or_default();
        format!(
            "{graph_commit_id} graph_branch={branch} graph_manifest_version={graph_manifest_version}{actor} kind={kind}"
        )
    }

    /// A line `key: value` for each field that is there.
    pub(crate) fn lines(&self) -> Vec<String> {
        let fields = [
            ("graph_commit_id", Some(self.graph_commit_id.clone())),
            ("graph_branch", Some(self.branch().to_owned())),
            ("graph_manifest_version", Some(self.graph_manifest_version.to_string())),
            ("parent_commit_id", self.parent_commit_id.clone()),
            ("merged_parent_commit_id", self.merged_parent_commit_id.clone()),
            ("actor_id", self.actor_id.clone()),
            ("created_at", Some(self.created_at.to_string())),
            ("kind", Some(self.kind.clone())),
        ];
        fields.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?))).collect()
    }

    fn branch(&self) -> &str {
        self.graph_branch.as_deref().unwrap_or(Omnigraph::default_branch())
    }
}

/// What brought changes about, as JSON: absent members are left out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cause {
    graph_commit_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_commit_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_parent_commit_id: Option<String>,
    authored_branch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<String>,
    /// Unix microseconds.
    authored_at: i64,
}

impl Cause {
    /// `record`, which is on the branch of that name; `None` is `main`.
    pub(crate) fn new(record: &CommitRecord, branch: Option<String>) -> Self {
        let parent = |at: usize| record.parents.get(at).map(|parent| parent.commit.to_string());
        Self {
            graph_commit_id: record.commit.to_string(),
            parent_commit_id: parent(0),
            merged_parent_commit_id: parent(1),
            authored_branch: branch.unwrap_or_else(|| Omnigraph::default_branch().to_owned()),
            actor_id: record.actor.clone(),
            authored_at: record.authored_at,
        }
    }

    /// A line `key: value` for each field that is there.
    pub(crate) fn lines(&self) -> Vec<String> {
        let fields = [
            ("commit", Some(self.graph_commit_id.clone())),
            ("branch", Some(self.authored_branch.clone())),
            ("parent", self.parent_commit_id.clone()),
            ("merged_parent", self.merged_parent_commit_id.clone()),
            ("actor", self.actor_id.clone()),
            ("authored_at", Some(self.authored_at.to_string())),
        ];
        fields.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?))).collect()
    }
}

/// The name of a branch as commits carry it: none for `main`.
pub(crate) fn branch_of_commit(name: &str) -> Option<String> {
    (name != Omnigraph::default_branch()).then(|| name.to_owned())
}
