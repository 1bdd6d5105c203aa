//! The handle: create a graph's log, open it.

use std::sync::Arc;

use omnigraph_objects::{Key, Location, Put, Sequence, Store};

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN};
use crate::cache::RecordCache;
use crate::ids::{BranchId, GraphId};
use crate::record::CommitRecord;
use crate::stamp::{GraphStamp, OutsideHeads};
use crate::{Error, Result, codec, invariants, layout};

/// The log of one graph. Cheap to clone; clones share what they have read.
#[derive(Clone, Debug)]
pub struct Log {
    pub(crate) store: Store,
    pub(crate) stamp: Arc<GraphStamp>,
    pub(crate) cache: Arc<RecordCache>,
}

impl Log {
    /// A branch record for `main` of a graph that is about to be created. Its id is where the first commit goes.
    #[must_use]
    pub fn plan_main(store: &Store, actor: Option<&str>) -> BranchRecord {
        BranchRecord {
            format: BRANCH_FORMAT,
            id: BranchId::new(store.ambient().ulid()),
            name: MAIN.to_owned(),
            forked_from: None,
            created_at: store.ambient().now_micros(),
            created_by: actor.map(str::to_owned),
            renames: 0,
        }
    }

    /// Creates a graph whose first commit is `first`. Everything `first` names must be durable already.
    ///
    /// `graph.json` comes into being last and at once: a failure before it leaves no graph, and the next `create` in the
    /// same place works.
    ///
    /// # Errors
    ///
    /// [`Error::GraphExists`] if there is a graph, also one that was created while this call ran. A store that does not
    /// keep its word on put-if-absent is refused before anything is written.
    pub async fn create(store: Store, main: BranchRecord, first: &CommitRecord, heads: OutsideHeads) -> Result<Self> {
        let refuse = |problem| Error::Invariant { object: layout::GRAPH_STAMP.to_owned(), problem };
        invariants::first_commit(first, &main).map_err(refuse)?;
        let graph = GraphId::new(store.ambient().ulid());
        let stamp = GraphStamp::new(graph, store.ambient().now_micros(), main, heads);
        invariants::graph_stamp(&stamp).map_err(refuse)?;
        // Folders and memory are ours and are known to; of a server nobody knows.
        if !matches!(store.location(), Location::Folder(_) | Location::Memory(_)) {
            store.prove_put_if_absent(&Key::parse(layout::GRAPH)?).await?;
        }
        let log = Self { store, stamp: Arc::new(stamp), cache: Arc::default() };
        // The branch id is fresh, so nobody else can have written this slot.
        let bytes = codec::encode(&layout::commit(first.branch, first.sequence), first)?;
        if !log.sequence(first.branch)?.append(first.sequence, bytes).await?.is_written() {
            return Err(refuse("the first commit of a fresh branch is there already".to_owned()));
        }
        let bytes = codec::encode(layout::GRAPH_STAMP, log.stamp.as_ref())?;
        match log.store.put_if_absent(&layout::graph_stamp()?, bytes).await? {
            Put::Written => {
                log.cache.insert(&Arc::new(first.clone()));
                Ok(log)
            }
            Put::Exists(_) => Err(Error::GraphExists { location: log.store.root_display() }),
        }
    }

    /// Whether there is a graph in `store`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn exists(store: &Store) -> Result<bool> {
        Ok(store.read(&layout::graph_stamp()?).await?.is_some())
    }

    /// Opens the log of the graph in `store`: one read.
    ///
    /// # Errors
    ///
    /// [`Error::NoGraph`], [`Error::UnknownFormat`], [`Error::Damaged`].
    pub async fn open(store: Store) -> Result<Self> {
        let Some(bytes) = store.read(&layout::graph_stamp()?).await? else {
            return Err(Error::NoGraph { location: store.root_display() });
        };
        let stamp: GraphStamp = codec::decode(layout::GRAPH_STAMP, &bytes)?;
        invariants::graph_stamp(&stamp)
            .map_err(|problem| Error::Damaged { object: layout::GRAPH_STAMP.to_owned(), problem })?;
        Ok(Self { store, stamp: Arc::new(stamp), cache: Arc::default() })
    }

    /// What `graph.json` says.
    #[must_use]
    pub fn stamp(&self) -> &GraphStamp {
        &self.stamp
    }

    /// The store the log is in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn sequence(&self, branch: BranchId) -> Result<Sequence> {
        Ok(Sequence::new(self.store.clone(), layout::branch_log(branch)?))
    }

    /// Decodes and checks the record read at `sequence` of `branch`, and keeps it.
    pub(crate) fn accept(&self, branch: BranchId, sequence: u64, bytes: &[u8]) -> Result<Arc<CommitRecord>> {
        let object = layout::commit(branch, sequence);
        let record: CommitRecord = codec::decode(&object, bytes)?;
        let damaged = |problem| Error::Damaged { object: object.clone(), problem };
        invariants::commit_record(&record).map_err(damaged)?;
        invariants::commit_place(&record, branch, sequence).map_err(damaged)?;
        let record = Arc::new(record);
        self.cache.insert(&record);
        Ok(record)
    }

    /// The record at `sequence` of `branch`, if there is one.
    ///
    /// # Errors
    ///
    /// If the store fails or the record is damaged.
    pub async fn record(&self, branch: BranchId, sequence: u64) -> Result<Option<Arc<CommitRecord>>> {
        if let Some(record) = self.cache.get(branch, sequence) {
            return Ok(Some(record));
        }
        match self.sequence(branch)?.read(sequence).await? {
            Some(bytes) => self.accept(branch, sequence, &bytes).map(Some),
            None => Ok(None),
        }
    }
}
