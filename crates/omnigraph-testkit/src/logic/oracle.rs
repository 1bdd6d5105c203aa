//! The reference evaluator as an engine. It has no search and no plans.

use std::collections::BTreeMap;

use async_trait::async_trait;
use omnigraph_compiler::ir::Operation;
use omnigraph_compiler::{Catalog, Diagnostic, compile, compile_schema, params};

use super::engine::{Answer, Engine, EngineError, Request};
use crate::oracle::{Failure, Graph, Mode, evaluate};

/// 2024-05-06T07:08:09Z, the time of every request.
const NOW_MILLIS: i64 = 1_714_979_289_000;

/// Branches in memory, read by the reference evaluator.
#[derive(Debug, Default)]
pub struct OracleEngine {
    catalog: Catalog,
    branches: BTreeMap<String, Graph>,
}

impl OracleEngine {
    fn graph(&self, branch: &str) -> Result<&Graph, EngineError> {
        let missing = || error("OG-LOG-002", format!("there is no branch '{branch}'"));
        self.branches.get(branch).ok_or_else(missing)
    }
}

#[async_trait(?Send)]
impl Engine for OracleEngine {
    fn supports(&self, _: &str) -> bool {
        false
    }

    async fn init(&mut self, schema: &str) -> Result<(), EngineError> {
        let mut minted = 0;
        let mut mint = || {
            minted += 1;
            ulid::Ulid::from(minted)
        };
        let (catalog, diagnostics) = compile_schema(schema, None, &mut mint);
        self.catalog = catalog.ok_or_else(|| refusal(&diagnostics))?;
        self.branches = BTreeMap::from([("main".to_owned(), Graph::new())]);
        Ok(())
    }

    async fn load(&mut self, lines: &str, mode: Mode, branch: &str) -> Result<(), EngineError> {
        let mut graph = self.graph(branch)?.clone();
        graph.load(&self.catalog, lines, mode, NOW_MILLIS).map_err(|failure| error("OG-LOAD", failure.to_string()))?;
        self.branches.insert(branch.to_owned(), graph);
        Ok(())
    }

    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError> {
        let graph = self.graph(from)?.clone();
        self.branches.insert(name.to_owned(), graph);
        Ok(())
    }

    async fn query(&mut self, request: &Request) -> Result<Answer, EngineError> {
        let compiled = compile(&request.source, request.name.as_deref(), &self.catalog);
        let query = match compiled.map_err(|diagnostics| refusal(&diagnostics))?.operation {
            Operation::Read(query) => query,
            Operation::Mutation(mutation) => {
                return Err(error("OG-ENG-006", format!("query '{}' contains mutations", mutation.name)));
            }
        };
        let arguments = params::decode(&query.params, request.params.as_ref(), params::NumberMode::Native)
            .map_err(|problem| error("OG-ENG-006", problem.to_string()))?;
        let graph = self.graph(&request.branch)?;
        let rows = evaluate(graph, &self.catalog, &query, &arguments, NOW_MILLIS).map_err(|failure| {
            let code = match failure {
                Failure::Run(_) => "OG-ENG-011",
                Failure::Request(_) => "OG-ENG-006",
                Failure::NotSupported(_) => "OG-ENG-009",
                Failure::Internal(_) => "OG-ENG-010",
            };
            error(code, failure.to_string())
        })?;
        Ok(Answer { columns: rows.columns, rows: rows.rows })
    }

    async fn explain(&mut self, _: &Request) -> Result<Option<String>, EngineError> {
        Ok(None)
    }
}

fn error(code: &str, message: String) -> EngineError {
    EngineError { code: code.to_owned(), message }
}

/// The code of the first error and the words of all.
fn refusal(diagnostics: &[Diagnostic]) -> EngineError {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let message = errors.iter().map(|diagnostic| diagnostic.message.clone()).collect::<Vec<_>>().join("\n");
    error(errors.first().map_or("", |diagnostic| diagnostic.code.as_str()), message)
}
