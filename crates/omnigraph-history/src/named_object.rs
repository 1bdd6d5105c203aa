//! Objects whose file name is their own encoded name: branches and tags.

use futures::{StreamExt, TryStreamExt};
use omnigraph_storage::Key;

use crate::codec::VersionedObject;
use crate::{Error, GraphLog, Result, codec};

/// Concurrent reads of a listing.
const READ_CONCURRENCY: usize = 16;

/// A kind of object whose file name is its encoded name.
pub(crate) trait NamedObject: VersionedObject {
    /// Returns the name in the object.
    fn name(&self) -> &str;

    /// Returns the key of the object with a name.
    fn key(name: &str) -> Result<Key>;

    /// Checks the invariants of the kind.
    fn check(&self) -> Result<(), String>;
}

/// Decodes and checks the object that was read at `object`.
pub(crate) fn decode<T: NamedObject>(object: &str, bytes: &[u8]) -> Result<T> {
    let record: T = codec::decode(object, bytes)?;
    let damaged = |problem| Error::Damaged { object: object.to_owned(), problem };
    record.check().map_err(damaged)?;
    let key = T::key(record.name())?;
    if key.as_str() != object {
        return Err(damaged(format!("it has the name '{}', whose key is {}", record.name(), key.as_str())));
    }
    Ok(record)
}

impl GraphLog {
    /// Reads every object of a kind, in no order.
    pub(crate) async fn named_objects<T: NamedObject>(&self, folder: &str) -> Result<Vec<T>> {
        let folder = Key::parse(folder)?;
        let listed = self.store.list(&folder).await?;
        // Other names are files of other programs, such as those of a file manager.
        let named = listed.into_iter().filter(|entry| is_encoded_name(&folder, &entry.key));
        futures::stream::iter(named)
            .map(|entry| async move {
                // A concurrent deletion after the listing.
                let bytes = self.store.read(&entry.key).await?;
                bytes.map(|bytes| decode(entry.key.as_str(), &bytes)).transpose()
            })
            .buffer_unordered(READ_CONCURRENCY)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
    }
}

fn is_encoded_name(folder: &Key, key: &Key) -> bool {
    let encoded = key.name().strip_suffix(".json");
    key.parent().as_ref() == Some(folder) && encoded.is_some_and(|name| Key::decode_segment(name).is_ok())
}
