//! A small graph, and the steps that most tests begin with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::TryStreamExt;
use omnigraph::{
    ChangeFilter, Commit, EntityChange, LoadMode, LoadReceipt, LoadSource, Location, MergeReceipt, MutationReceipt,
    Omnigraph, OpenGraph, OpenMode, OpenOptions, QueryResult, Result, SchemaSource, Store, StoreOptions, Target,
};
use omnigraph_history::{CommitRecord, GraphLog};
use serde_json::Value;

/// The schema of a fleet.
pub(crate) const SCHEMA: &str = "\
node Sailor {
  handle: String @key
  rank: I32?
}
node Harbor { code: String @key }
edge Trusts: Sailor -> Sailor { since: Date? }
edge BasedAt: Sailor -> Harbor
";

/// The lines of a first load. Edges have ids, so that exports of equal graphs are equal.
pub(crate) const CREW: &str = r#"{"type":"Sailor","data":{"handle":"ana","rank":30}}
{"type":"Sailor","data":{"handle":"ben","rank":25}}
{"type":"Harbor","data":{"code":"oslo"}}
{"edge":"Trusts","from":"ana","to":"ben","data":{"id":"t1"}}
{"edge":"BasedAt","from":"ana","to":"oslo","data":{"id":"b1"}}
"#;

/// The lines of a second load.
pub(crate) const MORE: &str = r#"{"type":"Sailor","data":{"handle":"cyd","rank":35}}
{"type":"Sailor","data":{"handle":"ben","rank":26}}
{"edge":"Trusts","from":"ana","to":"cyd","data":{"id":"t2"}}
"#;

/// Returns the location of a graph in memory that no other test uses.
pub(crate) fn memory() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("memory://engine-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates an empty graph.
pub(crate) async fn init(location: &str) -> Omnigraph {
    Omnigraph::create(location, SchemaSource::new("fleet.pg", SCHEMA)).await.unwrap()
}

/// Creates a graph with the first crew.
pub(crate) async fn fleet(location: &str) -> Omnigraph {
    let graph = init(location).await;
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph
}

/// Loads lines.
pub(crate) async fn load(graph: &Omnigraph, branch: &str, mode: LoadMode, lines: &str) -> Result<LoadReceipt> {
    let source = LoadSource::reader("rows.jsonl", std::io::Cursor::new(lines.as_bytes().to_vec()));
    graph.branch(branch).load(mode, source).await
}

/// Exports a branch as lines.
pub(crate) async fn export(graph: &Omnigraph, branch: &str) -> String {
    try_export(graph, branch).await.unwrap()
}

/// Exports a branch, or returns the error.
pub(crate) async fn try_export(graph: &Omnigraph, branch: &str) -> Result<String> {
    let snapshot = graph.snapshot(Target::Branch(branch.to_owned())).await?;
    let mut lines = Vec::new();
    snapshot.export(&[], &mut lines).await?;
    Ok(String::from_utf8(lines).unwrap())
}

/// The rows of an export by type, in the order of the export. An edge has its endpoints as `from` and `to`.
#[derive(Debug)]
pub(crate) struct ExportedRows {
    rows: BTreeMap<String, Vec<Value>>,
}

impl ExportedRows {
    /// Parses the lines of an export.
    pub(crate) fn parse(lines: &str) -> Self {
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in lines.lines() {
            let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let mut row = line["data"].take();
            if line["edge"].is_string() {
                row["from"] = line["from"].take();
                row["to"] = line["to"].take();
            }
            let ty = line["type"].as_str().or(line["edge"].as_str()).unwrap().to_owned();
            rows.entry(ty).or_default().push(row);
        }
        Self { rows }
    }

    /// Returns the rows of a type.
    pub(crate) fn rows(&self, ty: &str) -> &[Value] {
        self.rows.get(ty).map_or(&[], Vec::as_slice)
    }

    /// Returns the ids of a type.
    pub(crate) fn ids(&self, ty: &str) -> Vec<&str> {
        self.rows(ty).iter().map(|row| row["id"].as_str().unwrap()).collect()
    }

    /// Returns true if a type has a row with this id.
    pub(crate) fn contains(&self, ty: &str, id: &str) -> bool {
        self.ids(ty).contains(&id)
    }

    /// Returns a property of the row with this id.
    pub(crate) fn value(&self, ty: &str, id: &str, property: &str) -> &Value {
        let row = self.rows(ty).iter().find(|row| row["id"] == id);
        &row.unwrap_or_else(|| panic!("{ty} '{id}' is missing in {self:?}"))[property]
    }
}

/// Exports a branch and parses its rows.
pub(crate) async fn export_rows(graph: &Omnigraph, branch: &str) -> ExportedRows {
    ExportedRows::parse(&export(graph, branch).await)
}

/// Runs a query on a target.
pub(crate) async fn query(graph: &Omnigraph, target: Target, source: &str) -> Result<QueryResult> {
    graph.snapshot(target).await?.query(source).file("test.gq").await
}

/// Returns the rows of a query on `main`, each as compact JSON.
pub(crate) async fn rows(graph: &Omnigraph, source: &str) -> Vec<String> {
    let result = query(graph, Target::Branch("main".into()), source).await.unwrap();
    result.rows().unwrap().into_iter().map(|row| serde_json::Value::Object(row).to_string()).collect()
}

/// Runs a mutation.
pub(crate) async fn mutate(graph: &Omnigraph, branch: &str, statements: &str) -> Result<MutationReceipt> {
    graph.branch(branch).mutate(format!("query m() {{ {statements} }}")).file("test.gq").await
}

/// Opens a graph for reading only.
pub(crate) fn open_read_only(location: &str, options: OpenOptions) -> OpenGraph {
    Omnigraph::open(location).options(OpenOptions { mode: OpenMode::ReadOnly, ..options })
}

/// Reads the record of a commit from the history of a graph.
pub(crate) async fn commit_record(location: &str, commit: &Commit) -> Arc<CommitRecord> {
    let store = Store::open(&Location::parse(location).unwrap(), StoreOptions::default()).unwrap();
    GraphLog::open(store).await.unwrap().resolve_commit(&commit.id().to_string()).await.unwrap()
}

/// Returns inserted, updated and deleted rows of each type that a commit changed.
pub(crate) async fn change_counts(graph: &Omnigraph, commit: &Commit) -> Vec<(u64, u64, u64)> {
    let snapshot = graph.snapshot(Target::Commit(commit.id().to_string())).await.unwrap();
    snapshot.change_summary().iter().map(|it| (it.inserted, it.updated, it.deleted)).collect()
}

/// Creates a branch of `main`.
pub(crate) async fn branch(graph: &Omnigraph, name: &str) {
    graph.create_branch(name, &Target::Branch("main".to_owned())).await.unwrap();
}

/// Merges a branch into `main`.
pub(crate) async fn merge(graph: &Omnigraph, source: &str) -> Result<MergeReceipt> {
    graph.branch("main").merge(source).await
}

/// Returns the changes between two states: `op kind Type id`.
pub(crate) async fn changes(graph: &Omnigraph, before: &Target, after: &Target) -> Vec<String> {
    let difference = graph.diff(before, after, ChangeFilter::default()).await.unwrap();
    let pages: Vec<Vec<EntityChange>> = difference.changes().try_collect().await.unwrap();
    pages.iter().flatten().map(|it| format!("{} {} {} {}", it.op, it.kind, it.ty.name, it.id)).collect()
}
