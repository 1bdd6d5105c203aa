//! A fault at every storage call: whatever fails, the graph holds the old state or the new one, and goes on working.

use std::sync::Arc;

use omnigraph::objects::{RetryPolicy, StoreOptions};
use omnigraph::{
    Classification, LoadMode, MergeRequest, MutateRequest, Omnigraph, OpenOptions, PickRequest, Resolution, Target,
};
use omnigraph_testkit::fault::{Fault, Faults, Rule};
use omnigraph_testkit::s3::{Bucket, Moto};

use crate::heads::assert_heads_show_main;
use crate::support::{CREW, MORE, SCHEMA, export, load, memory};

const OTHER: &str = r#"{"type":"Sailor","data":{"handle":"eve","rank":41}}
{"edge":"Trusts","from":"eve","to":"ana","data":{"id":"t9"}}"#;
const NEXT: &str = r#"{"type":"Sailor","data":{"handle":"dot","rank":28}}"#;

/// Where graphs are put.
#[derive(Clone)]
enum Backend {
    Memory,
    Folder(Arc<tempfile::TempDir>),
    S3(Arc<Bucket>),
}

impl Backend {
    fn options(&self, faults: &Faults) -> OpenOptions {
        // Patience would only make the test slow: what is tested is what happens when it ends.
        let retry = RetryPolicy { attempts: 2, base: std::time::Duration::ZERO, cap: std::time::Duration::ZERO };
        let mut store = StoreOptions { layer: Some(faults.layer()), retry, ..StoreOptions::default() };
        if let Self::S3(bucket) = self {
            store.s3 = bucket.config.clone();
        }
        OpenOptions { store, ..OpenOptions::default() }
    }

    /// The faults that strike a call: all of them, or on a server, where each graph takes half a second, one by turns.
    fn faults_at(&self, call: usize) -> Vec<Fault> {
        let all = [Fault::FailBefore, Fault::FailAfter, Fault::CrashBefore, Fault::CrashAfter];
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

/// What is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
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

impl Work {
    /// Every operation there is: a new one is a variant, an arm in `run`, and its place here.
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

    /// Makes what must be there before.
    async fn prepare(self, place: &str, options: OpenOptions) {
        if self == Self::Init {
            return;
        }
        let graph = Omnigraph::init(place, "fleet.pg", SCHEMA, None, options).await.unwrap();
        load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
        if !matches!(self, Self::Load | Self::CreateBranch | Self::Mutate | Self::CreateTag) {
            graph.create_branch("side/b", &Target::Branch("main".into()), None).await.unwrap();
        }
        match self {
            Self::Reset => drop(load(&graph, "main", LoadMode::Merge, MORE).await.unwrap()),
            // Both sides changed the same tables, so rows are read, judged and written.
            Self::Merge | Self::ResolvedMerge | Self::Revert | Self::CherryPick => {
                let side = if self == Self::Revert { "main" } else { "side/b" };
                let commit = load(&graph, side, LoadMode::Merge, MORE).await.unwrap().commit.unwrap();
                graph.create_tag("more", &Target::Commit(commit.commit.to_string()), None).await.unwrap();
                load(&graph, "main", LoadMode::Merge, OTHER).await.unwrap();
            }
            Self::DeleteTag => drop(graph.create_tag("more", &Target::Branch("main".into()), None).await.unwrap()),
            _ => {}
        }
        graph.settle().await.unwrap();
    }

    async fn run(self, place: &str, options: OpenOptions) -> omnigraph::Result<()> {
        if self == Self::Init {
            let graph = Omnigraph::init(place, "fleet.pg", SCHEMA, None, options).await?;
            let _ = graph.settle().await;
            return Ok(());
        }
        let graph = Omnigraph::open(place, options).await?;
        let result = match self {
            Self::Init | Self::Load => load(&graph, "main", LoadMode::Merge, MORE).await.map(drop),
            Self::CreateBranch => graph.create_branch("side/b", &Target::Branch("main".into()), None).await.map(drop),
            Self::LoadOnBranch => load(&graph, "side/b", LoadMode::Merge, MORE).await.map(drop),
            Self::Mutate => graph.mutate(mutation()).await.map(drop),
            Self::Merge => graph.merge(merge(None)).await.map(drop),
            Self::ResolvedMerge => graph.merge(merge(Some(resolution()))).await.map(drop),
            Self::Revert => graph.revert(pick()).await.map(drop),
            Self::CherryPick => graph.cherry_pick(pick()).await.map(drop),
            Self::RenameBranch => graph.rename_branch("side/b", "side/c", None).await.map(drop),
            Self::DeleteBranch => graph.delete_branch("side/b", None).await.map(drop),
            Self::CreateTag => graph.create_tag("more", &Target::Branch("main".into()), None).await.map(drop),
            Self::DeleteTag => graph.delete_tag("more", None).await.map(drop),
            Self::Reset => graph.reset_branch("main", &Target::Branch("side/b".into()), None).await.map(drop),
        };
        // Whether heads were published says nothing of the commit. Nothing of this handle runs on after it.
        let _ = graph.settle().await;
        result
    }

    /// Heads show main to everybody, and nothing is announced: after an open for writing, and no other step.
    async fn heads_are_right(self, backend: &Backend, place: &str, context: &str) {
        if matches!(backend, Backend::Memory) {
            return;
        }
        let faults = Faults::new();
        match Omnigraph::open(place, backend.options(&faults)).await {
            Ok(graph) => drop(graph),
            Err(error) if self == Self::Init && error.code() == "OG-LOG-001" => return,
            Err(error) => panic!("{context}: the graph does not open for writing: {error}"),
        }
        let report = Omnigraph::inspect_heads(place, backend.options(&faults)).await.unwrap();
        for head in &report.heads {
            assert_eq!(head.classification, Classification::NoMovement, "{context}: {head:?}");
        }
        assert!(report.intents.is_empty(), "{context}: {report:?}");
        if let Backend::Folder(_) = backend {
            let graph = Omnigraph::open_read_only(place, backend.options(&faults)).await.unwrap();
            assert_heads_show_main(std::path::Path::new(place), &graph).await;
        }
    }

    /// Everything that can be seen, as text.
    async fn state(self, place: &str, options: OpenOptions) -> String {
        let graph = match Omnigraph::open_read_only(place, options).await {
            Ok(graph) => graph,
            Err(error) if self == Self::Init && error.code() == "OG-LOG-001" => return "no graph".to_owned(),
            Err(error) => panic!("{self:?}: the graph does not open: {error}"),
        };
        let mut state = String::new();
        for branch in graph.branches().await.unwrap() {
            let name = &branch.record.name;
            state.push_str(&format!("branch {name}\n{}", export(&graph, name).await));
        }
        for tag in graph.tags().await.unwrap() {
            state.push_str(&format!("tag {}\n", tag.name));
        }
        state
    }

    /// The next write, by somebody who knows nothing of what happened.
    async fn go_on(self, place: &str, options: OpenOptions) {
        if self == Self::Init && self.state(place, options.clone()).await == "no graph" {
            Omnigraph::init(place, "fleet.pg", SCHEMA, None, options.clone()).await.unwrap().settle().await.unwrap();
        }
        let graph = Omnigraph::open(place, options).await.unwrap();
        load(&graph, "main", LoadMode::Merge, NEXT).await.unwrap();
        graph.settle().await.unwrap();
        assert!(export(&graph, "main").await.contains("\"dot\""), "{self:?}: the next write is lost");
    }
}

/// What the branch has, into main.
fn merge(resolution: Option<Resolution>) -> MergeRequest {
    MergeRequest { source: "side/b".to_owned(), target: "main".to_owned(), resolution, ..MergeRequest::default() }
}

/// A row that both sides have and one that only the branch has.
fn resolution() -> Resolution {
    let source = "query r() { update Sailor set { rank: 77 } where handle = \"ana\" or handle = \"cyd\" }".to_owned();
    Resolution { source, file: "resolve.gq".to_owned(), ..Resolution::default() }
}

/// What the tagged commit did.
fn pick() -> PickRequest {
    PickRequest { commit: "more".to_owned(), target: "main".to_owned(), ..PickRequest::default() }
}

/// A node, and a row that changes. No edge, whose id would be another in each run.
fn mutation() -> MutateRequest {
    let source = "query m() {
        insert Sailor { handle: \"cyd\", rank: 35 }
        update Sailor set { rank: 26 } where handle = \"ben\"
    }";
    MutateRequest { branch: "main".to_owned(), source: source.to_owned(), ..MutateRequest::default() }
}

#[derive(Default)]
struct Outcome {
    calls: usize,
    faults: usize,
    failed: usize,
    old: usize,
    new: usize,
}

/// Strikes every call of `work` with every fault.
async fn strike(backend: &Backend, work: Work) -> Outcome {
    let quiet = Faults::new();
    let place = backend.place(&format!("{work:?}-count"));
    work.prepare(&place, backend.options(&quiet)).await;
    let old = work.state(&place, backend.options(&quiet)).await;
    quiet.take_calls();
    work.run(&place, backend.options(&quiet)).await.unwrap();
    let calls = quiet.take_calls().len();
    let new = work.state(&place, backend.options(&quiet)).await;
    assert_ne!(old, new, "{work:?} changes something");

    let mut outcome = Outcome { calls, ..Outcome::default() };
    for call in 0..calls {
        for fault in backend.faults_at(call) {
            let faults = Faults::new();
            let place = backend.place(&format!("{work:?}-{call}-{fault:?}"));
            work.prepare(&place, backend.options(&faults)).await;
            faults.add(Rule::new(fault).nth(call));
            let result = work.run(&place, backend.options(&faults)).await;
            faults.revive();
            let state = work.state(&place, backend.options(&faults)).await;
            let context = format!("{work:?}, call {call}, {fault:?}, {:?}", result.as_ref().err());
            assert!(state == old || state == new, "{context}: neither the old state nor the new:\n{state}");
            if result.is_ok() {
                assert_eq!(state, new, "{context}: acknowledged and lost");
            }
            work.heads_are_right(backend, &place, &context).await;
            work.go_on(&place, backend.options(&faults)).await;
            work.heads_are_right(backend, &place, &context).await;
            outcome.faults += 1;
            outcome.failed += usize::from(result.is_err());
            outcome.old += usize::from(state == old);
            outcome.new += usize::from(state == new);
        }
    }
    outcome
}

async fn matrix(name: &str, backend: Backend) {
    for work in Work::ALL {
        let Outcome { calls, faults, failed, old, new } = strike(&backend, work).await;
        assert!(faults > 0 && old > 0 && new > 0, "{work:?}: the faults do not reach both sides of the commit");
        let heads = if name == "memory" { "no heads" } else { "heads equal to main" };
        println!(
            "{name}, {work:?}: {calls} calls, {faults} faults, {failed} reported as errors; afterwards {old} old states, \
             {new} new states, 0 others, 0 lost acknowledgements, 0 refused next writes, 0 manual steps, {heads}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_survives_a_fault_at_every_call() {
    matrix("memory", Backend::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_survives_a_fault_at_every_call() {
    matrix("folder", Backend::Folder(Arc::new(tempfile::tempdir().unwrap()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_survives_a_fault_at_every_call() {
    matrix("s3", Backend::S3(Arc::new(Moto::fresh_bucket().unwrap()))).await;
}
