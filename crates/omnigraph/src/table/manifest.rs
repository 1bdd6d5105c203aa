//! Manifests: a version of a table is one Lance manifest, written here with put-if-absent, under a detached version id.
//!
//! Lance's own commit path also reads, lists and writes a transaction file. None of that is needed where the commit record is
//! the commit. A version consists of fragments and deletion files, which are plain data in Lance's manifest type. The next
//! version is that data, edited, and one put.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use lance_core::datatypes::Schema;
use lance_file::format::{MAGIC, MAJOR_VERSION, MINOR_VERSION};
use lance_file::version::ConcreteFileVersion;
use lance_io::traits::WriteExt;
use lance_table::feature_flags::apply_feature_flags;
use lance_table::format::{DataStorageFormat, Fragment, Manifest};
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::io::manifest::{read_manifest, write_manifest};
use object_store::path::Path;
use omnigraph_history::{TablePath, TablePin};
use omnigraph_storage::{Key, PutOutcome, Store, SyncBatch};

use super::lance_store::{MemoryFile, failed, in_memory};
use crate::error::{Error, Result};

/// The file format of data files.
pub(super) const FILE_VERSION: ConcreteFileVersion = ConcreteFileVersion::V2_2;
/// Attempts to find a free version id. A second one is already next to impossible.
const MAX_MINT_ATTEMPTS: usize = 8;

/// The bit that Lance sets in the id of a detached version.
const DETACHED_BIT: u64 = 1 << 63;
/// 2025-01-01T00:00:00Z in Unix microseconds; microseconds since then fit 51 bits until 2096.
const EPOCH_MICROS: i64 = 1_735_689_600_000_000;

/// A manifest that was written, and its pin.
pub(super) struct WrittenManifest {
    pub(super) manifest: Manifest,
    pub(super) pin: TablePin,
}

/// Returns the first manifest of a table, without rows.
pub(super) fn first_version(schema: Schema) -> Manifest {
    Manifest::new(schema, Arc::new(Vec::new()), DataStorageFormat::new(FILE_VERSION), HashMap::new())
}

/// Returns the manifest after `previous` with these fragments, which must be sorted by id.
pub(super) fn next_version(previous: &Manifest, fragments: Vec<Fragment>) -> Manifest {
    let mut manifest = Manifest::new_from_previous(previous, previous.schema.clone(), Arc::new(fragments));
    manifest.update_max_fragment_id();
    manifest
}

/// Returns the key of the manifest of `version` of the dataset in `folder`, relative to the graph's root.
pub(super) fn manifest_key(folder: &str, version: u64) -> Result<Key> {
    Ok(Key::from_path(&ManifestNamingScheme::V2.manifest_path(&Path::from(folder), version))?)
}

/// Writes `manifest` under a fresh detached version: as part of `sync_batch`, or else durably.
pub(super) async fn write(
    store: &Store,
    table: &TablePath,
    parent: Option<u64>,
    mut manifest: Manifest,
    sync_batch: Option<&SyncBatch>,
) -> Result<WrittenManifest> {
    let rows = live_rows(&manifest)?;
    let env = store.env();
    flag(table.as_str(), &mut manifest)?;
    for _ in 0..MAX_MINT_ATTEMPTS {
        let now = env.now_micros();
        manifest.set_timestamp(u128::from(now.max(0).unsigned_abs()) * 1000);
        manifest.version = mint_version(parent, now, env.random_u64());
        let bytes = encode(table.as_str(), &mut manifest).await?;
        let manifest_bytes = bytes.len() as u64;
        let key = manifest_key(table.as_str(), manifest.version)?;
        // Two manifests of one id can only be equal in content if they are the same put: data files have unique names.
        let put = match sync_batch {
            Some(sync_batch) => store.put_if_absent_deferred(&key, bytes.into(), sync_batch).await?,
            None => store.put_if_absent(&key, bytes.into()).await?,
        };
        match put {
            PutOutcome::Written => {
                let pin = TablePin { version: manifest.version, manifest_bytes, rows };
                return Ok(WrittenManifest { manifest, pin });
            }
            PutOutcome::Exists(_) => {}
        }
    }
    Err(Error::internal(format!("no free version id for {table}")))
}

/// Rows of a manifest that are not deleted.
fn live_rows(manifest: &Manifest) -> Result<u64> {
    let count = |fragment: &Fragment| fragment.num_rows().map(|rows| rows as u64);
    let total = manifest.fragments.iter().map(count).sum::<Option<u64>>();
    total.ok_or_else(|| Error::internal("a fragment does not state its rows".to_owned()))
}

/// States what a reader must know to read `manifest`, which is of `table`.
pub(super) fn flag(table: &str, manifest: &mut Manifest) -> Result<()> {
    apply_feature_flags(manifest, false, false).map_err(failed("flag a version of", table))
}

/// The bytes of `manifest`, which is of `table`.
pub(super) async fn encode(table: &str, manifest: &mut Manifest) -> Result<Vec<u8>> {
    let mut buffer = MemoryFile::default();
    let encoded = async {
        let position = write_manifest(&mut buffer, manifest, None, None).await?;
        buffer.write_magics(position, MAJOR_VERSION, MINOR_VERSION, MAGIC).await
    };
    encoded.await.map_err(failed("encode a version of", table))?;
    Ok(buffer.take())
}

/// Decodes a manifest from the bytes of its file.
pub(super) async fn decode(bytes: Bytes) -> lance_core::Result<Manifest> {
    let (store, path) = in_memory(&bytes).await?;
    read_manifest(&store, &path, Some(bytes.len() as u64)).await
}

/// Returns a fresh id, greater than `parent`'s.
///
/// `detached bit | 51 bits of microseconds | 10 random bits | 00`. Monotone along a line of versions, which parts of
/// Lance rely on; unlikely to be minted twice, and a second one loses the put-if-absent and mints again. The two low
/// bits stay 0, so that `id + 1`, which Lance computes in places, never is the id of another version.
fn mint_version(parent: Option<u64>, now_micros: i64, random: u64) -> u64 {
    let micros = now_micros.saturating_sub(EPOCH_MICROS).max(0).unsigned_abs() & ((1 << 51) - 1);
    let fresh = DETACHED_BIT | (micros << 12) | ((random & 0x3ff) << 2);
    match parent {
        // The clock is behind that of the parent. More random bits distinguish the children of one parent.
        Some(parent) if fresh <= parent => parent.saturating_add(4 + ((random & 0xf_ffff) << 2)),
        _ => fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_detached_and_grow() {
        let now = 1_800_000_000_000_000;
        let first = mint_version(None, now, u64::MAX);
        assert!(first & DETACHED_BIT != 0 && first & 3 == 0);
        assert!(mint_version(Some(first), now, 0) > first, "a clock that stands still");
        assert!(mint_version(Some(first), now - 1_000_000, 0) > first, "a clock that runs backwards");
        assert!(mint_version(Some(first), now + 1, 0) > first);
        assert_ne!(
            mint_version(Some(first), 0, 1),
            mint_version(Some(first), 0, 2),
            "two children under a clock that is behind"
        );
        assert!(mint_version(None, 0, 0) & DETACHED_BIT != 0, "a clock before the epoch");
    }
}
