//! The handle of the history: create and open it, read commit records and schemas, with a cache of records.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use omnigraph_storage::{Key, Location, PutOutcome, RecordSequence, Store};

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN};
use crate::graph_metadata::{GraphMetadata, MirrorMode};
use crate::ids::{BranchId, GraphId, SchemaHash};
use crate::record::CommitRecord;
use crate::{Error, Result, codec, invariants, layout};

/// Maximum of cached records. A record has a few kilobytes.
const MAX_CACHED_RECORDS: usize = 512;
/// Maximum of cached heads, a few dozen bytes each. Fleets of agents create and delete many branches.
const MAX_CACHED_HEADS: usize = 16_384;
const HASH_MISMATCH: &str = "its content does not have the hash in its name";

/// The history of one graph. Clones are cheap and share the cache.
#[derive(Clone, Debug)]
pub struct GraphLog {
    pub(crate) store: Store,
    pub(crate) metadata: Arc<GraphMetadata>,
    pub(crate) cache: Arc<RecordCache>,
}

impl GraphLog {
    /// Returns a branch record for `main` of a graph that is about to be created. The first commit needs its id.
    #[must_use]
    pub fn plan_main(store: &Store, actor: Option<&str>) -> BranchRecord {
        BranchRecord {
            format: BRANCH_FORMAT,
            id: BranchId::new(store.env().ulid()),
            name: MAIN.to_owned(),
            forked_from: None,
            created_at: store.env().now_micros(),
            created_by: actor.map(str::to_owned),
            renames: 0,
        }
    }

    /// Creates a graph with the first commit `first`. Everything that `first` refers to must be durable.
    ///
    /// `graph.json` is created last, with one put. A failure before it leaves no graph, and the next `create` at the location
    /// works.
    ///
    /// # Errors
    ///
    /// [`Error::GraphExists`] if a graph exists, also one that was created concurrently. A store without put-if-absent is an
    /// error before any write.
    pub async fn create(store: Store, main: BranchRecord, first: &CommitRecord, mirror: MirrorMode) -> Result<Self> {
        let violated = |problem| Error::Invariant { object: layout::GRAPH_METADATA.to_owned(), problem };
        invariants::check_first_commit(first, &main).map_err(violated)?;
        let graph = GraphId::new(store.env().ulid());
        let metadata = GraphMetadata::new(graph, store.env().now_micros(), main, mirror);
        invariants::check_graph_metadata(&metadata).map_err(violated)?;
        // Folders and memory support put-if-absent. A server is verified.
        if !matches!(store.location(), Location::Folder(_) | Location::Memory(_)) {
            store.verify_put_if_absent(&Key::parse(layout::GRAPH)?).await?;
        }
        let log = Self { store, metadata: Arc::new(metadata), cache: Arc::default() };
        // The branch id is new, so no other writer can have created this record.
        let bytes = codec::encode(&layout::commit(first.branch, first.sequence), first)?;
        if !log.sequence(first.branch)?.append(first.sequence, bytes).await?.is_written() {
            return Err(violated("the first commit of a new branch exists".to_owned()));
        }
        let bytes = codec::encode(layout::GRAPH_METADATA, log.metadata.as_ref())?;
        match log.store.put_if_absent(&layout::graph_metadata()?, bytes).await? {
            PutOutcome::Written => {
                log.cache.insert(&Arc::new(first.clone()));
                Ok(log)
            }
            PutOutcome::Exists(_) => Err(Error::GraphExists { location: log.store.root_display() }),
        }
    }

    /// Returns true if `store` has a graph.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn exists(store: &Store) -> Result<bool> {
        Ok(store.read(&layout::graph_metadata()?).await?.is_some())
    }

    /// Opens the history of the graph in `store`: one read.
    ///
    /// # Errors
    ///
    /// [`Error::GraphNotFound`], [`Error::UnknownFormat`], [`Error::Damaged`].
    pub async fn open(store: Store) -> Result<Self> {
        let Some(bytes) = store.read(&layout::graph_metadata()?).await? else {
            return Err(Error::GraphNotFound { location: store.root_display() });
        };
        let metadata: GraphMetadata = codec::decode(layout::GRAPH_METADATA, &bytes)?;
        invariants::check_graph_metadata(&metadata)
            .map_err(|problem| Error::Damaged { object: layout::GRAPH_METADATA.to_owned(), problem })?;
        Ok(Self { store, metadata: Arc::new(metadata), cache: Arc::default() })
    }

    /// Returns the content of `graph.json`.
    #[must_use]
    pub fn metadata(&self) -> &GraphMetadata {
        &self.metadata
    }

    /// Returns the store of the graph.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn sequence(&self, branch: BranchId) -> Result<RecordSequence> {
        Ok(RecordSequence::new(self.store.clone(), layout::branch_log(branch)?))
    }

    /// Decodes, checks and caches the record that was read at `sequence` of `branch`.
    pub(crate) fn decode_record(&self, branch: BranchId, sequence: u64, bytes: &[u8]) -> Result<Arc<CommitRecord>> {
        let object = layout::commit(branch, sequence);
        let record: CommitRecord = codec::decode(&object, bytes)?;
        let damaged = |problem| Error::Damaged { object: object.clone(), problem };
        invariants::check_commit_record(&record).map_err(damaged)?;
        invariants::check_commit_key(&record, branch, sequence).map_err(damaged)?;
        let record = Arc::new(record);
        self.cache.insert(&record);
        Ok(record)
    }

    /// Reads the record at `sequence` of `branch`, none if it does not exist.
    ///
    /// # Errors
    ///
    /// If the store fails or the record is damaged.
    pub async fn record(&self, branch: BranchId, sequence: u64) -> Result<Option<Arc<CommitRecord>>> {
        if let Some(record) = self.cache.get(branch, sequence) {
            return Ok(Some(record));
        }
        match self.sequence(branch)?.read(sequence).await? {
            Some(bytes) => self.decode_record(branch, sequence, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Stores the bytes of an accepted schema under their hash. The same bytes are the same object.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if their name has another content; if the store fails.
    pub async fn put_schema(store: &Store, bytes: Bytes) -> Result<SchemaHash> {
        let hash = SchemaHash::compute(&bytes);
        let key = layout::schema(&hash)?;
        // An existing object has the same bytes, because its name is their hash. If it is damaged, no commit may refer to it.
        match store.put_if_absent(&key, bytes.clone()).await? {
            PutOutcome::Exists(found) if found != bytes => Err(schema_damaged(&key, HASH_MISMATCH)),
            PutOutcome::Written | PutOutcome::Exists(_) => Ok(hash),
        }
    }

    /// Reads the bytes of an accepted schema.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if they are missing or have another hash.
    pub async fn schema(&self, hash: &SchemaHash) -> Result<Bytes> {
        let key = layout::schema(hash)?;
        let bytes = self.store.read(&key).await?;
        let bytes = bytes.ok_or_else(|| schema_damaged(&key, "the schema object is missing"))?;
        if SchemaHash::compute(&bytes) == *hash { Ok(bytes) } else { Err(schema_damaged(&key, HASH_MISMATCH)) }
    }
}

fn schema_damaged(key: &Key, problem: &str) -> Error {
    Error::Damaged { object: key.as_str().to_owned(), problem: problem.to_owned() }
}

/// A cache of commit records. Records never change, so no entry is ever stale.
#[derive(Debug, Default)]
pub(crate) struct RecordCache {
    records: Mutex<HashMap<(BranchId, u64), Arc<CommitRecord>>>,
    heads: Mutex<HashMap<BranchId, u64>>,
}

impl RecordCache {
    pub(crate) fn get(&self, branch: BranchId, sequence: u64) -> Option<Arc<CommitRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).get(&(branch, sequence)).cloned()
    }

    pub(crate) fn insert(&self, record: &Arc<CommitRecord>) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= MAX_CACHED_RECORDS {
            // Histories are read from the head, so the records of least generation are needed least. Half of the cache is removed
            // at once: that makes the amortized cost of an insert constant.
            let mut by_age: Vec<_> = records.iter().map(|(key, record)| (record.generation, *key)).collect();
            by_age.sort_unstable();
            for (_, key) in by_age.into_iter().take(MAX_CACHED_RECORDS / 2) {
                records.remove(&key);
            }
        }
        records.insert((record.branch, record.sequence), Arc::clone(record));
        drop(records);
        self.advance_head(record.branch, record.sequence);
    }

    /// Returns the newest known sequence of `branch`.
    pub(crate) fn known_head(&self, branch: BranchId) -> Option<u64> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&branch).copied()
    }

    /// Returns the branches with a known commit, in no order.
    pub(crate) fn branches(&self) -> Vec<BranchId> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Raises the known head of a branch. A record exists forever and records have no gaps, so any known sequence is a correct
    /// start of a probe.
    fn advance_head(&self, branch: BranchId, sequence: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= MAX_CACHED_HEADS && !heads.contains_key(&branch) {
            // A removed head costs its branch a few more probes.
            heads.clear();
        }
        let head = heads.entry(branch).or_insert(sequence);
        *head = (*head).max(sequence);
    }
}
