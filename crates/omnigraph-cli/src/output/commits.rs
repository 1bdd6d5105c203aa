//! Commits as JSON, as lines for people, and as a graph that is drawn from the newest commit down.

use omnigraph::{Commit, Omnigraph};
use serde::Serialize;

/// A commit as JSON. `graph_branch` is null for `main`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CommitView {
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

impl CommitView {
    /// Creates the view of a commit of that branch.
    pub(crate) fn new(commit: &Commit, branch: &str) -> Self {
        Self {
            graph_commit_id: commit.id().to_string(),
            graph_branch: (branch != Omnigraph::MAIN).then(|| branch.to_owned()),
            graph_manifest_version: commit.generation(),
            parent_commit_id: parent_id(commit, 0),
            merged_parent_commit_id: parent_id(commit, 1),
            actor_id: commit.actor().map(str::to_owned),
            created_at: commit.authored_at(),
            kind: commit.kind().to_string(),
        }
    }

    /// Returns one line for people.
    pub(crate) fn line(&self) -> String {
        let Self { graph_commit_id, graph_manifest_version, kind, .. } = self;
        let branch = self.branch();
        let actor = self.actor_id.as_ref().map(|actor| format!(" actor={actor}")).unwrap_or_default();
        format!(
            "{graph_commit_id} graph_branch={branch} graph_manifest_version={graph_manifest_version}{actor} kind={kind}"
        )
    }

    /// Returns a line `key: value` for each field that is present.
    pub(crate) fn lines(&self) -> Vec<String> {
        present([
            ("graph_commit_id", Some(self.graph_commit_id.clone())),
            ("graph_branch", Some(self.branch().to_owned())),
            ("graph_manifest_version", Some(self.graph_manifest_version.to_string())),
            ("parent_commit_id", self.parent_commit_id.clone()),
            ("merged_parent_commit_id", self.merged_parent_commit_id.clone()),
            ("actor_id", self.actor_id.clone()),
            ("created_at", Some(self.created_at.to_string())),
            ("kind", Some(self.kind.clone())),
        ])
    }

    fn branch(&self) -> &str {
        self.graph_branch.as_deref().unwrap_or(Omnigraph::MAIN)
    }
}

/// The commit that caused changes, as JSON without absent members.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CauseView {
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

impl CauseView {
    /// Creates the view of a commit of that branch.
    pub(crate) fn new(commit: &Commit, branch: String) -> Self {
        Self {
            graph_commit_id: commit.id().to_string(),
            parent_commit_id: parent_id(commit, 0),
            merged_parent_commit_id: parent_id(commit, 1),
            authored_branch: branch,
            actor_id: commit.actor().map(str::to_owned),
            authored_at: commit.authored_at(),
        }
    }

    /// Returns a line `key: value` for each field that is present.
    pub(crate) fn lines(&self) -> Vec<String> {
        present([
            ("commit", Some(self.graph_commit_id.clone())),
            ("branch", Some(self.authored_branch.clone())),
            ("parent", self.parent_commit_id.clone()),
            ("merged_parent", self.merged_parent_commit_id.clone()),
            ("actor", self.actor_id.clone()),
            ("authored_at", Some(self.authored_at.to_string())),
        ])
    }
}

fn parent_id(commit: &Commit, index: usize) -> Option<String> {
    commit.parents().nth(index).map(|parent| parent.to_string())
}

fn present<const N: usize>(fields: [(&str, Option<String>); N]) -> Vec<String> {
    fields.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", value?))).collect()
}

/// A drawing of history with a column per line of descent, as `git log --graph` draws it.
#[derive(Debug)]
pub(crate) struct CommitGraph<K> {
    /// The commit that each column continues with.
    columns: Vec<K>,
}

impl<K: Clone + PartialEq> CommitGraph<K> {
    /// Creates an empty drawing.
    pub(crate) const fn new() -> Self {
        Self { columns: Vec::new() }
    }

    /// Returns the lines for a commit with these parents and `text`: columns that join in it, its own line, columns that
    /// fork from it.
    pub(crate) fn commit(&mut self, commit: &K, parents: &[K], text: &str) -> Vec<String> {
        let column = match self.columns.iter().position(|next| next == commit) {
            Some(column) => column,
            None => {
                self.columns.push(commit.clone());
                self.columns.len() - 1
            }
        };
        let mut lines = Vec::new();
        // Other columns that continue with this commit end here.
        while let Some(other) = self.columns.iter().skip(column + 1).position(|next| next == commit) {
            let other = column + 1 + other;
            lines.push(self.join_line(column, other));
            self.columns.remove(other);
        }
        lines.push(format!("{} {text}", self.line(column, '*')));
        match parents {
            [] => drop(self.columns.remove(column)),
            [first, more @ ..] => {
                if let Some(next) = self.columns.get_mut(column) {
                    *next = first.clone();
                }
                for parent in more.iter().filter(|parent| !self.columns.contains(parent)).cloned().collect::<Vec<_>>() {
                    self.columns.insert(column + 1, parent);
                    lines.push(self.fork_line(column));
                }
            }
        }
        lines
    }

    fn line(&self, marked: usize, mark: char) -> String {
        let columns = (0..self.columns.len()).map(|column| if column == marked { mark } else { '|' });
        columns.map(String::from).collect::<Vec<_>>().join(" ")
    }

    /// Returns the line on which column `other` ends in `column`.
    fn join_line(&self, column: usize, other: usize) -> String {
        let mut line: Vec<char> = self.line(usize::MAX, '|').chars().collect();
        let stroke = if other == column + 1 { '/' } else { '_' };
        for place in (2 * column + 1)..(2 * other) {
            if let Some(place) = line.get_mut(place).filter(|place| **place == ' ') {
                *place = stroke;
            }
        }
        if let Some(end) = line.get_mut(2 * other) {
            *end = ' ';
        }
        line.into_iter().collect::<String>().trim_end().to_owned()
    }

    /// Returns the line on which a new column forks from `column`.
    fn fork_line(&self, column: usize) -> String {
        let mut line = String::new();
        for index in 0..self.columns.len() {
            let mark = if index == column + 1 { "\\" } else { "|" };
            if index > 0 && mark == "|" {
                line.push(' ');
            }
            line.push_str(mark);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::CommitGraph;

    #[test]
    fn a_fork_and_its_merge() {
        let mut graph = CommitGraph::new();
        let commits = [("m", &["b", "c"][..]), ("c", &["a"]), ("b", &["a"]), ("a", &[])];
        let lines: Vec<String> =
            commits.into_iter().flat_map(|(commit, parents)| graph.commit(&commit, parents, commit)).collect();
        assert_eq!(lines, ["* m", "|\\", "| * c", "* | b", "|/", "* a"]);
    }
}
