//! Faults in every call of every operation: before and after its effect, once and with all later calls.
//!
//! Afterwards the graph has the old or the new state, and the next operation works.

use std::sync::Arc;

use omnigraph_history::branch::MAIN;
use omnigraph_history::{BranchRecord, CommitRecord, CreateBranch, Error, GraphLog, PublishOutcome};
use omnigraph_storage as objects;
use omnigraph_testkit::fault::{FaultKind, FaultRule};

use crate::fixtures::{commit, commits, create, fork, history, main, next_commit};
use crate::test_location::TestLocation;

const KINDS: [FaultKind; 4] =
    [FaultKind::FailBefore, FaultKind::FailAfter, FaultKind::CrashBefore, FaultKind::CrashAfter];

/// The state after an operation, as a new handle sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GraphState {
    Old,
    New,
}

/// An operation under test. `prepare` runs without faults and returns the input of `run`.
trait FaultyOperation {
    const NAME: &'static str;
    /// True for an operation that creates an object: its error distinguishes a known from an unknown outcome. A deletion can be
    /// repeated.
    const CREATES: bool = true;
    type Prepared;
    type Done;

    async fn prepare(site: &TestLocation) -> Self::Prepared;
    async fn open(store: objects::Store) -> Option<GraphLog>;
    async fn run(store: objects::Store, log: Option<GraphLog>, prepared: &Self::Prepared) -> Result<Self::Done, Error>;
    /// Checks the graph at `site` in full and runs the next operation. Returns the state.
    async fn inspect(site: &TestLocation, prepared: &Self::Prepared, done: Option<&Self::Done>) -> GraphState;
}

/// Runs an operation with at most one rule. Returns the result, the input and the number of calls.
async fn run<O: FaultyOperation>(
    site: &TestLocation,
    rule: Option<FaultRule>,
) -> (Result<O::Done, Error>, O::Prepared, usize) {
    let prepared = O::prepare(site).await;
    let (store, faults) = site.open_faulty();
    let log = O::open(store.clone()).await;
    faults.take_calls();
    if let Some(rule) = rule {
        faults.add(rule);
    }
    let result = O::run(store, log, &prepared).await;
    (result, prepared, faults.calls().len())
}

async fn every_fault<O: FaultyOperation>(make: fn() -> TestLocation) -> usize {
    let site = make();
    let (result, prepared, calls) = run::<O>(&site, None).await;
    let done = result.unwrap_or_else(|error| panic!("{} without a fault: {error}", O::NAME));
    assert_eq!(O::inspect(&site, &prepared, Some(&done)).await, GraphState::New);
    let mut injected = 0;
    for kind in KINDS {
        for index in 0..calls {
            let site = make();
            let (result, prepared, made) = run::<O>(&site, Some(FaultRule::new(kind).nth(index))).await;
            assert!(made > index, "the fault was injected");
            injected += 1;
            let context = || format!("{} with {kind:?} at call {index} of {calls}", O::NAME);
            let state = O::inspect(&site, &prepared, result.as_ref().ok()).await;
            match result {
                Ok(_) => assert_eq!(state, GraphState::New, "acknowledged and lost: {}", context()),
                Err(error) => {
                    assert!(matches!(kind, FaultKind::CrashBefore | FaultKind::CrashAfter), "{}: {error}", context());
                    let Error::Store(error) = error else { panic!("{}: {error}", context()) };
                    let unknown = error.kind() == objects::ErrorKind::Unknown;
                    let is_correct = state == GraphState::Old || unknown || !O::CREATES;
                    assert!(is_correct, "the error hides that the write happened: {}: {error}", context());
                }
            }
        }
    }
    injected
}

async fn on_both<O: FaultyOperation>() {
    for (name, make) in TestLocation::both_stores() {
        let injected = every_fault::<O>(make).await;
        println!("{} on {name}: {injected} faults injected, 0 half-done states, 0 acknowledged and lost", O::NAME);
        assert!(injected > 0);
    }
}

struct CreateGraphFault;

impl FaultyOperation for CreateGraphFault {
    const NAME: &'static str = "create";
    type Prepared = ();
    type Done = GraphLog;

    async fn prepare(_: &TestLocation) {}

    async fn open(_: objects::Store) -> Option<GraphLog> {
        None
    }

    async fn run(store: objects::Store, _: Option<GraphLog>, (): &()) -> Result<GraphLog, Error> {
        create(store).await
    }

    async fn inspect(site: &TestLocation, (): &(), done: Option<&GraphLog>) -> GraphState {
        let state = match GraphLog::open(site.open()).await {
            Ok(log) => {
                assert!(done.is_none_or(|done| done.metadata() == log.metadata()));
                assert_eq!(create(site.open()).await.unwrap_err().code(), "OG-GRAPH-002");
                GraphState::New
            }
            Err(Error::GraphNotFound { .. }) => {
                create(site.open()).await.unwrap();
                GraphState::Old
            }
            Err(other) => panic!("{other}"),
        };
        let log = GraphLog::open(site.open()).await.unwrap();
        let main = main(&log).await;
        assert_eq!(history(&log, &main).await.len(), 1);
        assert_eq!(commit(&log, &main).await.sequence, 1);
        state
    }
}

/// The thirty-first commit, after which the hint is written.
struct PublishCommit;

impl FaultyOperation for PublishCommit {
    const NAME: &'static str = "publish";
    type Prepared = ();
    type Done = Arc<CommitRecord>;

    async fn prepare(site: &TestLocation) {
        commits(&create(site.open()).await.unwrap(), 30).await;
    }

    async fn open(store: objects::Store) -> Option<GraphLog> {
        let log = GraphLog::open(store).await.unwrap();
        log.head(&main(&log).await).await.unwrap();
        Some(log)
    }

    async fn run(_: objects::Store, log: Option<GraphLog>, (): &()) -> Result<Self::Done, Error> {
        let log = log.unwrap();
        let head = log.cached_or_latest_head(&main(&log).await).await?;
        match log.publish(&head, next_commit(log.store(), &head), &log.store().sync_batch()).await? {
            PublishOutcome::Committed(record) => Ok(record),
            PublishOutcome::Lost => panic!("no other writer exists"),
        }
    }

    async fn inspect(site: &TestLocation, (): &(), done: Option<&Self::Done>) -> GraphState {
        let log = GraphLog::open(site.open()).await.unwrap();
        let main = main(&log).await;
        let records = history(&log, &main).await;
        let state = match records[0].sequence {
            30 => GraphState::Old,
            31 => GraphState::New,
            other => panic!("the head is {other}"),
        };
        assert!(done.is_none_or(|done| records.contains(done)));
        assert_eq!(records.len() as u64, records[0].sequence + 1);
        assert_eq!(commit(&log, &main).await.sequence, records[0].sequence + 1);
        state
    }
}

struct CreateABranch;

impl FaultyOperation for CreateABranch {
    const NAME: &'static str = "create_branch";
    type Prepared = ();
    type Done = Arc<BranchRecord>;

    async fn prepare(site: &TestLocation) {
        commits(&create(site.open()).await.unwrap(), 2).await;
    }

    async fn open(store: objects::Store) -> Option<GraphLog> {
        Some(GraphLog::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<GraphLog>, (): &()) -> Result<Self::Done, Error> {
        let log = log.unwrap();
        let from = log.head(&log.branch(MAIN).await?).await?.record.reference();
        log.create_branch(CreateBranch { name: "b".to_owned(), from, actor: None }).await
    }

    async fn inspect(site: &TestLocation, (): &(), done: Option<&Self::Done>) -> GraphState {
        let log = GraphLog::open(site.open()).await.unwrap();
        let head = log.head(&main(&log).await).await.unwrap().record;
        let (state, branch) = match log.branches().await.unwrap().as_slice() {
            [_main] => (GraphState::Old, fork(&log, "b", head.reference()).await),
            [branch, _main] => {
                assert!(done.is_none_or(|done| done == branch));
                (GraphState::New, Arc::clone(branch))
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(log.head(&branch).await.unwrap().record, head);
        assert_eq!(commit(&log, &branch).await.sequence, 0);
        state
    }
}

struct DeleteABranch;

impl FaultyOperation for DeleteABranch {
    const NAME: &'static str = "delete_branch";
    const CREATES: bool = false;
    type Prepared = Arc<CommitRecord>;
    type Done = Arc<BranchRecord>;

    async fn prepare(site: &TestLocation) -> Self::Prepared {
        let log = create(site.open()).await.unwrap();
        let head = log.head(&main(&log).await).await.unwrap().record;
        commit(&log, &fork(&log, "b", head.reference()).await).await
    }

    async fn open(store: objects::Store) -> Option<GraphLog> {
        Some(GraphLog::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<GraphLog>, _: &Self::Prepared) -> Result<Self::Done, Error> {
        log.unwrap().delete_branch("b").await
    }

    async fn inspect(site: &TestLocation, committed: &Self::Prepared, done: Option<&Self::Done>) -> GraphState {
        let log = GraphLog::open(site.open()).await.unwrap();
        assert_eq!(
            &log.commit_by_id(committed.commit).await.unwrap(),
            committed,
            "commits survive the deletion of their branch"
        );
        assert!(done.is_none_or(|done| done.id == committed.branch));
        let state = match log.branch("b").await {
            Ok(branch) => {
                assert_eq!(branch.id, committed.branch);
                assert_eq!(&log.head(&branch).await.unwrap().record, committed);
                log.delete_branch("b").await.unwrap();
                GraphState::Old
            }
            Err(Error::BranchNotFound { .. }) => GraphState::New,
            Err(other) => panic!("{other}"),
        };
        let head = log.head(&main(&log).await).await.unwrap().record;
        let again = fork(&log, "b", head.reference()).await;
        assert_ne!(again.id, committed.branch);
        assert_eq!(log.head(&again).await.unwrap().record, head);
        state
    }
}

/// The third block: its allocation probes two records.
struct TakeBlock;

impl FaultyOperation for TakeBlock {
    const NAME: &'static str = "allocate_fragment_block";
    type Prepared = u32;
    type Done = omnigraph_history::FragmentBlock;

    async fn prepare(site: &TestLocation) -> u32 {
        let log = create(site.open()).await.unwrap();
        log.allocate_fragment_block(0, 16).await.unwrap();
        log.allocate_fragment_block(1, 64).await.unwrap().ids.end
    }

    async fn open(store: objects::Store) -> Option<GraphLog> {
        Some(GraphLog::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<GraphLog>, _: &u32) -> Result<Self::Done, Error> {
        log.unwrap().allocate_fragment_block(0, 256).await
    }

    async fn inspect(site: &TestLocation, taken: &u32, done: Option<&Self::Done>) -> GraphState {
        let next = GraphLog::open(site.open()).await.unwrap().allocate_fragment_block(0, 16).await.unwrap();
        assert!(next.ids.start >= done.map_or(*taken, |done| done.ids.end), "a fragment id was allocated twice");
        match next.number {
            3 => GraphState::Old,
            4 => GraphState::New,
            other => panic!("block {other}"),
        }
    }
}

#[tokio::test]
async fn create_survives_every_fault() {
    on_both::<CreateGraphFault>().await;
}

#[tokio::test]
async fn publish_survives_every_fault() {
    on_both::<PublishCommit>().await;
}

#[tokio::test]
async fn create_branch_survives_every_fault() {
    on_both::<CreateABranch>().await;
}

#[tokio::test]
async fn delete_branch_survives_every_fault() {
    on_both::<DeleteABranch>().await;
}

#[tokio::test]
async fn allocate_fragment_block_survives_every_fault() {
    on_both::<TakeBlock>().await;
}
