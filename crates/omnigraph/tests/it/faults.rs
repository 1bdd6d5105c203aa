//! A fault at every storage call: the graph has the old or the new state, and later operations succeed.

use std::sync::Arc;

use omnigraph::{LoadMode, Omnigraph, OpenOptions, ResolutionQuery, SchemaSource, TableClassification, Target};
use omnigraph_storage::{RetryPolicy, StoreOptions};
use omnigraph_testkit::fault::{FaultInjector, FaultKind, FaultRule};
use omnigraph_testkit::s3::{MotoServer, S3Bucket};

use crate::mirror::assert_mirror_matches_main;
use crate::support::{CREW, MORE, SCHEMA, export, export_rows, load, memory, open_read_only};

const OTHER: &str = r#"{"type":"Sailor","data":{"handle":"eve","rank":41}}
{"edge":"Trusts","from":"eve","to":"ana","data":{"id":"t9"}}"#;
const NEXT: &str = r#"{"type":"Sailor","data":{"handle":"dot","rank":28}}"#;

/// Inserts a node and updates a row. An edge would get another id in each run.
const MUTATION: &str = "query m() {
    insert Sailor { handle: \"cyd\", rank: 35 }
    update Sailor set { rank: 26 } where handle = \"ben\"
}";

/// The storage of a graph.
#[derive(Clone)]
enum FaultBackend {
    Memory,
    Folder(Arc<tempfile::TempDir>),
    S3(Arc<S3Bucket>),
}

impl FaultBackend {
    fn options(&self, faults: &FaultInjector) -> OpenOptions {
        // Retries would only make the test slow: it tests the behavior after they end.
        let retry = RetryPolicy {
            max_attempts: 2,
            base_backoff: std::time::Duration::ZERO,
            max_backoff: std::time::Duration::ZERO,
        };
        let mut store = StoreOptions { layer: Some(faults.layer()), retry, ..StoreOptions::default() };
        if let Self::S3(bucket) = self {
            store.s3 = bucket.config.clone();
        }
        OpenOptions { store, ..OpenOptions::default() }
    }

    /// Returns the faults of a call: all of them, or one in turn on a server, where each graph takes half a second.
    fn faults_at(&self, call: usize) -> Vec<FaultKind> {
        let all = [FaultKind::FailBefore, FaultKind::FailAfter, FaultKind::CrashBefore, FaultKind::CrashAfter];
        match self {
            Self::S3(_) => vec![all[call % all.len()]],
            Self::Memory | Self::Folder(_) => all.to_vec(),
        }
    }

    fn place(&self, name: &str) -> String {
        match self {
            Self::Memory => format!("{}-{name}", memory()),
            Self::Folder(folder) => folder.path().join(name).display().to_string(),
            Self::S3(bucket) => format!("s3://{}/{name}", bucket.name),
        }
    }
}

/// An operation that meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaultedOperation {
    Init,
    Load,
    CreateBranch,
    LoadOnBranch,
    Mutate,
    Merge,
    ResolvedMerge,
    Revert,
    CherryPick,
    Reset,
    RenameBranch,
    DeleteBranch,
    CreateTag,
    DeleteTag,
}

impl FaultedOperation {
    /// All operations: a new one is a variant, an arm in `run`, and an entry here.
    const ALL: [Self; 14] = [
        Self::Init,
        Self::Load,
        Self::CreateBranch,
        Self::LoadOnBranch,
        Self::Mutate,
        Self::Merge,
        Self::ResolvedMerge,
        Self::Revert,
        Self::CherryPick,
        Self::Reset,
        Self::RenameBranch,
        Self::DeleteBranch,
        Self::CreateTag,
        Self::DeleteTag,
    ];

    /// Creates the state before the operation.
    async fn prepare(self, place: &str, options: OpenOptions) {
        if self == Self::Init {
            return;
        }
        let graph = Omnigraph::create(place, SchemaSource::new("fleet.pg", SCHEMA)).options(options).await.unwrap();
        load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
        if !matches!(self, Self::Load | Self::CreateBranch | Self::Mutate | Self::CreateTag) {
            graph.create_branch("side/b", &Target::Branch("main".into())).await.unwrap();
        }
        match self {
            Self::Reset => drop(load(&graph, "main", LoadMode::Merge, MORE).await.unwrap()),
            // Both sides changed the same tables, so the merge reads, checks and writes rows.
            Self::Merge | Self::ResolvedMerge | Self::Revert | Self::CherryPick => {
                let side = if self == Self::Revert { "main" } else { "side/b" };
                let commit = load(&graph, side, LoadMode::Merge, MORE).await.unwrap().commit.unwrap();
                graph.create_tag("more", &Target::Commit(commit.id().to_string())).await.unwrap();
                load(&graph, "main", LoadMode::Merge, OTHER).await.unwrap();
            }
            Self::DeleteTag => drop(graph.create_tag("more", &Target::Branch("main".into())).await.unwrap()),
            _ => {}
        }
        graph.flush_mirror().await.unwrap();
    }

    async fn run(self, place: &str, options: OpenOptions) -> omnigraph::Result<()> {
        if self == Self::Init {
            let graph = Omnigraph::create(place, SchemaSource::new("fleet.pg", SCHEMA)).options(options).await?;
            let _ = graph.flush_mirror().await;
            return Ok(());
        }
        let graph = Omnigraph::open(place).options(options).await?;
        let result = match self {
            Self::Init | Self::Load => load(&graph, "main", LoadMode::Merge, MORE).await.map(drop),
            Self::CreateBranch => graph.create_branch("side/b", &Target::Branch("main".into())).await.map(drop),
            Self::LoadOnBranch => load(&graph, "side/b", LoadMode::Merge, MORE).await.map(drop),
            Self::Mutate => graph.branch("main").mutate(MUTATION).await.map(drop),
            Self::Merge => graph.branch("main").merge("side/b").await.map(drop),
            Self::ResolvedMerge => {
                graph.branch("main").merge("side/b").resolve_by_mutation(resolution()).await.map(drop)
            }
            Self::Revert => graph.branch("main").revert("more").await.map(drop),
            Self::CherryPick => graph.branch("main").cherry_pick("more").await.map(drop),
            Self::RenameBranch => graph.rename_branch("side/b", "side/c").await.map(drop),
            Self::DeleteBranch => graph.delete_branch("side/b").await.map(drop),
            Self::CreateTag => graph.create_tag("more", &Target::Branch("main".into())).await.map(drop),
            Self::DeleteTag => graph.delete_tag("more").await.map(drop),
            Self::Reset => graph.reset_branch("main", &Target::Branch("side/b".into())).await.map(drop),
        };
        // A failed publication does not fail the commit. No task of this handle runs after this call.
        let _ = graph.flush_mirror().await;
        result
    }

    /// Asserts that an open for writing is enough for a current mirror without intents.
    async fn assert_mirror_is_current(self, backend: &FaultBackend, place: &str, context: &str) {
        if matches!(backend, FaultBackend::Memory) {
            return;
        }
        let faults = FaultInjector::new();
        match Omnigraph::open(place).options(backend.options(&faults)).await {
            Ok(graph) => drop(graph),
            Err(error) if self == Self::Init && error.code() == "OG-GRAPH-001" => return,
            Err(error) => panic!("{context}: the graph does not open for writing: {error}"),
        }
        let report = Omnigraph::check_mirror(place, backend.options(&faults)).await.unwrap();
        for head in &report.datasets {
            assert_eq!(head.classification, TableClassification::NoMovement, "{context}: {head:?}");
        }
        assert!(report.intents.is_empty(), "{context}: {report:?}");
        if let FaultBackend::Folder(_) = backend {
            let graph = open_read_only(place, backend.options(&faults)).await.unwrap();
            assert_mirror_matches_main(std::path::Path::new(place), &graph).await;
        }
    }

    /// Returns all branches, rows and tags as text.
    async fn state(self, place: &str, options: OpenOptions) -> String {
        let graph = match open_read_only(place, options).await {
            Ok(graph) => graph,
            Err(error) if self == Self::Init && error.code() == "OG-GRAPH-001" => return "no graph".to_owned(),
            Err(error) => panic!("{self:?}: the graph does not open: {error}"),
        };
        let mut state = String::new();
        for branch in graph.branches().await.unwrap() {
            let name = branch.name();
            state.push_str(&format!("branch {name}\n{}", export(&graph, name).await));
        }
        for tag in graph.tags().await.unwrap() {
            state.push_str(&format!("tag {}\n", tag.name()));
        }
        state
    }

    /// Asserts that the next write of a new handle succeeds.
    async fn assert_next_write_succeeds(self, place: &str, options: OpenOptions) {
        if self == Self::Init && self.state(place, options.clone()).await == "no graph" {
            Omnigraph::create(place, SchemaSource::new("fleet.pg", SCHEMA))
                .options(options.clone())
                .await
                .unwrap()
                .flush_mirror()
                .await
                .unwrap();
        }
        let graph = Omnigraph::open(place).options(options).await.unwrap();
        load(&graph, "main", LoadMode::Merge, NEXT).await.unwrap();
        graph.flush_mirror().await.unwrap();
        assert!(export_rows(&graph, "main").await.contains("Sailor", "dot"), "{self:?}: the next write is lost");
    }
}

/// Changes a row of both sides and one of the branch.
fn resolution() -> ResolutionQuery {
    let source = "query r() { update Sailor set { rank: 77 } where handle = \"ana\" or handle = \"cyd\" }".to_owned();
    ResolutionQuery { source, file: "resolve.gq".to_owned(), ..ResolutionQuery::default() }
}

#[derive(Default)]
struct FaultCounts {
    calls: usize,
    faults: usize,
    failed: usize,
    old: usize,
    new: usize,
}

/// Injects every fault into every call of an operation.
async fn inject_faults(backend: &FaultBackend, operation: FaultedOperation) -> FaultCounts {
    let quiet = FaultInjector::new();
    let place = backend.place(&format!("{operation:?}-count"));
    operation.prepare(&place, backend.options(&quiet)).await;
    let old = operation.state(&place, backend.options(&quiet)).await;
    quiet.take_calls();
    operation.run(&place, backend.options(&quiet)).await.unwrap();
    let calls = quiet.take_calls().len();
    let new = operation.state(&place, backend.options(&quiet)).await;
    assert_ne!(old, new, "{operation:?} changes something");

    let mut counts = FaultCounts { calls, ..FaultCounts::default() };
    for call in 0..calls {
        for fault in backend.faults_at(call) {
            let faults = FaultInjector::new();
            let place = backend.place(&format!("{operation:?}-{call}-{fault:?}"));
            operation.prepare(&place, backend.options(&faults)).await;
            faults.add(FaultRule::new(fault).nth(call));
            let result = operation.run(&place, backend.options(&faults)).await;
            faults.revive();
            let state = operation.state(&place, backend.options(&faults)).await;
            let context = format!("{operation:?}, call {call}, {fault:?}, {:?}", result.as_ref().err());
            assert!(state == old || state == new, "{context}: neither the old nor the new state:\n{state}");
            if result.is_ok() {
                assert_eq!(state, new, "{context}: acknowledged and lost");
            }
            operation.assert_mirror_is_current(backend, &place, &context).await;
            operation.assert_next_write_succeeds(&place, backend.options(&faults)).await;
            operation.assert_mirror_is_current(backend, &place, &context).await;
            counts.faults += 1;
            counts.failed += usize::from(result.is_err());
            counts.old += usize::from(state == old);
            counts.new += usize::from(state == new);
        }
    }
    counts
}

async fn matrix(name: &str, backend: FaultBackend) {
    for operation in FaultedOperation::ALL {
        let FaultCounts { calls, faults, failed, old, new } = inject_faults(&backend, operation).await;
        assert!(faults > 0 && old > 0 && new > 0, "{operation:?}: faults must occur before and after the commit");
        println!(
            "{name}, {operation:?}: {calls} calls, {faults} faults, {failed} errors; {old} old states and {new} new states afterwards"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_survives_a_fault_at_every_call() {
    matrix("memory", FaultBackend::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_survives_a_fault_at_every_call() {
    matrix("folder", FaultBackend::Folder(Arc::new(tempfile::tempdir().unwrap()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_survives_a_fault_at_every_call() {
    matrix("s3", FaultBackend::S3(Arc::new(MotoServer::fresh_bucket().unwrap()))).await;
}
