//! Compiled queries, cached by schema and text.

use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::QueryOperation;
use omnigraph_compiler::settings::SettingValue;
use omnigraph_compiler::{CompiledOperation, Diagnostic};
use omnigraph_history::SchemaHash;
use quick_cache::sync::Cache;

use crate::error::{Result, compile_error};

/// Compiled queries that are cached per graph.
const MAX_CACHED: usize = 1024;

/// A compiled query.
#[derive(Debug)]
pub(crate) struct PreparedQuery {
    /// The checked operation.
    pub(crate) operation: QueryOperation,
    /// The settings of its file.
    pub(crate) settings: Vec<SettingValue>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A query to compile: the text of a file and the name of one of its queries, or the body of one query with its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryText<'a> {
    pub(crate) file: &'a str,
    pub(crate) source: &'a str,
    pub(crate) name: Option<&'a str>,
    /// The parameters. The body of one query takes their names and types from here.
    pub(crate) params: Option<&'a serde_json::Value>,
}

/// Schema, file name, text, and name or parameters.
type QueryKey = (String, String, String, Option<String>);

/// Compiled queries. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct CompiledQueries {
    kept: Arc<Cache<QueryKey, Arc<PreparedQuery>>>,
}

impl Default for CompiledQueries {
    fn default() -> Self {
        Self { kept: Arc::new(Cache::new(MAX_CACHED)) }
    }
}

impl CompiledQueries {
    /// Returns the query compiled against a schema, from the cache if it was compiled before.
    pub(crate) fn get(
        &self,
        schema: &SchemaHash,
        catalog: &Catalog,
        query: QueryText<'_>,
    ) -> Result<Arc<PreparedQuery>> {
        let QueryText { file, source, name, params } = query;
        let bare = omnigraph_compiler::is_bare(source).then(|| members(params));
        let variant = bare.as_ref().map_or_else(|| name.map(str::to_owned), |members| Some(signature(members)));
        let key = (schema.to_string(), file.to_owned(), source.to_owned(), variant);
        if let Some(prepared) = self.kept.get(&key) {
            return Ok(prepared);
        }
        let compiled = match &bare {
            Some(members) => omnigraph_compiler::compile_bare(source, members, catalog),
            None => omnigraph_compiler::compile(source, name, catalog),
        };
        let CompiledOperation { operation, settings, warnings } =
            compiled.map_err(|found| compile_error(file, source, &found))?;
        let prepared = Arc::new(PreparedQuery { operation, settings, warnings });
        self.kept.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }
}

/// Returns parameters by name, sorted.
fn members(params: Option<&serde_json::Value>) -> Vec<(&str, &serde_json::Value)> {
    let members = params.and_then(serde_json::Value::as_object);
    let mut members: Vec<_> = members.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}

/// Returns the names and kinds of parameters: all that the types of a query without declarations depend on.
fn signature(members: &[(&str, &serde_json::Value)]) -> String {
    members.iter().map(|(name, value)| format!("{name}: {}\n", value_kind(value))).collect()
}

fn value_kind(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "null".to_owned(),
        serde_json::Value::Bool(_) => "bool".to_owned(),
        serde_json::Value::Number(number) if number.is_f64() => "float".to_owned(),
        serde_json::Value::Number(_) => "integer".to_owned(),
        serde_json::Value::String(_) => "string".to_owned(),
        serde_json::Value::Object(_) => "object".to_owned(),
        serde_json::Value::Array(items) => {
            let kind = items.iter().find(|item| item.is_f64()).or(items.first()).map(value_kind).unwrap_or_default();
            format!("{} of {kind}, numbers: {}", items.len(), items.iter().all(serde_json::Value::is_number))
        }
    }
}
