//! Pending objects: files of a version that are complete in memory and not yet put.
//!
//! Nothing refers to them before a commit record does, so their order does not matter. The writer puts them concurrently,
//! together with the manifest that names them.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use lance_table::format::Fragment;
use object_store::path::Path;
use omnigraph_storage::{Key, SyncBatch};

use super::Tables;
use crate::error::Result;

/// Objects that are put at the same time.
const PUT_CONCURRENCY: usize = 8;

/// An object that is not yet put.
#[derive(Clone, Debug)]
pub(crate) struct PendingObject {
    key: Key,
    content: Bytes,
}

impl PendingObject {
    /// Returns the object of `content` at `path`.
    pub(super) fn new(path: &Path, content: Vec<u8>) -> Result<Self> {
        Ok(Self { key: Key::from_path(path)?, content: content.into() })
    }
}

/// A fragment of a version, and the object it needs that is not yet put.
#[derive(Debug)]
pub(super) struct FragmentPart {
    pub(super) fragment: Fragment,
    pub(super) object: Option<PendingObject>,
}

impl From<Fragment> for FragmentPart {
    fn from(fragment: Fragment) -> Self {
        Self { fragment, object: None }
    }
}

impl Tables {
    /// Puts objects whose names are new.
    pub(super) async fn put_objects(&self, objects: Vec<PendingObject>, sync_batch: &SyncBatch) -> Result<()> {
        let puts = objects.into_iter().map(|PendingObject { key, content }| async move {
            self.inner.store.put_deferred(&key, content, sync_batch).await.map_err(Into::into)
        });
        futures::stream::iter(puts).buffer_unordered(PUT_CONCURRENCY).try_collect().await
    }
}
