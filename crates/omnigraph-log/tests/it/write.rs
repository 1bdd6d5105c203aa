//! Graphs, commits and branches as the tests make them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_log::branch::MAIN;
use omnigraph_log::invariants::DETACHED;
use omnigraph_log::record::{RECORD_FORMAT, TouchedKeys};
use omnigraph_log::{
    BranchRecord, CommitId, CommitKind, CommitRecord, CommitRef, CreateBranch, Head, Log, NewBranch, Operation,
    OperationId, OutsideHeads, Published, SchemaHash, TableChange, TablePath, TablePin,
};
use omnigraph_objects::Store;

/// The first commit of a graph with one node table and one edge table.
pub(crate) fn first(store: &Store, main: &BranchRecord) -> CommitRecord {
    let pin = |step: u64| TablePin { version: DETACHED | step << 2, manifest_bytes: 300 + step, rows: 0 };
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
        schema: SchemaHash::of(b"node Person {}"),
        tables: tables.into_iter().collect(),
        changes: BTreeMap::new(),
        operations: vec![operation(store)],
        fragment_blocks: 0,
    }
}

fn operation(store: &Store) -> Operation {
    let id = OperationId::new(store.ambient().ulid());
    Operation { id, actor: Some("ada".to_owned()), idempotency_key: Some(format!("key of {id}")), answer: None }
}

pub(crate) async fn create(store: Store) -> omnigraph_log::Result<Log> {
    let main = Log::plan_main(&store, Some("ada"));
    let first = first(&store, &main);
    Log::create(store, main, &first, OutsideHeads::Published).await
}

/// A mutation of the node table on top of `base`.
pub(crate) fn after(store: &Store, base: &Head) -> CommitRecord {
    let (parent, sequence, now) = (&base.record, base.next_sequence(), store.ambient().now_micros());
    let mut tables = parent.tables.clone();
    let table = TablePath::node("0a");
    let pin = tables.get_mut(&table).unwrap();
    (pin.version, pin.rows) = (pin.version + 4, pin.rows + 1);
    let touched = TouchedKeys::of(vec![7, pin.rows]);
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

/// Publishes one mutation on `branch`, again and again until it wins.
pub(crate) async fn commit(log: &Log, branch: &Arc<BranchRecord>) -> Arc<CommitRecord> {
    let mut head = log.known_or_head(branch).await.unwrap();
    loop {
        match log.publish(&head, after(log.store(), &head), &log.store().unsettled()).await.unwrap() {
            Published::Committed(record) => return record,
            Published::Lost => head = log.head(branch).await.unwrap(),
        }
    }
}

/// Publishes `count` mutations on `main`.
pub(crate) async fn commits(log: &Log, count: u64) {
    let main = main(log).await;
    for _ in 0..count {
        commit(log, &main).await;
    }
}

pub(crate) async fn main(log: &Log) -> Arc<BranchRecord> {
    log.branch(MAIN).await.unwrap()
}

pub(crate) async fn fork(log: &Log, name: &str, from: CommitRef) -> Arc<BranchRecord> {
    let request = CreateBranch { name: name.to_owned(), from, actor: None };
    match log.create_branch(request).await.unwrap() {
        NewBranch::Created(record) => record,
        NewBranch::Taken => panic!("'{name}' is taken"),
    }
}

/// The history of a branch, newest first.
pub(crate) async fn history(log: &Log, branch: &Arc<BranchRecord>) -> Vec<Arc<CommitRecord>> {
    let head = log.head(branch).await.unwrap().record;
    log.history(head).try_collect().await.unwrap()
}

/// Publishes a merge of `other` into `branch`.
pub(crate) async fn merge(log: &Log, branch: &Arc<BranchRecord>, other: &CommitRecord) -> Arc<CommitRecord> {
    let head = log.head(branch).await.unwrap();
    let mut record = after(log.store(), &head);
    record.kind = CommitKind::Merge;
    record.parents.push(other.reference());
    record.generation = record.generation.max(other.generation + 1);
    match log.publish(&head, record, &log.store().unsettled()).await.unwrap() {
        Published::Committed(record) => record,
        Published::Lost => panic!("a race without a rival"),
    }
}
