//! Open by pin: one read cold, none warm.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use futures::stream::BoxStream;
use lance::Dataset;
use lance::dataset::builder::DatasetBuilder;
use lance::session::Session;
use lance_io::object_store::ObjectStore;
use lance_table::format::{IndexMetadata, Manifest, Transaction};
use lance_table::io::commit::{CommitError, CommitHandler, ManifestLocation, ManifestNamingScheme, ManifestWriter};
use object_store::ObjectStore as DynObjectStore;
use object_store::path::Path;
use omnigraph_log::{TablePath, TablePin};
use omnigraph_objects::Store;
use tokio::sync::OnceCell;

use super::{FragmentRows, columns::Columns, delete::Deletions, failure::failed, manifest, storage};
use crate::error::Result;

/// How many opened versions are kept. An opened version is its manifest: some kilobytes.
const MOST_OPEN: usize = 256;

/// The tables of one graph. Cheap to clone; clones share caches.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) lance: Arc<ObjectStore>,
    session: Arc<Session>,
    columns: Arc<Columns>,
    deletions: Arc<Deletions>,
    open: Mutex<HashMap<(TablePath, u64), Arc<Table>>>,
}

/// One pinned version of one table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) path: TablePath,
    pub(super) pin: TablePin,
    pub(super) dataset: Arc<Dataset>,
    pub(super) schema: SchemaRef,
    pub(super) columns: Arc<Columns>,
    pub(super) deletions: Arc<Deletions>,
    /// Read once.
    pub(super) fragments: OnceCell<Vec<FragmentRows>>,
}

impl Tables {
    /// The tables in `store`, of whose columns so many bytes are kept. Makes no request.
    pub(crate) fn new(store: &Store, column_cache_bytes: u64) -> Result<Self> {
        let (lance, session) = storage::connect(store)?;
        let columns = Arc::new(Columns::new(column_cache_bytes));
        let shared =
            Shared { store: store.clone(), lance, session, columns, deletions: Arc::default(), open: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Creates an empty table: one put. It is there for whoever has the pin.
    pub(crate) async fn create(&self, path: &TablePath, schema: &ArrowSchema) -> Result<TablePin> {
        let schema = super::schema::to_lance(schema).map_err(failed("describe", path.as_str()))?;
        let first = manifest::first(schema);
        Ok(manifest::write(&self.shared.store, path, None, first, Vec::new(), None).await?.pin)
    }

    /// Opens the version that `pin` names.
    pub(crate) async fn open(&self, path: &TablePath, pin: TablePin) -> Result<Arc<Table>> {
        if let Some(table) = self.cached(path, pin.version) {
            return Ok(table);
        }
        let dataset = self.load(path, pin, None).await?;
        Ok(self.keep(path, pin, dataset))
    }

    /// Opens a version whose manifest is at hand: no read.
    pub(super) async fn open_written(&self, path: &TablePath, pin: TablePin, written: &Manifest) -> Result<Arc<Table>> {
        let dataset = self.load(path, pin, Some(written)).await?;
        Ok(self.keep(path, pin, dataset))
    }

    /// What all that Lance does for this graph shares.
    pub(super) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.shared.session)
    }

    async fn load(&self, path: &TablePath, pin: TablePin, known: Option<&Manifest>) -> Result<Dataset> {
        let mut builder = DatasetBuilder::from_uri(storage::table_uri(path.as_str()))
            .with_session(Arc::clone(&self.shared.session))
            .with_commit_handler(Arc::new(Pinned { version: pin.version, size: pin.manifest_bytes }))
            .with_version(pin.version);
        if let Some(known) = known {
            let parsed = builder.with_serialized_manifest(&known.serialized());
            builder = parsed.map_err(failed("open", path.as_str()))?;
        }
        builder.load().await.map_err(failed("open", path.as_str()))
    }

    fn cached(&self, path: &TablePath, version: u64) -> Option<Arc<Table>> {
        let open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&(path.clone(), version)).cloned()
    }

    fn keep(&self, path: &TablePath, pin: TablePin, dataset: Dataset) -> Arc<Table> {
        let schema = Arc::new(ArrowSchema::from(dataset.schema()));
        let columns = Arc::clone(&self.shared.columns);
        let table = Arc::new(Table {
            path: path.clone(),
            pin,
            dataset: Arc::new(dataset),
            schema,
            columns,
            deletions: Arc::clone(&self.shared.deletions),
            fragments: OnceCell::new(),
        });
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST_OPEN {
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
    /// Where it is.
    pub(crate) fn path(&self) -> &TablePath {
        &self.path
    }

    /// Which version it is.
    pub(crate) fn pin(&self) -> TablePin {
        self.pin
    }

    /// Whether a fragment is part of it.
    pub(crate) fn has_fragment(&self, id: u32) -> bool {
        self.dataset.manifest.fragments.binary_search_by_key(&u64::from(id), |fragment| fragment.id).is_ok()
    }

    /// Its columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

/// Finds exactly one version, and knows the size of its manifest. Never lists, never asks for the latest, never commits:
/// versions are written by [`manifest::write`] alone.
#[derive(Debug)]
struct Pinned {
    version: u64,
    size: u64,
}

fn not_ours(what: &str) -> lance_core::Error {
    lance_core::Error::not_supported(format!("{what}: a pinned version has no history but the graph's log"))
}

#[async_trait::async_trait]
impl CommitHandler for Pinned {
    async fn resolve_latest_location(&self, _: &Path, _: &ObjectStore) -> lance_core::Result<ManifestLocation> {
        Err(not_ours("latest version"))
    }

    async fn resolve_version_location(
        &self,
        base: &Path,
        version: u64,
        _: &dyn DynObjectStore,
    ) -> lance_core::Result<ManifestLocation> {
        Ok(ManifestLocation {
            version,
            path: manifest::manifest_path(base, version),
            size: (version == self.version).then_some(self.size),
            naming_scheme: ManifestNamingScheme::V2,
            e_tag: None,
            identity: None,
        })
    }

    fn list_manifest_locations<'a>(
        &self,
        _: &Path,
        _: &'a ObjectStore,
        _: bool,
    ) -> BoxStream<'a, lance_core::Result<ManifestLocation>> {
        Box::pin(futures::stream::once(async { Err(not_ours("listing versions")) }))
    }

    async fn commit(
        &self,
        _: &mut Manifest,
        _: Option<Vec<IndexMetadata>>,
        _: &Path,
        _: &ObjectStore,
        _: ManifestWriter,
        _: ManifestNamingScheme,
        _: Option<Transaction>,
    ) -> Result<ManifestLocation, CommitError> {
        Err(CommitError::OtherError(not_ours("committing")))
    }
}
