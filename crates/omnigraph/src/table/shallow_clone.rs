//! Shallow clones: the datasets of the Lance mirror, whose versions refer to the files of pinned versions.
//!
//! A mirror dataset is a dataset of its own with an ordinary latest version. Each of its versions refers to the files of a
//! pinned version by the path of the table's folder and copies nothing. Publishing one is one put of one manifest. No
//! external tool that writes to a mirror dataset, maintenance included, can reach a file that a commit pins.
//!
//! Each version carries [`MirrorMetadata`] in its table metadata. The metadata holds the number of its version. A version
//! that an external tool derives from ours inherits the metadata, and the number no longer matches.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use lance_io::utils::read_message;
use lance_table::format::{BasePath, Manifest, pb};
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::transaction::Transaction;
use omnigraph_history::{BranchId, TablePath, layout};
use omnigraph_storage::{Key, Location, ObjectEntry, PutOutcome};

use super::lance_store::{failed, in_memory};
use super::manifest::{decode, encode, flag, manifest_key};
use super::{Table, Tables};
use crate::error::Result;

/// The folder of a dataset in which Lance keeps manifests.
const VERSIONS: &str = "_versions";
/// The folder of a dataset in which Lance keeps transactions.
const TRANSACTIONS: &str = "_transactions";
/// The folder of a dataset in which Lance keeps tags and branches.
const REFS: &str = "_refs";
/// Digits of a version number in the name of its manifest.
const NUMBER_DIGITS: usize = 20;
/// Keys of [`MirrorMetadata`] in the table metadata of a manifest, which external readers see too.
const STAMP_VERSION: &str = "omnigraph.head_version";
const STAMP_BRANCH: &str = "omnigraph.branch";
const STAMP_SEQUENCE: &str = "omnigraph.sequence";
const STAMP_COMMIT: &str = "omnigraph.commit";
const STAMP_PIN: &str = "omnigraph.pin";

/// Metadata of a mirror version: the commit it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MirrorMetadata {
    /// The branch of the commit.
    pub(crate) branch: BranchId,
    /// The sequence of the commit in its log.
    pub(crate) sequence: u64,
    /// The id of the commit.
    pub(crate) commit: String,
}

/// A version of a mirror dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadVersion {
    /// The version number; readers see the greatest.
    pub(crate) number: u64,
    /// The time of the last write, by the clock of the store.
    pub(crate) modified: i64,
}

/// The versions in the folder of a mirror dataset.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadFolder {
    /// The versions, ascending.
    pub(crate) versions: Vec<HeadVersion>,
    /// Reports tags or branches that an external tool made.
    pub(crate) referred: bool,
}

impl HeadFolder {
    /// Returns the number of the latest version, or 0 without one.
    pub(crate) fn newest(&self) -> u64 {
        self.versions.last().map_or(0, |version| version.number)
    }
}

/// The content of a mirror version, as far as its metadata reports it.
#[derive(Clone, Debug, Default)]
pub(crate) struct MirrorVersion {
    /// Reports that Omnigraph wrote the version.
    pub(crate) ours: bool,
    /// The sequence of the commit that it shows or derives from, if it belongs to `main` of this graph.
    pub(crate) sequence: Option<u64>,
    /// The pinned version that it shows.
    pin: Option<u64>,
    /// The folders whose files it refers to.
    bases: Vec<String>,
    /// The manifest, or `None` when it cannot be read.
    manifest: Option<Box<Manifest>>,
}

impl Tables {
    /// Lists all mirror datasets by name: one listing.
    pub(crate) async fn list_heads(&self) -> Result<BTreeMap<String, HeadFolder>> {
        let folder = Key::parse(layout::MIRROR)?;
        let depth = folder.segments().count();
        let mut heads: BTreeMap<String, HeadFolder> = BTreeMap::new();
        for entry in self.inner.store.list(&folder).await? {
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

    /// Lists the versions of one mirror dataset: one listing.
    pub(crate) async fn list_head(&self, head: &str) -> Result<HeadFolder> {
        let mut found = HeadFolder::default();
        for entry in self.inner.store.list(&head_key(head)?.join(VERSIONS)?).await? {
            note(&mut found, VERSIONS, Some(entry.key.name()), &entry);
        }
        found.versions.sort_unstable_by_key(|version| version.number);
        Ok(found)
    }

    /// Reads version `number` of `head`: one read. A version that cannot be decoded has default content.
    pub(crate) async fn read_head(&self, head: &str, number: u64, branch: BranchId) -> Result<MirrorVersion> {
        match self.inner.store.read(&version_key(head, number)?).await? {
            Some(bytes) => {
                Ok(decode(bytes).await.map_or_else(|_| MirrorVersion::default(), |found| shown(found, number, branch)))
            }
            None => Ok(MirrorVersion::default()),
        }
    }

    /// Reports if a version that Omnigraph wrote shows the pinned version `pin` of the table at `path`.
    pub(crate) fn is_published_for(&self, shown: &MirrorVersion, path: &TablePath, pin: u64) -> bool {
        shown.ours && shown.pin == Some(pin) && shown.bases.contains(&self.external_path(path))
    }

    /// Reports if a version has exactly the content that publishing `table` would give it.
    pub(crate) fn is_equal(&self, shown: &MirrorVersion, table: &Table) -> Result<bool> {
        let Some(found) = &shown.manifest else { return Ok(false) };
        let wanted = self.shallow_clone(table)?;
        Ok(found.fragments == wanted.fragments
            && found.schema == wanted.schema
            && found.base_paths == wanted.base_paths)
    }

    /// Creates version `number` of `head` from `table` with one put. [`PutOutcome::Exists`] reports a lost race.
    pub(crate) async fn put_head(
        &self,
        head: &str,
        number: u64,
        table: &Table,
        stamp: &MirrorMetadata,
    ) -> Result<PutOutcome> {
        let mut manifest = self.shallow_clone(table)?;
        manifest.version = number;
        let now = self.inner.store.env().now_micros();
        manifest.set_timestamp(u128::from(now.max(0).unsigned_abs()) * 1000);
        manifest.table_metadata.extend(table_metadata(stamp, number, table.pin.version));
        flag(head, &mut manifest)?;
        let bytes = encode(head, &mut manifest).await?;
        Ok(self.inner.store.put_if_absent(&version_key(head, number)?, bytes.into()).await?)
    }

    /// Returns Lance's name of the operation that made version `number` of `head`, or `unknown`.
    pub(crate) async fn head_operation(&self, head: &str, number: u64) -> String {
        self.read_operation(head, number).await.unwrap_or_else(|| "unknown".to_owned())
    }

    async fn read_operation(&self, head: &str, number: u64) -> Option<String> {
        let store = &self.inner.store;
        let bytes = store.read(&version_key(head, number).ok()?).await.ok()??;
        let manifest = decode(bytes.clone()).await.ok()?;
        let transaction = match (manifest.transaction_section, &manifest.transaction_file) {
            (Some(position), _) => message(bytes, position).await?,
            (None, Some(file)) => {
                let key = head_key(head).ok()?.join(TRANSACTIONS).ok()?.join(file).ok()?;
                let content = store.read(&key).await.ok()??;
                // The file has no length prefix, which a section of a manifest has.
                let length = u32::try_from(content.len()).ok()?;
                message([&length.to_le_bytes(), content.as_ref()].concat().into(), 0).await?
            }
            (None, None) => return None,
        };
        Some(Transaction::try_from(transaction).ok()?.operation.name().to_owned())
    }

    /// Deletes version `number` of `head`.
    pub(crate) async fn delete_head_version(&self, head: &str, number: u64) -> Result<()> {
        Ok(self.inner.store.delete(&version_key(head, number)?).await?)
    }

    /// Returns the pinned manifest with every file referred to by the path of the table's folder.
    fn shallow_clone(&self, table: &Table) -> Result<Manifest> {
        let pinned = &table.manifest;
        let base =
            BasePath::unused_id(pinned.base_paths.keys().copied()).map_err(failed("show", table.path.as_str()))?;
        let mut clone = pinned.shallow_clone(None, self.external_path(&table.path), base, None, String::new());
        clone.transaction_file = None;
        Ok(clone)
    }

    /// Returns the absolute path of a table's folder for external readers. A graph that was moved or copied has to publish
    /// its mirror again.
    fn external_path(&self, path: &TablePath) -> String {
        match self.inner.store.location() {
            Location::Folder(root) => root.join(path.as_str()).display().to_string(),
            other => format!("{other}/{path}"),
        }
    }
}

fn note(head: &mut HeadFolder, inner: &str, file: Option<&str>, entry: &ObjectEntry) {
    match (inner, file) {
        (REFS, _) => head.referred = true,
        (VERSIONS, Some(file)) => {
            let version = parse_number(file).map(|number| HeadVersion { number, modified: entry.modified });
            head.versions.extend(version);
        }
        _ => {}
    }
}

/// Returns the number in the name of a manifest. Other files, such as hints of external writers, have none.
fn parse_number(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(".manifest").filter(|digits| digits.len() == NUMBER_DIGITS)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| ManifestNamingScheme::V2.parse_version(file)).flatten()
}

fn head_key(head: &str) -> Result<Key> {
    Ok(Key::parse(layout::MIRROR)?.join(head)?)
}

fn version_key(head: &str, number: u64) -> Result<Key> {
    manifest_key(head_key(head)?.as_str(), number)
}

fn table_metadata(stamp: &MirrorMetadata, number: u64, pin: u64) -> HashMap<String, String> {
    let MirrorMetadata { branch, sequence, commit } = stamp;
    HashMap::from([
        (STAMP_VERSION.to_owned(), number.to_string()),
        (STAMP_BRANCH.to_owned(), branch.to_string()),
        (STAMP_SEQUENCE.to_owned(), sequence.to_string()),
        (STAMP_COMMIT.to_owned(), commit.clone()),
        (STAMP_PIN.to_owned(), pin.to_string()),
    ])
}

fn shown(manifest: Manifest, number: u64, branch: BranchId) -> MirrorVersion {
    let word = |name: &str| manifest.table_metadata.get(name);
    let counted = |name: &str| word(name).and_then(|text| text.parse::<u64>().ok());
    let of_branch = word(STAMP_BRANCH).is_some_and(|text| *text == branch.to_string());
    MirrorVersion {
        ours: of_branch && counted(STAMP_VERSION) == Some(number),
        sequence: counted(STAMP_SEQUENCE).filter(|_| of_branch),
        pin: counted(STAMP_PIN),
        bases: manifest.base_paths.values().map(|base| base.path.clone()).collect(),
        manifest: Some(Box::new(manifest)),
    }
}

/// Decodes the transaction at `position` of a manifest's file.
async fn message(bytes: Bytes, position: usize) -> Option<pb::Transaction> {
    let (store, path) = in_memory(&bytes).await.ok()?;
    read_message(store.open(&path).await.ok()?.as_ref(), position).await.ok()
}
