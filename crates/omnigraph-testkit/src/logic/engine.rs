//! What a file is run against.

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::oracle::Mode;

/// A query to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The text of a query file.
    pub source: String,
    /// Which query of it; the only one if left out.
    pub name: Option<String>,
    /// Arguments: a JSON object.
    pub params: Option<Json>,
    /// The branch to read.
    pub branch: String,
}

/// A mutation to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// What to run, and on which branch.
    pub request: Request,
    /// What must hold for it to run.
    pub condition: Option<Condition>,
}

/// What must hold for a mutation to run. Commits are named as [`Engine::head`] names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The branch is still at this commit.
    Head(String),
    /// No node or edge that it writes was changed since this commit.
    UnchangedSince(String),
}

/// What a mutation did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// Nodes written and deleted.
    pub nodes: u64,
    /// Edges written and deleted.
    pub edges: u64,
    /// Whether there was a commit.
    pub committed: bool,
    /// What is returned; without columns if nothing is.
    pub answer: Answer,
}

/// What a query returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names in order.
    pub columns: Vec<String>,
    /// Cells in the order of the columns.
    pub rows: Vec<Vec<Json>>,
}

/// Why something was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// The stable code.
    pub code: String,
    /// All of what the user sees.
    pub message: String,
}

/// A graph database, as far as the files go.
#[async_trait(?Send)]
pub trait Engine {
    /// Whether it can do what a file names in a line `requires …`, such as `search`.
    fn supports(&self, feature: &str) -> bool;

    /// Starts an empty graph, in place of any before.
    ///
    /// # Errors
    /// The schema is refused.
    async fn init(&mut self, schema: &str) -> Result<(), EngineError>;

    /// Loads lines of the load format into a branch.
    ///
    /// # Errors
    /// The lines are refused; nothing has changed.
    async fn load(&mut self, lines: &str, mode: Mode, branch: &str) -> Result<(), EngineError>;

    /// Creates a branch from another.
    ///
    /// # Errors
    /// The name is taken or the other is not there.
    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError>;

    /// Runs a query.
    ///
    /// # Errors
    /// The query or an argument is wrong, or running it fails.
    async fn query(&mut self, request: &Request) -> Result<Answer, EngineError>;

    /// Runs a mutation: all of it, as one commit, or nothing.
    ///
    /// # Errors
    /// The mutation or an argument is wrong, running it fails, the rows may not be, or the condition does not hold.
    async fn mutate(&mut self, write: &Write) -> Result<Receipt, EngineError> {
        let name = write.request.name.clone().unwrap_or_default();
        Err(EngineError { code: "unsupported".to_owned(), message: format!("mutation {name}: this engine has none") })
    }

    /// The newest commit of a branch, for conditions.
    ///
    /// # Errors
    /// The branch is not there.
    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        Err(EngineError { code: "unsupported".to_owned(), message: format!("head of {branch}: this engine has none") })
    }

    /// How it would run a query, as text; `None` if it cannot say.
    ///
    /// # Errors
    /// The query or an argument is wrong.
    async fn explain(&mut self, request: &Request) -> Result<Option<String>, EngineError>;
}
