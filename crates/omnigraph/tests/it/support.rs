//! A small graph, and the few steps that most tests begin with.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::TryStreamExt;
use omnigraph::{
    ChangeFilter, EntityChange, LoadMode, LoadReceipt, LoadRequest, LoadSource, MergeReceipt, MergeRequest,
    MutateRequest, MutationReceipt, Omnigraph, OpenOptions, QueryRequest, QueryResult, Result, Target,
};

/// Sailors and whom they trust.
pub(crate) const SCHEMA: &str = "\
node Sailor {
  handle: String @key
  rank: I32?
}
node Harbor { code: String @key }
edge Trusts: Sailor -> Sailor { since: Date? }
edge BasedAt: Sailor -> Harbor
";

/// A first crew. Edges have ids, so that two exports of equal graphs are equal.
pub(crate) const CREW: &str = r#"{"type":"Sailor","data":{"handle":"ana","rank":30}}
{"type":"Sailor","data":{"handle":"ben","rank":25}}
{"type":"Harbor","data":{"code":"oslo"}}
{"edge":"Trusts","from":"ana","to":"ben","data":{"id":"t1"}}
{"edge":"BasedAt","from":"ana","to":"oslo","data":{"id":"b1"}}
"#;

/// What a second load brings.
pub(crate) const MORE: &str = r#"{"type":"Sailor","data":{"handle":"cyd","rank":35}}
{"type":"Sailor","data":{"handle":"ben","rank":26}}
{"edge":"Trusts","from":"ana","to":"cyd","data":{"id":"t2"}}
"#;

/// A graph in memory that no other test uses.
pub(crate) fn memory() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("memory://engine-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates an empty graph.
pub(crate) async fn init(location: &str) -> Omnigraph {
    Omnigraph::init(location, "fleet.pg", SCHEMA, None, OpenOptions::default()).await.unwrap()
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
    graph.load(LoadRequest::new(branch, mode, source)).await
}

/// Everything on a branch, as lines.
pub(crate) async fn export(graph: &Omnigraph, branch: &str) -> String {
    try_export(graph, branch).await.unwrap()
}

/// The same, where it may fail.
pub(crate) async fn try_export(graph: &Omnigraph, branch: &str) -> Result<String> {
    let snapshot = graph.snapshot(Target::Branch(branch.to_owned())).await?;
    let mut lines = Vec::new();
    snapshot.export(&[], &mut lines).await?;
    Ok(String::from_utf8(lines).unwrap())
}

/// Runs a query on a target.
pub(crate) async fn query(graph: &Omnigraph, target: Target, source: &str) -> Result<QueryResult> {
    let request = QueryRequest { source: source.to_owned(), file: "test.gq".to_owned(), ..QueryRequest::default() };
    graph.snapshot(target).await?.query(request).await
}

/// The rows of a query on main, each as compact JSON.
pub(crate) async fn rows(graph: &Omnigraph, source: &str) -> Vec<String> {
    let result = query(graph, Target::Branch("main".into()), source).await.unwrap();
    result.rows.into_iter().map(|row| serde_json::Value::Object(row).to_string()).collect()
}

/// Runs a mutation.
pub(crate) async fn mutate(graph: &Omnigraph, branch: &str, statements: &str) -> Result<MutationReceipt> {
    let request = MutateRequest {
        branch: branch.to_owned(),
        source: format!("query m() {{ {statements} }}"),
        file: "test.gq".to_owned(),
        ..MutateRequest::default()
    };
    graph.mutate(request).await
}

/// A branch of `main`.
pub(crate) async fn branch(graph: &Omnigraph, name: &str) {
    graph.create_branch(name, &Target::Branch("main".to_owned()), None).await.unwrap();
}

/// Takes a branch into `main`.
pub(crate) async fn merge(graph: &Omnigraph, source: &str) -> Result<MergeReceipt> {
    let request = MergeRequest { source: source.to_owned(), target: "main".to_owned(), ..MergeRequest::default() };
    graph.merge(request).await
}

/// Everything that two states differ by: `op kind Type id`.
pub(crate) async fn changes(graph: &Omnigraph, before: &Target, after: &Target) -> Vec<String> {
    let difference = graph.difference(before, after, ChangeFilter::default()).await.unwrap();
    let pages: Vec<Vec<EntityChange>> = difference.changes().try_collect().await.unwrap();
    pages.iter().flatten().map(|it| format!("{} {} {} {}", it.op, it.kind, it.ty.name, it.id)).collect()
}
