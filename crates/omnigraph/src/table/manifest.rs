//! A version of a table is one manifest, authored here and created with put-if-absent.
//!
//! Lance's own commit path reads, lists and writes a transaction file besides; none of that is needed where the commit
//! record is the commit. What a version is made of (fragments, deletion files, indexes) is plain data in Lance's manifest
//! type, so the next version is that data, edited, and one put.

use std::collections::HashMap;
use std::sync::Arc;

use lance_core::datatypes::Schema;
use lance_file::format::{MAGIC, MAJOR_VERSION, MINOR_VERSION};
use lance_file::version::ConcreteFileVersion;
use lance_io::traits::WriteExt;
use lance_table::feature_flags::apply_feature_flags;
use lance_table::format::{DataStorageFormat, Fragment, IndexMetadata, Manifest};
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::io::manifest::write_manifest;
use object_store::path::Path;
use omnigraph_log::{TablePath, TablePin};
use omnigraph_objects::{Key, Put, Store, Unsettled};

use super::{buffer::Buffer, failure::failed, version};
use crate::error::{Error, Result};

/// The file format of data files.
pub(super) const FILE_VERSION: ConcreteFileVersion = ConcreteFileVersion::V2_2;
/// How often an id that is taken is minted anew. Twice is already next to impossible.
const MINT_ATTEMPTS: usize = 8;

/// A manifest that was written, and its pin.
pub(super) struct WrittenManifest {
    pub(super) manifest: Manifest,
    pub(super) pin: TablePin,
}

/// A table's first manifest: no rows.
pub(super) fn first(schema: Schema) -> Manifest {
    Manifest::new(schema, Arc::new(Vec::new()), DataStorageFormat::new(FILE_VERSION), HashMap::new())
}

/// The manifest after `previous` with these fragments, which must be sorted by id.
pub(super) fn next(previous: &Manifest, fragments: Vec<Fragment>) -> Manifest {
    let mut manifest = Manifest::new_from_previous(previous, previous.schema.clone(), Arc::new(fragments));
    manifest.update_max_fragment_id();
    manifest
}

/// Where the manifest of `version` is, relative to the graph's root.
pub(super) fn manifest_path(table: &Path, version: u64) -> Path {
    ManifestNamingScheme::V2.manifest_path(table, version)
}

/// Writes `manifest` under a fresh detached version: as part of what is `unsettled`, or else durably.
pub(super) async fn write(
    store: &Store,
    table: &TablePath,
    parent: Option<u64>,
    mut manifest: Manifest,
    indexes: Vec<IndexMetadata>,
    unsettled: Option<&Unsettled>,
) -> Result<WrittenManifest> {
    let folder = Path::from(table.as_str());
    let rows = live_rows(&manifest)?;
    let ambient = store.ambient();
    flag(table.as_str(), &mut manifest)?;
    for _ in 0..MINT_ATTEMPTS {
        let now = ambient.now_micros();
        manifest.set_timestamp(u128::from(now.max(0).unsigned_abs()) * 1000);
        manifest.version = version::mint(parent, now, ambient.random_u64());
        let bytes = encode(table.as_str(), &mut manifest, indexes.clone()).await?;
        let manifest_bytes = bytes.len() as u64;
        let key = Key::from_path(&manifest_path(&folder, manifest.version))?;
        // Two manifests of one id can only be equal in content if they are the same put: data files have unique names.
        let put = match unsettled {
            Some(unsettled) => store.put_if_absent_unsettled(&key, bytes.into(), unsettled).await?,
            None => store.put_if_absent(&key, bytes.into()).await?,
        };
        match put {
            Put::Written => {
                let pin = TablePin { version: manifest.version, manifest_bytes, rows };
                return Ok(WrittenManifest { manifest, pin });
            }
            Put::Exists(_) => {}
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
pub(super) async fn encode(table: &str, manifest: &mut Manifest, indexes: Vec<IndexMetadata>) -> Result<Vec<u8>> {
    let mut buffer = Buffer::default();
    let indexes = (!indexes.is_empty()).then_some(indexes);
    let encoded = async {
        let position = write_manifest(&mut buffer, manifest, indexes, None).await?;
        buffer.write_magics(position, MAJOR_VERSION, MINOR_VERSION, MAGIC).await
    };
    encoded.await.map_err(failed("encode a version of", table))?;
    Ok(buffer.take())
}
