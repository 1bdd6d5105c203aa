//! Heads for outside readers: ordinary Lance datasets that show what a pin shows, with an ordinary latest version.
//!
//! A head is a dataset of its own. Each of its versions that we write refers to the pinned version's files by the place of
//! the table's folder and copies nothing, so publishing one is one put of one manifest, and nothing that a foreign tool does
//! to a head, maintenance included, can reach a file that a commit pins.
//!
//! We stamp what we write. A stamp holds the number of the version it stands in, so a version that a foreign tool made of
//! ours, which inherits the stamp, is told apart from ours.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use lance::dataset::builder::DatasetBuilder;
use lance::index::DatasetIndexExt;
use lance_io::object_store::ObjectStore;
use lance_table::format::{BasePath, IndexMetadata, Manifest};
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::io::manifest::read_manifest;
use object_store::path::Path;
use omnigraph_log::{BranchId, TablePath, layout};
use omnigraph_objects::{Entry, Key, Location, Put};

use super::manifest::{encode, flag, manifest_path};
use super::{Table, Tables, failure::failed, storage};
use crate::error::Result;

/// The folder of a dataset in which Lance keeps manifests.
const VERSIONS: &str = "_versions";
/// The folder of a dataset in which Lance keeps tags and branches.
const REFS: &str = "_refs";
/// Digits of a version number in the name of its manifest.
const NUMBER_DIGITS: usize = 20;
/// The keys of a stamp in a manifest's table metadata, where outside readers see them too.
const STAMP_VERSION: &str = "omnigraph.head_version";
const STAMP_BRANCH: &str = "omnigraph.branch";
const STAMP_SEQUENCE: &str = "omnigraph.sequence";
const STAMP_COMMIT: &str = "omnigraph.commit";
const STAMP_PIN: &str = "omnigraph.pin";

/// What we write into a version of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadStamp {
    /// The branch it shows.
    pub(crate) branch: BranchId,
    /// The place of the commit it was published for.
    pub(crate) sequence: u64,
    /// That commit's id.
    pub(crate) commit: String,
}

/// A version that lies in a head's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadVersion {
    /// Its number; the greatest is what readers see.
    pub(crate) number: u64,
    /// When the store last saw it written, by the store's clock.
    pub(crate) modified: i64,
}

/// What lies in a head's folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadFolder {
    /// Its versions, ascending.
    pub(crate) versions: Vec<HeadVersion>,
    /// Whether somebody tagged versions or made branches of it.
    pub(crate) referred: bool,
}

impl HeadFolder {
    /// The number of the version that readers see; 0 if there is none.
    pub(crate) fn newest(&self) -> u64 {
        self.versions.last().map_or(0, |version| version.number)
    }
}

/// What a version of a head shows, as far as its stamp says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// Whether we wrote it.
    pub(crate) ours: bool,
    /// The place of the commit it shows or was made from, if it is of this graph's `main`.
    pub(crate) sequence: Option<u64>,
    /// The version of the table that it was published for.
    pin: Option<u64>,
    /// Where it takes the table's files from.
    bases: Vec<String>,
    /// Nothing where the version cannot be read.
    manifest: Option<Box<Manifest>>,
}

impl Tables {
    /// Everything that lies below the folder of heads, by the name of the head: one listing.
    pub(crate) async fn list_heads(&self) -> Result<BTreeMap<String, HeadFolder>> {
        let folder = Key::parse(layout::HEADS)?;
        let depth = folder.segments().count();
        let mut heads: BTreeMap<String, HeadFolder> = BTreeMap::new();
        for entry in self.shared.store.list(&folder).await? {
            let mut below = entry.key.segments().skip(depth);
            if let (Some(head), Some(inner)) = (below.next(), below.next()) {
                note(heads.entry(head.to_owned()).or_default(), inner, below.next(), &entry);
            }
        }
        for head in heads.values_mut() {
            head.versions.sort_unstable_by_key(|version| version.number);
        }
        Ok(heads)
    }

    /// What lies in the folder of one head: one listing.
    pub(crate) async fn list_head(&self, head: &str) -> Result<HeadFolder> {
        let mut found = HeadFolder::default();
        for entry in self.shared.store.list(&head_key(head)?.join(VERSIONS)?).await? {
            note(&mut found, VERSIONS, Some(entry.key.name()), &entry);
        }
        found.versions.sort_unstable_by_key(|version| version.number);
        Ok(found)
    }

    /// Reads what version `number` of `head` shows: one read. A version that is no manifest shows nothing of ours.
    pub(crate) async fn read_head(&self, head: &str, number: u64, branch: BranchId) -> Result<Shown> {
        match self.shared.store.read(&version_key(head, number)?).await? {
            Some(bytes) => Ok(decode(bytes).await.map_or_else(Shown::default, |found| shown(found, number, branch))),
            None => Ok(Shown::default()),
        }
    }

    /// Whether a version that we wrote shows `table` as it is, where it is.
    pub(crate) fn is_stamped_for(&self, shown: &Shown, path: &TablePath, pin: u64) -> bool {
        shown.ours && shown.pin == Some(pin) && shown.bases.contains(&self.place_of(path))
    }

    /// Whether a version shows exactly what would be published for `table`, whoever wrote it.
    pub(crate) fn is_equal(&self, shown: &Shown, table: &Table) -> Result<bool> {
        let Some(found) = &shown.manifest else { return Ok(false) };
        let wanted = self.clone_of(table)?;
        Ok(found.fragments == wanted.fragments
            && found.schema == wanted.schema
            && found.base_paths == wanted.base_paths)
    }

    /// Creates version `number` of `head`, showing `table`: one put. [`Put::Exists`] says that somebody was there first.
    pub(crate) async fn put_head(&self, head: &str, number: u64, table: &Table, stamp: &HeadStamp) -> Result<Put> {
        let mut manifest = self.clone_of(table)?;
        manifest.version = number;
        let now = self.shared.store.ambient().now_micros();
        manifest.set_timestamp(u128::from(now.max(0).unsigned_abs()) * 1000);
        manifest.table_metadata.extend(words(stamp, number, table.pin.version));
        flag(head, &mut manifest)?;
        let indexes = self.indexes_for_head(table, &manifest).await?;
        let bytes = encode(head, &mut manifest, indexes).await?;
        Ok(self.shared.store.put_if_absent(&version_key(head, number)?, bytes.into()).await?)
    }

    /// The operation by which Lance made version `number` of `head`, in Lance's words.
    pub(crate) async fn head_operation(&self, head: &str, number: u64) -> String {
        let uri = storage::table_uri(&format!("{}/{head}", layout::HEADS));
        let builder = DatasetBuilder::from_uri(uri).with_session(self.session()).with_version(number);
        let transaction = match builder.load().await {
            Ok(dataset) => dataset.read_transaction().await.ok().flatten(),
            Err(_) => None,
        };
        transaction.map_or_else(|| "unknown".to_owned(), |transaction| transaction.operation.name().to_owned())
    }

    /// Deletes version `number` of `head`.
    pub(crate) async fn delete_head_version(&self, head: &str, number: u64) -> Result<()> {
        Ok(self.shared.store.delete(&version_key(head, number)?).await?)
    }

    /// The pinned manifest with every file named by the place of the table's folder.
    fn clone_of(&self, table: &Table) -> Result<Manifest> {
        let pinned = &table.dataset.manifest;
        let base =
            BasePath::unused_id(pinned.base_paths.keys().copied()).map_err(failed("show", table.path.as_str()))?;
        let mut clone = pinned.shallow_clone(None, self.place_of(&table.path), base, None, String::new());
        clone.transaction_file = None;
        Ok(clone)
    }

    async fn indexes_for_head(&self, table: &Table, clone: &Manifest) -> Result<Vec<IndexMetadata>> {
        if table.dataset.manifest.index_section.is_none() {
            return Ok(Vec::new());
        }
        let place = self.place_of(&table.path);
        let base = clone.base_paths.values().find(|base| base.path == place).map(|base| base.id);
        let indexes = table.dataset.load_indices().await.map_err(failed("read indexes of", table.path.as_str()))?;
        let mut indexes = indexes.as_ref().clone();
        for index in &mut indexes {
            index.base_id = index.base_id.or(base);
        }
        Ok(indexes)
    }

    /// The folder of a table as an outside reader finds it. Absolute, so a graph that was moved or copied has to publish its
    /// heads again.
    fn place_of(&self, path: &TablePath) -> String {
        match self.shared.store.location() {
            Location::Folder(root) => root.join(path.as_str()).display().to_string(),
            other => format!("{other}/{path}"),
        }
    }
}

fn note(head: &mut HeadFolder, inner: &str, file: Option<&str>, entry: &Entry) {
    match (inner, file) {
        (REFS, _) => head.referred = true,
        (VERSIONS, Some(file)) => {
            let version = number_of(file).map(|number| HeadVersion { number, modified: entry.modified });
            head.versions.extend(version);
        }
        _ => {}
    }
}

/// The number in the name of a manifest. Others lie there as well, such as the hints of foreign writers.
fn number_of(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".manifest").filter(|digits| digits.len() == NUMBER_DIGITS)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| ManifestNamingScheme::V2.parse_version(file)).flatten()
}

fn head_key(head: &str) -> Result<Key> {
    Ok(Key::parse(layout::HEADS)?.join(head)?)
}

fn version_key(head: &str, number: u64) -> Result<Key> {
    Ok(Key::from_path(&manifest_path(&Path::from(head_key(head)?.as_str()), number))?)
}

fn words(stamp: &HeadStamp, number: u64, pin: u64) -> HashMap<String, String> {
    let HeadStamp { branch, sequence, commit } = stamp;
    HashMap::from([
        (STAMP_VERSION.to_owned(), number.to_string()),
        (STAMP_BRANCH.to_owned(), branch.to_string()),
        (STAMP_SEQUENCE.to_owned(), sequence.to_string()),
        (STAMP_COMMIT.to_owned(), commit.clone()),
        (STAMP_PIN.to_owned(), pin.to_string()),
    ])
}

fn shown(manifest: Manifest, number: u64, branch: BranchId) -> Shown {
    let word = |name: &str| manifest.table_metadata.get(name);
    let counted = |name: &str| word(name).and_then(|text| text.parse::<u64>().ok());
    let of_branch = word(STAMP_BRANCH).is_some_and(|text| *text == branch.to_string());
    Shown {
        ours: of_branch && counted(STAMP_VERSION) == Some(number),
        sequence: counted(STAMP_SEQUENCE).filter(|_| of_branch),
        pin: counted(STAMP_PIN),
        bases: manifest.base_paths.values().map(|base| base.path.clone()).collect(),
        manifest: Some(Box::new(manifest)),
    }
}

/// Lance reads manifests from a store, and only a store of ours repeats what failed: so the bytes are read by ours, and taken
/// apart from memory.
async fn decode(bytes: Bytes) -> Option<Manifest> {
    let (store, path) = (ObjectStore::memory(), Path::from("manifest"));
    store.put(&path, &bytes).await.ok()?;
    read_manifest(&store, &path, Some(bytes.len() as u64)).await.ok()
}
