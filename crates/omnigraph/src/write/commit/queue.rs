//! The commit queue of each branch. The writes of one process that wait for a branch share the next commit.
//!
//! The first writer that finds the queue idle starts a leader task, which commits group after group until the queue is
//! empty. A caller that is cancelled therefore does not affect the writes that share its commit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_history::{BranchId, BranchRecord, CommitRecord, IdempotencyClaim, OperationId, SchemaHash};
use tokio::sync::oneshot;

use super::attempt::commit_group;
use super::{
    Batching, CommitListener, FragmentIdAllocator, IdempotencyKey, PreparedEffect, WriteOutcome, WriteRequest,
};
use crate::error::{Error, Result};
use crate::snapshot::{Engine, Snapshot};
use crate::write::constraints::RowPlans;

/// Writes that share a commit at most: a bound on the size of a record.
const MAX_BATCH: usize = 64;

/// The writer of a graph: all commits of a handle go through it. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct GraphWriter {
    pub(super) ids: FragmentIdAllocator,
    pub(super) listener: Arc<dyn CommitListener>,
    queues: Arc<Mutex<HashMap<BranchId, Arc<BranchQueue>>>>,
    plans: Arc<Mutex<HashMap<SchemaHash, Arc<RowPlans>>>>,
}

/// An effect and the base that it was computed on.
#[derive(Debug)]
pub(super) struct EffectOnBase {
    pub(super) effect: PreparedEffect,
    pub(super) base: Arc<CommitRecord>,
}

/// A submitted write without an effect on the current base.
#[derive(Debug)]
pub(super) struct PendingWrite {
    pub(super) request: WriteRequest,
    pub(super) operation: OperationId,
    /// The claim of the idempotency key. Its `first` advances past records that were searched.
    pub(super) claim: Option<IdempotencyClaim>,
    /// The effect on an earlier base, to be revalidated.
    pub(super) earlier: Option<EffectOnBase>,
    /// The number of lost races.
    pub(super) retries: u32,
    reply: oneshot::Sender<Result<WriteOutcome>>,
}

/// A submitted write with its effect on the current base.
#[derive(Debug)]
pub(super) struct PreparedWrite {
    pub(super) pending: PendingWrite,
    pub(super) prepared: EffectOnBase,
}

/// The commit queue of one branch.
#[derive(Debug, Default)]
struct BranchQueue {
    state: Mutex<QueueState>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<PendingWrite>,
    /// True while a leader task commits the writes of the queue.
    has_leader: bool,
}

impl PendingWrite {
    /// Completes the write. A caller that was cancelled gets no reply.
    pub(super) fn reply(self, outcome: Result<WriteOutcome>) {
        let _ = self.reply.send(outcome);
    }

    fn is_cancelled(&self) -> bool {
        self.reply.is_closed()
    }
}

impl PreparedWrite {
    /// Returns the write with its effect as an earlier one.
    pub(super) fn into_pending(self) -> PendingWrite {
        PendingWrite { earlier: Some(self.prepared), ..self.pending }
    }

    /// Completes the write. `record` is its commit, if its batch made one.
    pub(super) fn finish(self, record: Option<&Arc<CommitRecord>>) {
        let PreparedEffect { staged, response, .. } = self.prepared.effect;
        let record = record.filter(|_| staged.has_changes()).map(Arc::clone);
        let retries = self.pending.retries;
        self.pending.reply(Ok(WriteOutcome { record, response, retries, replayed: false }));
    }
}

impl GraphWriter {
    /// Returns a writer that announces its commits to `listener`.
    pub(crate) fn new(listener: Arc<dyn CommitListener>) -> Self {
        Self { ids: FragmentIdAllocator::default(), listener, queues: Arc::default(), plans: Arc::default() }
    }

    /// Commits `request` on the newest state of `branch`, or finds the commit of an earlier request under the same
    /// idempotency key.
    pub(crate) async fn submit(
        &self,
        engine: &Engine,
        branch: &Arc<BranchRecord>,
        request: WriteRequest,
    ) -> Result<WriteOutcome> {
        let claim = match &request.key {
            Some(IdempotencyKey { key, request }) => {
                let next = engine.log.cached_or_latest_head(branch).await?.next_sequence();
                Some(engine.log.claim_idempotency_key(branch, key, request, next).await?)
            }
            None => None,
        };
        let (reply, outcome) = oneshot::channel();
        let operation = OperationId::new(engine.env().ulid());
        let write = PendingWrite { request, operation, claim, earlier: None, retries: 0, reply };
        let queue = self.branch_queue(branch.id);
        if queue.push(write) == QueueRole::Leader {
            tokio::spawn(run_commit_loop(self.clone(), engine.clone(), Arc::clone(branch), queue));
        }
        outcome.await.unwrap_or_else(|_| Err(Error::internal("the commit loop ended without a reply")))
    }

    /// Returns the row plans of the schema of a snapshot.
    pub(crate) fn row_plans(&self, snapshot: &Snapshot) -> Result<Arc<RowPlans>> {
        let schema = &snapshot.record().schema;
        if let Some(plans) = self.plans.lock().unwrap_or_else(PoisonError::into_inner).get(schema) {
            return Ok(Arc::clone(plans));
        }
        let plans = Arc::new(RowPlans::new(snapshot.catalog())?);
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).insert(schema.clone(), Arc::clone(&plans));
        Ok(plans)
    }

    fn branch_queue(&self, branch: BranchId) -> Arc<BranchQueue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(branch).or_default())
    }

    /// Removes the queue of a branch unless another writer holds it.
    fn remove_queue(&self, branch: BranchId, queue: &Arc<BranchQueue>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // Writers take a queue under this lock only. The map and the caller hold the two references.
        if Arc::strong_count(queue) == 2 {
            queues.remove(&branch);
        }
    }
}

/// The role of a writer after it joined a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QueueRole {
    /// The writer starts the commit loop.
    Leader,
    /// A commit loop is running.
    Follower,
}

impl BranchQueue {
    fn push(&self, write: PendingWrite) -> QueueRole {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(write);
        if std::mem::replace(&mut state.has_leader, true) { QueueRole::Follower } else { QueueRole::Leader }
    }

    /// Takes the writes of the next commit. If there is none, the leader resigns.
    fn next_group(&self) -> Vec<PendingWrite> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut group: Vec<PendingWrite> = Vec::new();
        while let Some(write) = state.waiting.pop_front() {
            if write.is_cancelled() {
                continue;
            }
            let exclusive = write.request.op.batching() == Batching::Exclusive;
            if exclusive && !group.is_empty() {
                state.waiting.push_front(write);
                break;
            }
            group.push(write);
            if exclusive || group.len() == MAX_BATCH {
                break;
            }
        }
        state.has_leader = !group.is_empty();
        group
    }

    /// Returns writes that have to see the previous commit.
    fn push_front(&self, deferred: Vec<PendingWrite>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for write in deferred.into_iter().rev() {
            state.waiting.push_front(write);
        }
    }
}

/// Commits group after group until the queue is empty.
async fn run_commit_loop(writer: GraphWriter, engine: Engine, branch: Arc<BranchRecord>, queue: Arc<BranchQueue>) {
    let mut guard = LeaderGuard(Some(queue));
    while let Some(queue) = &guard.0 {
        let group = queue.next_group();
        if group.is_empty() {
            writer.remove_queue(branch.id, queue);
            // A later writer may be the leader already.
            guard.0 = None;
            return;
        }
        let deferred = commit_group(&writer, &engine, &branch, group).await;
        queue.push_front(deferred);
    }
}

/// Clears the queue when a leader ends early, as it does when its runtime shuts down: no caller waits forever.
struct LeaderGuard(Option<Arc<BranchQueue>>);

impl Drop for LeaderGuard {
    fn drop(&mut self) {
        if let Some(queue) = &self.0 {
            let mut state = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.clear();
            state.has_leader = false;
        }
    }
}
