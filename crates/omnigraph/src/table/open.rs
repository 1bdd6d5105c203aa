//! Opening a pinned version of a table: one read when cold, none when cached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use lance_io::object_store::ObjectStore;
use lance_table::format::{Fragment, Manifest};
use omnigraph_history::{TablePath, TablePin};
use omnigraph_storage::{Key, Store};
use tokio::sync::OnceCell;

use super::columns::{ColumnCache, FragmentRows};
use super::data_reader::DataFiles;
use super::deletions::DeletionCache;
use super::lance_store::{connect, failed};
use super::{fragment_id, manifest};
use crate::error::{Error, Result};

/// Opened versions that are cached. An opened version is its manifest: some kilobytes.
const MAX_OPEN_VERSIONS: usize = 256;

/// The tables of one graph. Cheap to clone; clones share caches.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(super) inner: Arc<TablesInner>,
}

#[derive(Debug)]
pub(super) struct TablesInner {
    pub(super) store: Store,
    pub(super) lance: Arc<ObjectStore>,
    files: DataFiles,
    columns: Arc<ColumnCache>,
    deletions: Arc<DeletionCache>,
    open: Mutex<HashMap<(TablePath, u64), Arc<Table>>>,
}

/// The folder of one table with the caches of its files. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct TableFiles {
    pub(super) path: TablePath,
    pub(super) store: Store,
    pub(super) data: DataFiles,
    pub(super) deletions: Arc<DeletionCache>,
}

/// One pinned version of one table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) path: TablePath,
    pub(super) pin: TablePin,
    pub(super) manifest: Arc<Manifest>,
    pub(super) schema: SchemaRef,
    pub(super) files: TableFiles,
    pub(super) columns: Arc<ColumnCache>,
    /// Fragments with their deleted rows, read once.
    pub(super) fragments: OnceCell<Vec<FragmentRows>>,
}

impl Tables {
    /// Returns the tables in `store`, with a column cache of `column_cache_bytes`. Makes no request.
    pub(crate) fn new(store: &Store, column_cache_bytes: u64) -> Result<Self> {
        let lance = connect(store)?;
        let inner = TablesInner {
            store: store.clone(),
            files: DataFiles::new(Arc::clone(&lance)),
            lance,
            columns: Arc::new(ColumnCache::new(column_cache_bytes)),
            deletions: Arc::default(),
            open: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Creates an empty table with one put. Only a reader that has the pin sees it.
    pub(crate) async fn create(&self, path: &TablePath, schema: &ArrowSchema) -> Result<TablePin> {
        let schema = super::schema::to_lance(schema).map_err(failed("describe", path.as_str()))?;
        let first = manifest::first_version(schema);
        Ok(manifest::write(&self.inner.store, path, None, first, None).await?.pin)
    }

    /// Opens the version that `pin` names.
    pub(crate) async fn open(&self, path: &TablePath, pin: TablePin) -> Result<Arc<Table>> {
        if let Some(table) = self.cached(path, pin.version) {
            return Ok(table);
        }
        let key = manifest::manifest_key(path.as_str(), pin.version)?;
        let manifest = self.read_manifest(&key, path, pin).await?;
        Ok(self.insert(path, pin, manifest))
    }

    /// Opens a version whose manifest is at hand, without a read.
    pub(super) fn open_written(&self, path: &TablePath, pin: TablePin, written: Manifest) -> Arc<Table> {
        self.insert(path, pin, written)
    }

    async fn read_manifest(&self, key: &Key, path: &TablePath, pin: TablePin) -> Result<Manifest> {
        let damaged =
            |problem: &str| Error::Table { action: "open", table: path.to_string(), problem: problem.to_owned() };
        let bytes = self.inner.store.read(key).await?;
        let bytes = bytes.ok_or_else(|| damaged(&format!("manifest {key} not found")))?;
        if bytes.len() as u64 != pin.manifest_bytes {
            let expected = pin.manifest_bytes;
            return Err(damaged(&format!("manifest {key} has {} bytes, expected {expected}", bytes.len())));
        }
        let manifest = manifest::decode(bytes).await.map_err(failed("open", path.as_str()))?;
        if manifest.version != pin.version {
            return Err(damaged(&format!("manifest {key} is of version {}", manifest.version)));
        }
        Ok(manifest)
    }

    fn cached(&self, path: &TablePath, version: u64) -> Option<Arc<Table>> {
        let open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&(path.clone(), version)).cloned()
    }

    fn insert(&self, path: &TablePath, pin: TablePin, manifest: Manifest) -> Arc<Table> {
        let inner = &self.inner;
        let files = TableFiles {
            path: path.clone(),
            store: inner.store.clone(),
            data: inner.files.clone(),
            deletions: Arc::clone(&inner.deletions),
        };
        let table = Arc::new(Table {
            path: path.clone(),
            pin,
            schema: Arc::new(ArrowSchema::from(&manifest.schema)),
            manifest: Arc::new(manifest),
            files,
            columns: Arc::clone(&inner.columns),
            fragments: OnceCell::new(),
        });
        let mut open = inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX_OPEN_VERSIONS {
            // Version ids grow with time, so the lower half is the older half.
            let mut versions: Vec<u64> = open.keys().map(|(_, version)| *version).collect();
            versions.sort_unstable();
            let middle = versions[versions.len() / 2];
            open.retain(|(_, version), _| *version >= middle);
        }
        open.insert((path.clone(), pin.version), Arc::clone(&table));
        table
    }
}

impl Table {
    /// Returns the folder of the table.
    pub(crate) fn path(&self) -> &TablePath {
        &self.path
    }

    /// Returns the version, its manifest size and its row count.
    pub(crate) fn pin(&self) -> TablePin {
        self.pin
    }

    /// Returns the number of live rows, from the pin.
    pub(crate) fn rows(&self) -> u64 {
        self.pin.rows
    }

    /// Returns the columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Reports if a fragment is part of this version.
    pub(crate) fn has_fragment(&self, id: u32) -> bool {
        self.fragment(id).is_some()
    }

    /// Returns the fragment with this id. Fragments of a manifest are sorted by id.
    pub(super) fn fragment(&self, id: u32) -> Option<&Fragment> {
        let fragments = &self.manifest.fragments;
        let index = fragments.binary_search_by_key(&u64::from(id), |fragment| fragment.id).ok()?;
        fragments.get(index)
    }

    /// Returns clones of the fragments with these ids, or of all fragments.
    pub(super) fn select_fragments(&self, ids: Option<&std::collections::BTreeSet<u32>>) -> Vec<Fragment> {
        let selected = |fragment: &&Fragment| ids.is_none_or(|ids| ids.contains(&fragment_id(fragment)));
        self.manifest.fragments.iter().filter(selected).cloned().collect()
    }

    /// Returns these columns of the Lance schema, in this order.
    pub(super) fn lance_columns<S: AsRef<str>>(&self, names: &[S]) -> Result<lance_core::datatypes::Schema> {
        let missing = |name: &str| Error::internal(format!("table {} has no column {name}", self.path));
        let field = |name: &S| {
            let name = name.as_ref();
            self.manifest.schema.field(name).cloned().ok_or_else(|| missing(name))
        };
        let fields = names.iter().map(field).collect::<Result<Vec<_>>>()?;
        Ok(lance_core::datatypes::Schema { fields, metadata: HashMap::new() })
    }
}
