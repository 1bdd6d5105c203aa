//! Compiled queries, by schema and text.

use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::{Operation, Value};
use omnigraph_compiler::settings::Setting;
use omnigraph_compiler::{Compiled, diagnostic};
use omnigraph_log::SchemaHash;
use quick_cache::sync::Cache;

use crate::error::{Result, compile_error};

/// Compiled queries that are kept per graph.
const MOST_KEPT: usize = 1024;

/// A query, compiled.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What it means.
    pub(crate) operation: Operation,
    /// What its file sets.
    pub(crate) settings: Vec<(&'static Setting, Value)>,
    /// What is legal and probably wrong, as data.
    pub(crate) warnings: Vec<serde_json::Value>,
}

/// Where a query stands: file name, text, and its name if it is not the only one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryText<'a> {
    pub(crate) file: &'a str,
    pub(crate) source: &'a str,
    pub(crate) name: Option<&'a str>,
}

/// Schema, file name, text, name.
type Key = (String, String, String, Option<String>);

/// Compiled queries. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct CompiledQueries {
    kept: Arc<Cache<Key, Arc<Prepared>>>,
}

impl Default for CompiledQueries {
    fn default() -> Self {
        Self { kept: Arc::new(Cache::new(MOST_KEPT)) }
    }
}

impl CompiledQueries {
    /// The query, compiled against a schema now or before.
    pub(crate) fn get(&self, schema: &SchemaHash, catalog: &Catalog, query: QueryText<'_>) -> Result<Arc<Prepared>> {
        let QueryText { file, source, name } = query;
        let key = (schema.to_string(), file.to_owned(), source.to_owned(), name.map(str::to_owned));
        if let Some(prepared) = self.kept.get(&key) {
            return Ok(prepared);
        }
        let compiled = omnigraph_compiler::compile(source, name, catalog);
        let Compiled { operation, settings, warnings } =
            compiled.map_err(|found| compile_error(file, source, &found))?;
        let warnings = match diagnostic::render_json(file, source, &warnings) {
            serde_json::Value::Array(warnings) => warnings,
            _ => Vec::new(),
        };
        let prepared = Arc::new(Prepared { operation, settings, warnings });
        self.kept.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }
}
