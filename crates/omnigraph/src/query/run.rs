//! Compile, lower, execute, collect.

use std::sync::{Arc, OnceLock};

use arrow::record_batch::RecordBatch;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use omnigraph_compiler::ir::{Operation, Query, Value};
use omnigraph_compiler::{Compiled, diagnostic, params};

use super::json::{Encoding, cell};
use super::lower::Lowering;
use super::{QueryRequest, QueryResult};
use crate::error::{Error, Result, compile_error};
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Runs a read query on this state of the graph.
    ///
    /// # Errors
    ///
    /// [`Error::Compile`] with every finding when the query or a parameter is wrong.
    pub async fn query(&self, request: QueryRequest) -> Result<QueryResult> {
        let QueryRequest { source, file, name, params } = request;
        let compiled = omnigraph_compiler::compile(&source, name.as_deref(), self.catalog());
        let Compiled { operation, warnings } = compiled.map_err(|found| compile_error(&file, &source, &found))?;
        let query = match operation {
            Operation::Read(query) => query,
            Operation::Mutation(mutation) => {
                let name = mutation.name;
                let message =
                    format!("query '{name}' contains mutations (insert/update/delete); it cannot run as a read");
                return Err(Error::request(message));
            }
        };
        let params = params::decode(&query.params, params.as_ref(), params::NumberMode::Native)
            .map_err(|error| Error::request(error.to_string()))?;
        let batches = self.execute(&query, params).await?;
        let warnings = match diagnostic::render_json(&file, &source, &warnings) {
            serde_json::Value::Array(warnings) => warnings,
            _ => Vec::new(),
        };
        let columns: Vec<String> = query.columns.iter().map(|(name, _)| name.clone()).collect();
        Ok(QueryResult {
            rows: rows(&columns, &batches)?,
            columns,
            query_name: query.name,
            commit: Arc::clone(self.commit()),
            target: self.target().clone(),
            warnings,
        })
    }

    async fn execute(&self, query: &Query, params: Vec<Value>) -> Result<Vec<RecordBatch>> {
        let plan = Lowering::new(self, params).query(query).await?;
        let context = context();
        let physical = context.state().create_physical_plan(&plan as &LogicalPlan).await?;
        let stream = datafusion::physical_plan::execute_stream(physical, context.task_ctx())?;
        Ok(stream.try_collect().await?)
    }
}

/// The session that plans and runs every query: it holds no table, so all graphs share it.
fn context() -> &'static SessionContext {
    static CONTEXT: OnceLock<SessionContext> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let config = SessionConfig::new().with_information_schema(false).with_create_default_catalog_and_schema(false);
        SessionContext::new_with_state(SessionStateBuilder::new().with_config(config).with_default_features().build())
    })
}

fn rows(columns: &[String], batches: &[RecordBatch]) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cells = columns.iter().zip(batch.columns());
            let object = cells.map(|(name, array)| Ok((name.clone(), cell(array, row, Encoding::Result)?)));
            rows.push(object.collect::<Result<_>>()?);
        }
    }
    Ok(rows)
}
