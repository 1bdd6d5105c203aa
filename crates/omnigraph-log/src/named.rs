//! Objects that are filed under their own names: branches and tags.

use futures::{StreamExt, TryStreamExt};
use omnigraph_objects::Key;

use crate::codec::Versioned;
use crate::{Error, Log, Result, codec};

/// Objects read at the same time while listing.
const READS_AT_ONCE: usize = 16;

/// A kind of object whose file name is its encoded name.
pub(crate) trait Named: Versioned {
    /// The name that the object states.
    fn name(&self) -> &str;

    /// Where an object of that name stands.
    fn place(name: &str) -> Result<Key>;

    /// The predicate of its kind.
    fn check(&self) -> Result<(), String>;
}

/// Decodes and checks what was read under the key `object`.
pub(crate) fn accept<T: Named>(object: &str, bytes: &[u8]) -> Result<T> {
    let record: T = codec::decode(object, bytes)?;
    let damaged = |problem| Error::Damaged { object: object.to_owned(), problem };
    record.check().map_err(damaged)?;
    let place = T::place(record.name())?;
    if place.as_str() != object {
        return Err(damaged(format!("it is '{}', whose place is {}", record.name(), place.as_str())));
    }
    Ok(record)
}

impl Log {
    /// Every object of a kind, in no order.
    pub(crate) async fn named<T: Named>(&self, folder: &str) -> Result<Vec<T>> {
        let folder = Key::parse(folder)?;
        let listed = self.store.list(&folder).await?;
        // What has no name that such an object can have is not ours, such as what a file manager leaves.
        let ours = listed.into_iter().filter(|entry| can_be_ours(&folder, &entry.key));
        futures::stream::iter(ours)
            .map(|entry| async move {
                // What is deleted between the listing and the read is simply no longer there.
                let bytes = self.store.read(&entry.key).await?;
                bytes.map(|bytes| accept(entry.key.as_str(), &bytes)).transpose()
            })
            .buffer_unordered(READS_AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
    }
}

fn can_be_ours(folder: &Key, key: &Key) -> bool {
    let encoded = key.name().strip_suffix(".json");
    key.parent().as_ref() == Some(folder) && encoded.is_some_and(|name| Key::decode_segment(name).is_ok())
}
