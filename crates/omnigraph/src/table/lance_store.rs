//! Lance on the store of the graph: reads and streamed writes, writes into memory, and error conversion.
//!
//! Lance gets the same store as our own records. Durability, request counts and injected faults therefore hold for its files
//! as well. Paths are relative to the graph's root, so a graph can be moved.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use lance_core::Error as LanceError;
use lance_io::object_store::ObjectStore;
use lance_io::object_writer::WriteResult;
use lance_io::traits::Writer;
use object_store::path::Path;
use omnigraph_storage::Store;
use tokio::io::AsyncWrite;
use url::Url;

use crate::error::{Error, Result};

/// The URL under which Lance knows the root of the graph.
const ROOT_URL: &str = "omnigraph://graph/";
/// Requests in flight against a remote store.
const REMOTE_CONCURRENCY: usize = 64;
/// Reads in flight against a folder: enough to keep a disk busy.
const LOCAL_CONCURRENCY: usize = 8;
/// The smallest read of a remote store: a smaller one costs the same.
const REMOTE_BLOCK_BYTES: usize = 64 * 1024;
/// The smallest read of a folder.
const LOCAL_BLOCK_BYTES: usize = 16 * 1024;
/// Retries of a failed download.
const MAX_DOWNLOAD_RETRIES: usize = 3;

/// Returns Lance's view of `store`.
pub(super) fn connect(store: &Store) -> Result<Arc<ObjectStore>> {
    let root = Url::parse(ROOT_URL).map_err(|error| Error::internal(error.to_string()))?;
    let (block, concurrency) = match store.local_root() {
        Some(_) => (LOCAL_BLOCK_BYTES, LOCAL_CONCURRENCY),
        None => (REMOTE_BLOCK_BYTES, REMOTE_CONCURRENCY),
    };
    let objects = store.object_store();
    Ok(Arc::new(ObjectStore::new(
        objects,
        root,
        Some(block),
        None,
        false,
        false,
        concurrency,
        MAX_DOWNLOAD_RETRIES,
        None,
    )))
}

/// Returns a store in memory that holds `bytes` at the returned path.
///
/// Lance decodes manifests and transactions from a store. Only our store retries failed reads, so it reads the bytes.
pub(super) async fn in_memory(bytes: &[u8]) -> lance_core::Result<(ObjectStore, Path)> {
    let (store, path) = (ObjectStore::memory(), Path::from("object"));
    store.put(&path, bytes).await?;
    Ok((store, path))
}

/// Converts an error of Lance: `action` is what was attempted on `table`.
pub(super) fn failed(action: &'static str, table: &str) -> impl FnOnce(LanceError) -> Error + use<> {
    let table = table.to_owned();
    move |error| Error::Table { action, table, problem: plain_message(&error) }
}

/// Returns the message without the location in Lance's source that it ends with.
fn plain_message(error: &LanceError) -> String {
    let text = error.to_string();
    match text.rsplit_once(", ") {
        Some((message, location)) if location.contains(".rs:") => message.to_owned(),
        _ => text,
    }
}

/// A file in memory that Lance writes to. Clones share the bytes: Lance keeps the one it gets.
#[derive(Clone, Default)]
pub(super) struct MemoryFile {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemoryFile {
    /// Returns the bytes written so far and empties the file.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes())
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncWrite for MemoryFile {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.bytes().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait::async_trait]
impl Writer for MemoryFile {
    async fn tell(&mut self) -> lance_core::Result<usize> {
        Ok(self.bytes().len())
    }

    async fn shutdown(&mut self) -> lance_core::Result<WriteResult> {
        Ok(WriteResult { size: self.bytes().len(), e_tag: None })
    }
}
