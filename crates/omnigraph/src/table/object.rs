//! Objects that a version needs and that are complete in memory.
//!
//! Nothing refers to them before a commit record does, so it does not matter which of them is there first: they are put side
//! by side, together with the manifest that names them.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use lance_table::format::Fragment;
use object_store::path::Path;
use omnigraph_objects::{Key, Unsettled};

use super::Tables;
use crate::error::Result;

/// Objects put at the same time.
const PUTS_AT_ONCE: usize = 8;

/// An object that is yet to be put.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    key: Key,
    content: Bytes,
}

impl NewObject {
    pub(super) fn new(path: &Path, content: Vec<u8>) -> Result<Self> {
        Ok(Self { key: Key::from_path(path)?, content: content.into() })
    }
}

/// A fragment of a version, and what it needs that is not there yet.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) fragment: Fragment,
    pub(super) object: Option<NewObject>,
}

impl From<Fragment> for Part {
    fn from(fragment: Fragment) -> Self {
        Self { fragment, object: None }
    }
}

impl Tables {
    /// Puts objects whose names are new.
    pub(super) async fn put_all(&self, objects: Vec<NewObject>, unsettled: &Unsettled) -> Result<()> {
        let puts = objects.into_iter().map(|NewObject { key, content }| async move {
            self.shared.store.put_unsettled(&key, content, unsettled).await.map_err(Into::into)
        });
        futures::stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect().await
    }
}
