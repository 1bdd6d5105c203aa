//! Graphs, commits and branches for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_history::branch::MAIN;
use omnigraph_history::invariants::MIN_DETACHED_VERSION;
use omnigraph_history::record::{RECORD_FORMAT, TouchedKeys};
use omnigraph_history::{
    BranchHead, BranchRecord, CommitId, CommitKind, CommitRecord, CommitRef, CreateBranch, GraphLog, MirrorMode,
    OperationId, OperationRecord, PublishOutcome, SchemaHash, TableChange, TablePath, TablePin,
};
use omnigraph_storage::Store;

/// Returns the first commit of a graph with one node table and one edge table.
pub(crate) fn first(store: &Store, main: &BranchRecord) -> CommitRecord {
    let pin = |step: u64| TablePin { version: MIN_DETACHED_VERSION | step << 2, manifest_bytes: 300 + step, rows: 0 };
    let tables = [(TablePath::node("0a"), pin(1)), (TablePath::edge("0b"), pin(2))];
    CommitRecord {
        format: RECORD_FORMAT,
        commit: CommitId::mint(main.created_at, main.id, 0),
        branch: main.id,
        sequence: 0,
        generation: 1,
        parents: Vec::new(),
        kind: CommitKind::Init,
        source: None,
        actor: main.created_by.clone(),
        authored_at: main.created_at,
        schema: SchemaHash::compute(b"node Person {}"),
        tables: tables.into_iter().collect(),
        changes: BTreeMap::new(),
        operations: vec![operation(store)],
        fragment_blocks: 0,
    }
}

fn operation(store: &Store) -> OperationRecord {
    let id = OperationId::new(store.env().ulid());
    OperationRecord { id, actor: Some("ada".to_owned()), idempotency_key: Some(format!("key of {id}")), answer: None }
}

pub(crate) async fn create(store: Store) -> omnigraph_history::Result<GraphLog> {
    let main = GraphLog::plan_main(&store, Some("ada"));
    let first = first(&store, &main);
    GraphLog::create(store, main, &first, MirrorMode::On).await
}

/// Returns a mutation of the node table with the parent `base`.
pub(crate) fn next_commit(store: &Store, base: &BranchHead) -> CommitRecord {
    let (parent, sequence, now) = (&base.record, base.next_sequence(), store.env().now_micros());
    let mut tables = parent.tables.clone();
    let table = TablePath::node("0a");
    let pin = tables.get_mut(&table).unwrap();
    (pin.version, pin.rows) = (pin.version + 4, pin.rows + 1);
    let touched = TouchedKeys::from_hashes(vec![7, pin.rows]);
    let change = TableChange { inserted: 1, updated: 0, deleted: 0, touched };
    CommitRecord {
        format: RECORD_FORMAT,
        commit: CommitId::mint(now, base.branch.id, sequence),
        branch: base.branch.id,
        sequence,
        generation: parent.generation + 1,
        parents: vec![parent.reference()],
        kind: CommitKind::Mutation,
        source: None,
        actor: Some("ada".to_owned()),
        authored_at: now,
        schema: parent.schema.clone(),
        tables,
        changes: BTreeMap::from([(table, change)]),
        operations: vec![operation(store)],
        fragment_blocks: parent.fragment_blocks,
    }
}

/// Publishes one mutation on `branch`, with retries until it wins.
pub(crate) async fn commit(log: &GraphLog, branch: &Arc<BranchRecord>) -> Arc<CommitRecord> {
    let mut head = log.cached_or_latest_head(branch).await.unwrap();
    loop {
        match log.publish(&head, next_commit(log.store(), &head), &log.store().sync_batch()).await.unwrap() {
            PublishOutcome::Committed(record) => return record,
            PublishOutcome::Lost => head = log.head(branch).await.unwrap(),
        }
    }
}

/// Publishes `count` mutations on `main`.
pub(crate) async fn commits(log: &GraphLog, count: u64) {
    let main = main(log).await;
    for _ in 0..count {
        commit(log, &main).await;
    }
}

pub(crate) async fn main(log: &GraphLog) -> Arc<BranchRecord> {
    log.branch(MAIN).await.unwrap()
}

pub(crate) async fn fork(log: &GraphLog, name: &str, from: CommitRef) -> Arc<BranchRecord> {
    let request = CreateBranch { name: name.to_owned(), from, actor: None };
    log.create_branch(request).await.unwrap()
}

/// Returns the history of a branch, newest first.
pub(crate) async fn history(log: &GraphLog, branch: &Arc<BranchRecord>) -> Vec<Arc<CommitRecord>> {
    let head = log.head(branch).await.unwrap().record;
    log.history(head).try_collect().await.unwrap()
}

/// Publishes a merge of `other` into `branch`.
pub(crate) async fn merge(log: &GraphLog, branch: &Arc<BranchRecord>, other: &CommitRecord) -> Arc<CommitRecord> {
    let head = log.head(branch).await.unwrap();
    let mut record = next_commit(log.store(), &head);
    record.kind = CommitKind::Merge;
    record.parents.push(other.reference());
    record.generation = record.generation.max(other.generation + 1);
    match log.publish(&head, record, &log.store().sync_batch()).await.unwrap() {
        PublishOutcome::Committed(record) => record,
        PublishOutcome::Lost => panic!("a race without a rival"),
    }
}
