//! Accepted schemas, read once.
//!
//! - `compiled` queries compiled against them, cached

mod compiled;

pub(crate) use compiled::{CompiledQueries, PreparedQuery, QueryText};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_compiler::catalog::AcceptedSchema;
use omnigraph_history::{GraphLog, SchemaHash};

use crate::error::{Error, Result};

/// A cache of accepted schemas by hash. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchemaCache {
    known: Arc<Mutex<HashMap<SchemaHash, Arc<AcceptedSchema>>>>,
}

impl SchemaCache {
    /// Returns the schema of that hash.
    pub(crate) async fn get(&self, log: &GraphLog, hash: &SchemaHash) -> Result<Arc<AcceptedSchema>> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(Arc::clone(known));
        }
        let bytes = log.schema(hash).await?;
        let damaged = |problem: String| {
            Error::History(omnigraph_history::Error::Damaged { object: format!("schema {hash}"), problem })
        };
        let accepted = Arc::new(AcceptedSchema::decode(&bytes).map_err(|error| damaged(error.to_string()))?);
        self.insert(hash.clone(), Arc::clone(&accepted));
        Ok(accepted)
    }

    /// Caches a schema.
    pub(crate) fn insert(&self, hash: SchemaHash, accepted: Arc<AcceptedSchema>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, accepted);
    }
}
