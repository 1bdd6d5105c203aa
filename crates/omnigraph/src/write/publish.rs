//! Writers of one process take turns per branch, and those that wait share the next commit.
//!
//! ```text
//! submit ─► queue ─► round: what each does to the base ─► together ─► judge ─► versions ─► commit record ─► answers
//!                      ▲                                                                       │ lost the race
//!                      └───────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A round runs in a task of its own, so a caller who goes away disturbs nobody who shares his commit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_log::{BranchId, BranchRecord, Claim, CommitRecord, OperationId, SchemaHash};
use tokio::sync::oneshot;

use super::condition::WriteCondition;
use super::job::{Company, Effect, Job};
use super::{FragmentIds, round};
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::snapshot::{Shared, Snapshot};
use crate::validate::RowPlans;

/// The most writes that share a commit: a bound on the size of a record.
const MOST_TOGETHER: usize = 64;

/// What publishes writes. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pub(super) ids: FragmentIds,
    pub(super) heads: Heads,
    queues: Arc<Mutex<HashMap<BranchId, Arc<Queue>>>>,
    plans: Arc<Mutex<HashMap<SchemaHash, Arc<RowPlans>>>>,
}

/// A write, and on what terms.
#[derive(Debug)]
pub(crate) struct Submission {
    /// What it does.
    pub(crate) job: Arc<dyn Job>,
    /// Who asks for it.
    pub(crate) actor: Option<String>,
    /// What must be true for it to happen.
    pub(crate) condition: Option<WriteCondition>,
    /// Under which key a repetition gets the same answer.
    pub(crate) key: Option<IdempotencyKey>,
}

/// A key, and a digest of the request that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey {
    pub(crate) key: String,
    pub(crate) request: String,
}

/// A write that is done.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    /// The commit that has it; none if it changed nothing.
    pub(crate) record: Option<Arc<CommitRecord>>,
    /// What it answers.
    pub(crate) answer: Arc<serde_json::Value>,
    /// Races lost on the way.
    pub(crate) retries: u32,
    /// Whether it was done before, under the same idempotency key.
    pub(crate) replayed: bool,
}

/// A write that waits for its commit.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) submission: Submission,
    pub(super) operation: OperationId,
    /// Its claim; `first` moves on as records are looked at.
    pub(super) claim: Option<Claim>,
    /// What it does to the base it was last asked about.
    pub(super) prepared: Option<(Effect, Arc<CommitRecord>)>,
    pub(super) retries: u32,
    tell: oneshot::Sender<Result<Publication>>,
}

impl Waiting {
    /// Ends the wait. Whoever has gone away is not told.
    pub(super) fn tell(self, outcome: Result<Publication>) {
        let _ = self.tell.send(outcome);
    }

    /// Whether nobody waits any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.tell.is_closed()
    }
}

/// The writes that wait for one branch.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Waiting>,
    busy: bool,
}

impl Writer {
    /// A writer that has heads follow what it publishes.
    pub(crate) fn new(heads: Heads) -> Self {
        Self { ids: FragmentIds::default(), heads, queues: Arc::default(), plans: Arc::default() }
    }

    /// Makes a commit of `submission` on `branch`, on whatever base that has by then, or finds the commit that an earlier
    /// attempt under the same key made.
    pub(crate) async fn submit(
        &self,
        shared: &Shared,
        branch: &Arc<BranchRecord>,
        submission: Submission,
    ) -> Result<Publication> {
        let claim = match &submission.key {
            Some(IdempotencyKey { key, request }) => {
                let next = shared.log.known_or_head(branch).await?.next_sequence();
                Some(shared.log.claim(branch, key, request, next).await?)
            }
            None => None,
        };
        let (tell, told) = oneshot::channel();
        let operation = OperationId::new(shared.ambient().ulid());
        let waiting = Waiting { submission, operation, claim, prepared: None, retries: 0, tell };
        let queue = self.queue(branch.id);
        if queue.join(waiting) {
            tokio::spawn(serve(self.clone(), shared.clone(), Arc::clone(branch), queue));
        }
        told.await.unwrap_or_else(|_| Err(Error::internal("a writer ended without an answer")))
    }

    /// What the schema of a snapshot expects of rows.
    pub(crate) fn plans(&self, snapshot: &Snapshot) -> Result<Arc<RowPlans>> {
        let schema = &snapshot.commit().schema;
        if let Some(plans) = self.plans.lock().unwrap_or_else(PoisonError::into_inner).get(schema) {
            return Ok(Arc::clone(plans));
        }
        let plans = Arc::new(RowPlans::new(snapshot.catalog())?);
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).insert(schema.clone(), Arc::clone(&plans));
        Ok(plans)
    }

    fn queue(&self, branch: BranchId) -> Arc<Queue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(branch).or_default())
    }

    /// Forgets the queue of a branch if nobody has it any more but the caller.
    fn forget(&self, branch: BranchId, queue: &Arc<Queue>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever is to get it gets it under this lock. The map has it, and the caller.
        if Arc::strong_count(queue) == 2 {
            queues.remove(&branch);
        }
    }
}

impl Queue {
    /// Adds a write; says whether somebody has to serve the queue from now on.
    fn join(&self, waiting: Waiting) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(waiting);
        !std::mem::replace(&mut state.busy, true)
    }

    /// The writes of the next commit; none if nobody waits, and then nobody serves the queue.
    fn next(&self) -> Vec<Waiting> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut group: Vec<Waiting> = Vec::new();
        while let Some(waiting) = state.waiting.pop_front() {
            if waiting.is_abandoned() {
                continue;
            }
            let alone = waiting.submission.job.company() == Company::Alone;
            if alone && !group.is_empty() {
                state.waiting.push_front(waiting);
                break;
            }
            group.push(waiting);
            if alone || group.len() == MOST_TOGETHER {
                break;
            }
        }
        state.busy = !group.is_empty();
        group
    }

    /// Puts writes back that have to see the commit just made.
    fn put_back(&self, deferred: Vec<Waiting>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for waiting in deferred.into_iter().rev() {
            state.waiting.push_front(waiting);
        }
    }
}

/// Makes commits until nobody waits.
async fn serve(writer: Writer, shared: Shared, branch: Arc<BranchRecord>, queue: Arc<Queue>) {
    let mut duty = Duty(Some(queue));
    while let Some(queue) = &duty.0 {
        let group = queue.next();
        if group.is_empty() {
            writer.forget(branch.id, queue);
            // From here on it is somebody else's.
            duty.0 = None;
            return;
        }
        let deferred = round::run(&writer, &shared, &branch, group).await;
        queue.put_back(deferred);
    }
}

/// Lets nobody wait for a server that ended in the middle, as it does when its runtime is shut down.
struct Duty(Option<Arc<Queue>>);

impl Drop for Duty {
    fn drop(&mut self) {
        if let Some(queue) = &self.0 {
            let mut state = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.clear();
            state.busy = false;
        }
    }
}
