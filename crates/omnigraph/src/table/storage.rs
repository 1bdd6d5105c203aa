//! Lance on the graph's own store.
//!
//! Lance gets the very store that our own records go through, so durability, request counts and injected faults hold for
//! its files as well. Paths are relative to the graph's root, so a graph can be moved.

use std::sync::Arc;

use lance::session::Session;
use lance_io::object_store::{ObjectStore, ObjectStoreParams, ObjectStoreProvider, ObjectStoreRegistry};
use omnigraph_objects::Store;
use url::Url;

use crate::error::{Error, Result};

/// The scheme under which Lance knows the graph's store.
const SCHEME: &str = "omnigraph";
/// Requests in flight against a remote store.
const REMOTE_PARALLELISM: usize = 64;
/// Reads in flight against a folder: enough to keep a disk busy.
const LOCAL_PARALLELISM: usize = 8;
/// What one remote request reads at the least: it costs the same as a smaller one.
const REMOTE_BLOCK: usize = 64 * 1024;
/// What one local read reads at the least.
const LOCAL_BLOCK: usize = 16 * 1024;
/// How often Lance repeats a failed download before it gives up.
const DOWNLOAD_RETRIES: usize = 3;
/// Bytes of index pages kept in memory per graph.
const INDEX_CACHE_BYTES: usize = 512 << 20;
/// Bytes of file footers and manifests kept in memory per graph.
const METADATA_CACHE_BYTES: usize = 256 << 20;

/// Always the same store.
#[derive(Debug)]
struct GraphStore(Arc<ObjectStore>);

#[async_trait::async_trait]
impl ObjectStoreProvider for GraphStore {
    async fn new_store(&self, _base: Url, _params: &ObjectStoreParams) -> lance_core::Result<ObjectStore> {
        Ok(self.0.as_ref().clone())
    }
}

/// The URI of a table below the graph's root.
pub(super) fn table_uri(table: &str) -> String {
    format!("{SCHEME}://graph/{table}")
}

/// Lance's view of the store, and a session that all tables of the graph share.
pub(super) fn connect(store: &Store) -> Result<(Arc<ObjectStore>, Arc<Session>)> {
    let root = Url::parse(&table_uri("")).map_err(|error| Error::internal(error.to_string()))?;
    let (block, parallelism) = match store.local_root() {
        Some(_) => (LOCAL_BLOCK, LOCAL_PARALLELISM),
        None => (REMOTE_BLOCK, REMOTE_PARALLELISM),
    };
    let lance = Arc::new(ObjectStore::new(
        store.object_store(),
        root,
        Some(block),
        None,
        false,
        false,
        parallelism,
        DOWNLOAD_RETRIES,
        None,
    ));
    let registry = ObjectStoreRegistry::empty();
    registry.insert(SCHEME, Arc::new(GraphStore(Arc::clone(&lance))));
    let session = Session::new(INDEX_CACHE_BYTES, METADATA_CACHE_BYTES, Arc::new(registry));
    Ok((lance, Arc::new(session)))
}
