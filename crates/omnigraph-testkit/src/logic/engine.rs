//! The interface of an engine that test files run against.

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::oracle::OracleLoadMode;

/// A query to run.
#[derive(Clone, Debug, PartialEq)]
pub struct LogicQuery {
    /// The text of a query file.
    pub source: String,
    /// The name of the query in it; may be left out for a single query.
    pub name: Option<String>,
    /// Arguments: a JSON object.
    pub params: Option<Json>,
    /// The branch to read.
    pub branch: String,
}

/// A mutation to run.
#[derive(Clone, Debug, PartialEq)]
pub struct LogicMutation {
    /// The mutation and its branch.
    pub request: LogicQuery,
    /// The condition of the write.
    pub condition: Option<LogicCondition>,
}

/// A condition of a mutation. Commits are named as [`LogicEngine::head`] names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogicCondition {
    /// The branch is still at this commit.
    Head(String),
    /// No node or edge that it writes was changed since this commit.
    UnchangedSince(String),
}

/// The effect of a mutation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MutationSummary {
    /// Nodes written and deleted.
    pub nodes: u64,
    /// Edges written and deleted.
    pub edges: u64,
    /// True if the mutation made a commit.
    pub committed: bool,
    /// The returned rows; without columns if there are none.
    pub answer: ResultTable,
}

/// The result of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultTable {
    /// Names in order.
    pub columns: Vec<String>,
    /// Cells in the order of the columns.
    pub rows: Vec<Vec<Json>>,
}

/// An error of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// The stable code.
    pub code: String,
    /// The message as the user sees it.
    pub message: String,
}

/// A graph database, as far as test files need one.
#[async_trait(?Send)]
pub trait LogicEngine {
    /// Returns true if the engine has a feature of a line `requires …`, such as `search`.
    fn supports(&self, feature: &str) -> bool;

    /// Creates an empty graph in place of the last one.
    ///
    /// # Errors
    /// The schema is refused.
    async fn init(&mut self, schema: &str) -> Result<(), EngineError>;

    /// Loads lines of the load format into a branch.
    ///
    /// # Errors
    /// The lines are refused; nothing has changed.
    async fn load(&mut self, lines: &str, mode: OracleLoadMode, branch: &str) -> Result<(), EngineError>;

    /// Creates a branch from another.
    ///
    /// # Errors
    /// The name exists, or the other branch does not.
    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError>;

    /// Runs a query.
    ///
    /// # Errors
    /// The query or an argument is wrong, or running it fails.
    async fn query(&mut self, request: &LogicQuery) -> Result<ResultTable, EngineError>;

    /// Runs a mutation: all of it, as one commit, or nothing.
    ///
    /// # Errors
    /// The mutation or an argument is wrong, running it fails, the rows may not be, or the condition does not hold.
    async fn mutate(&mut self, write: &LogicMutation) -> Result<MutationSummary, EngineError> {
        let name = write.request.name.clone().unwrap_or_default();
        Err(EngineError { code: "unsupported".to_owned(), message: format!("mutation {name}: this engine has none") })
    }

    /// Returns the newest commit of a branch, for conditions.
    ///
    /// # Errors
    /// The branch does not exist.
    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        Err(EngineError { code: "unsupported".to_owned(), message: format!("head of {branch}: this engine has none") })
    }

    /// Returns the plan of a query as text; `None` if the engine has no plans.
    ///
    /// # Errors
    /// The query or an argument is wrong.
    async fn explain(&mut self, request: &LogicQuery) -> Result<Option<String>, EngineError>;
}
