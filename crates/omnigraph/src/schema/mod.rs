//! Accepted schemas, read once.
//!
//! - `compiled` queries compiled against them, kept

mod compiled;

pub(crate) use compiled::{CompiledQueries, Prepared, QueryText};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_compiler::catalog::Accepted;
use omnigraph_log::{Log, SchemaHash};

use crate::error::{Error, Result};

/// Schemas by hash. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas {
    known: Arc<Mutex<HashMap<SchemaHash, Arc<Accepted>>>>,
}

impl Schemas {
    /// The schema of that hash.
    pub(crate) async fn get(&self, log: &Log, hash: &SchemaHash) -> Result<Arc<Accepted>> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(Arc::clone(known));
        }
        let bytes = log.schema(hash).await?;
        let damaged =
            |problem: String| Error::Log(omnigraph_log::Error::Damaged { object: format!("schema {hash}"), problem });
        let accepted = Arc::new(Accepted::decode(&bytes).map_err(|error| damaged(error.to_string()))?);
        self.keep(hash.clone(), Arc::clone(&accepted));
        Ok(accepted)
    }

    /// Remembers a schema.
    pub(crate) fn keep(&self, hash: SchemaHash, accepted: Arc<Accepted>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, accepted);
    }
}
