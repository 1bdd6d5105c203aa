//! Accepted schemas, addressed by content: the same bytes are the same object.

use bytes::Bytes;

use crate::ids::SchemaHash;
use crate::{Error, Log, Result, layout};
use omnigraph_objects::{Put, Store};

impl Log {
    /// Stores the bytes of an accepted schema. Writing the same bytes twice is nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if something else stands under their name; if the store fails.
    pub async fn put_schema(store: &Store, bytes: Bytes) -> Result<SchemaHash> {
        let hash = SchemaHash::of(&bytes);
        let key = layout::schema(&hash)?;
        // Whoever was first wrote these very bytes, for their hash is the name, unless they rotted since: a commit must
        // not name them then.
        match store.put_if_absent(&key, bytes.clone()).await? {
            Put::Exists(found) if found != bytes => {
                let problem = "its content is not what its name says".to_owned();
                Err(Error::Damaged { object: key.as_str().to_owned(), problem })
            }
            Put::Written | Put::Exists(_) => Ok(hash),
        }
    }

    /// Reads the bytes of an accepted schema.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if they are gone or are not what the name says.
    pub async fn schema(&self, hash: &SchemaHash) -> Result<Bytes> {
        let key = layout::schema(hash)?;
        let damaged = |problem: &str| Error::Damaged { object: key.as_str().to_owned(), problem: problem.to_owned() };
        let bytes = self.store.read(&key).await?.ok_or_else(|| damaged("the schema object is missing"))?;
        if SchemaHash::of(&bytes) == *hash { Ok(bytes) } else { Err(damaged("its content is not what its name says")) }
    }
}
