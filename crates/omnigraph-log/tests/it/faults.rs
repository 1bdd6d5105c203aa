//! Every call of every operation fails once, before and after it took effect, alone and with all that follow. Afterwards
//! the graph is as it was or as it was to be, never in between, and the next operation works.

use std::sync::Arc;

use omnigraph_log::branch::MAIN;
use omnigraph_log::{BranchRecord, CommitRecord, CreateBranch, Error, Log, NewBranch, Published};
use omnigraph_objects as objects;
use omnigraph_testkit::fault::{Fault, Rule};

use crate::site::Site;
use crate::write::{after, commit, commits, create, fork, history, main};

const KINDS: [Fault; 4] = [Fault::FailBefore, Fault::FailAfter, Fault::CrashBefore, Fault::CrashAfter];

/// What an operation left behind, seen by a handle that knows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
}

/// An operation under test. `prepare` runs without faults and leaves what `run` needs.
trait Operation {
    const NAME: &'static str;
    /// Whether it creates an object, so that an error must tell "did not happen" from "may have happened". A deletion
    /// need not: it can be asked for again.
    const CREATES: bool = true;
    type Prepared;
    type Done;

    async fn prepare(site: &Site) -> Self::Prepared;
    async fn open(store: objects::Store) -> Option<Log>;
    async fn run(store: objects::Store, log: Option<Log>, prepared: &Self::Prepared) -> Result<Self::Done, Error>;
    /// Which state `site` is in, checked in full; then the next operation, which must work.
    async fn look(site: &Site, prepared: &Self::Prepared, done: Option<&Self::Done>) -> State;
}

/// One run with at most one rule. The answer, the calls made, and the site.
async fn run<O: Operation>(site: &Site, rule: Option<Rule>) -> (Result<O::Done, Error>, O::Prepared, usize) {
    let prepared = O::prepare(site).await;
    let (store, faults) = site.open_faulty();
    let log = O::open(store.clone()).await;
    faults.take_calls();
    if let Some(rule) = rule {
        faults.add(rule);
    }
    let answer = O::run(store, log, &prepared).await;
    (answer, prepared, faults.calls().len())
}

async fn every_fault<O: Operation>(make: fn() -> Site) -> usize {
    let site = make();
    let (answer, prepared, calls) = run::<O>(&site, None).await;
    let done = answer.unwrap_or_else(|error| panic!("{} without a fault: {error}", O::NAME));
    assert_eq!(O::look(&site, &prepared, Some(&done)).await, State::New);
    let mut injected = 0;
    for kind in KINDS {
        for index in 0..calls {
            let site = make();
            let (answer, prepared, made) = run::<O>(&site, Some(Rule::new(kind).nth(index))).await;
            assert!(made > index, "the fault struck");
            injected += 1;
            let context = || format!("{} with {kind:?} at call {index} of {calls}", O::NAME);
            let state = O::look(&site, &prepared, answer.as_ref().ok()).await;
            match answer {
                Ok(_) => assert_eq!(state, State::New, "acknowledged and lost: {}", context()),
                Err(error) => {
                    assert!(matches!(kind, Fault::CrashBefore | Fault::CrashAfter), "{}: {error}", context());
                    let Error::Store(error) = error else { panic!("{}: {error}", context()) };
                    let unknown = error.kind() == objects::ErrorKind::Unknown;
                    let told = state == State::Old || unknown || !O::CREATES;
                    assert!(told, "it happened and the error says it did not: {}: {error}", context());
                }
            }
        }
    }
    injected
}

async fn on_both<O: Operation>() {
    for (name, make) in Site::both() {
        let injected = every_fault::<O>(make).await;
        println!("{} on {name}: {injected} faults injected, 0 half-done states, 0 acknowledged and lost", O::NAME);
        assert!(injected > 0);
    }
}

struct Create;

impl Operation for Create {
    const NAME: &'static str = "create";
    type Prepared = ();
    type Done = Log;

    async fn prepare(_: &Site) {}

    async fn open(_: objects::Store) -> Option<Log> {
        None
    }

    async fn run(store: objects::Store, _: Option<Log>, (): &()) -> Result<Log, Error> {
        create(store).await
    }

    async fn look(site: &Site, (): &(), done: Option<&Log>) -> State {
        let state = match Log::open(site.open()).await {
            Ok(log) => {
                assert!(done.is_none_or(|done| done.stamp() == log.stamp()));
                assert_eq!(create(site.open()).await.unwrap_err().code(), "OG-LOG-002");
                State::New
            }
            Err(Error::NoGraph { .. }) => {
                create(site.open()).await.unwrap();
                State::Old
            }
            Err(other) => panic!("{other}"),
        };
        let log = Log::open(site.open()).await.unwrap();
        let main = main(&log).await;
        assert_eq!(history(&log, &main).await.len(), 1);
        assert_eq!(commit(&log, &main).await.sequence, 1);
        state
    }
}

/// The thirty-first commit, after which the hint is written.
struct Publish;

impl Operation for Publish {
    const NAME: &'static str = "publish";
    type Prepared = ();
    type Done = Arc<CommitRecord>;

    async fn prepare(site: &Site) {
        commits(&create(site.open()).await.unwrap(), 30).await;
    }

    async fn open(store: objects::Store) -> Option<Log> {
        let log = Log::open(store).await.unwrap();
        log.head(&main(&log).await).await.unwrap();
        Some(log)
    }

    async fn run(_: objects::Store, log: Option<Log>, (): &()) -> Result<Self::Done, Error> {
        let log = log.unwrap();
        let head = log.known_or_head(&main(&log).await).await?;
        match log.publish(&head, after(log.store(), &head), &log.store().unsettled()).await? {
            Published::Committed(record) => Ok(record),
            Published::Lost => panic!("nobody else writes"),
        }
    }

    async fn look(site: &Site, (): &(), done: Option<&Self::Done>) -> State {
        let log = Log::open(site.open()).await.unwrap();
        let main = main(&log).await;
        let records = history(&log, &main).await;
        let state = match records[0].sequence {
            30 => State::Old,
            31 => State::New,
            other => panic!("the head is {other}"),
        };
        assert!(done.is_none_or(|done| records.contains(done)));
        assert_eq!(records.len() as u64, records[0].sequence + 1);
        assert_eq!(commit(&log, &main).await.sequence, records[0].sequence + 1);
        state
    }
}

struct CreateABranch;

impl Operation for CreateABranch {
    const NAME: &'static str = "create_branch";
    type Prepared = ();
    type Done = Arc<BranchRecord>;

    async fn prepare(site: &Site) {
        commits(&create(site.open()).await.unwrap(), 2).await;
    }

    async fn open(store: objects::Store) -> Option<Log> {
        Some(Log::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<Log>, (): &()) -> Result<Self::Done, Error> {
        let log = log.unwrap();
        let from = log.head(&log.branch(MAIN).await?).await?.record.reference();
        match log.create_branch(CreateBranch { name: "b".to_owned(), from, actor: None }).await? {
            NewBranch::Created(branch) => Ok(branch),
            NewBranch::Taken => panic!("the name is free"),
        }
    }

    async fn look(site: &Site, (): &(), done: Option<&Self::Done>) -> State {
        let log = Log::open(site.open()).await.unwrap();
        let head = log.head(&main(&log).await).await.unwrap().record;
        let (state, branch) = match log.branches().await.unwrap().as_slice() {
            [_main] => (State::Old, fork(&log, "b", head.reference()).await),
            [branch, _main] => {
                assert!(done.is_none_or(|done| done == branch));
                (State::New, Arc::clone(branch))
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(log.head(&branch).await.unwrap().record, head);
        assert_eq!(commit(&log, &branch).await.sequence, 0);
        state
    }
}

struct DeleteABranch;

impl Operation for DeleteABranch {
    const NAME: &'static str = "delete_branch";
    const CREATES: bool = false;
    type Prepared = Arc<CommitRecord>;
    type Done = Arc<BranchRecord>;

    async fn prepare(site: &Site) -> Self::Prepared {
        let log = create(site.open()).await.unwrap();
        let head = log.head(&main(&log).await).await.unwrap().record;
        commit(&log, &fork(&log, "b", head.reference()).await).await
    }

    async fn open(store: objects::Store) -> Option<Log> {
        Some(Log::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<Log>, _: &Self::Prepared) -> Result<Self::Done, Error> {
        log.unwrap().delete_branch("b").await
    }

    async fn look(site: &Site, committed: &Self::Prepared, done: Option<&Self::Done>) -> State {
        let log = Log::open(site.open()).await.unwrap();
        assert_eq!(&log.commit(committed.commit).await.unwrap(), committed, "commits outlive their branch's name");
        assert!(done.is_none_or(|done| done.id == committed.branch));
        let state = match log.branch("b").await {
            Ok(branch) => {
                assert_eq!(branch.id, committed.branch);
                assert_eq!(&log.head(&branch).await.unwrap().record, committed);
                log.delete_branch("b").await.unwrap();
                State::Old
            }
            Err(Error::NoBranch { .. }) => State::New,
            Err(other) => panic!("{other}"),
        };
        let head = log.head(&main(&log).await).await.unwrap().record;
        let again = fork(&log, "b", head.reference()).await;
        assert_ne!(again.id, committed.branch);
        assert_eq!(log.head(&again).await.unwrap().record, head);
        state
    }
}

/// The third block, so that there is something to probe.
struct TakeBlock;

impl Operation for TakeBlock {
    const NAME: &'static str = "take_fragment_block";
    type Prepared = u32;
    type Done = omnigraph_log::FragmentBlock;

    async fn prepare(site: &Site) -> u32 {
        let log = create(site.open()).await.unwrap();
        log.take_fragment_block(0, 16).await.unwrap();
        log.take_fragment_block(1, 64).await.unwrap().ids.end
    }

    async fn open(store: objects::Store) -> Option<Log> {
        Some(Log::open(store).await.unwrap())
    }

    async fn run(_: objects::Store, log: Option<Log>, _: &u32) -> Result<Self::Done, Error> {
        log.unwrap().take_fragment_block(0, 256).await
    }

    async fn look(site: &Site, taken: &u32, done: Option<&Self::Done>) -> State {
        let next = Log::open(site.open()).await.unwrap().take_fragment_block(0, 16).await.unwrap();
        assert!(next.ids.start >= done.map_or(*taken, |done| done.ids.end), "an id was given twice");
        match next.number {
            3 => State::Old,
            4 => State::New,
            other => panic!("block {other}"),
        }
    }
}

#[tokio::test]
async fn create_survives_every_fault() {
    on_both::<Create>().await;
}

#[tokio::test]
async fn publish_survives_every_fault() {
    on_both::<Publish>().await;
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
async fn take_fragment_block_survives_every_fault() {
    on_both::<TakeBlock>().await;
}
