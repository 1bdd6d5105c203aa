//! One group commit: from pending writes to their replies, as an explicit state machine.
//!
//! ```text
//!                 ┌──────────── lost race: back off ───────────┐
//!                 ▼                                            │
//! Retry(freshness) ─ read head ─ replay keys ─ prepare ─ select and validate ─► Commit(batch) ─► Done
//!                 ▲                                │
//!                 └── failed on a cached head ─────┘
//! ```
//!
//! The first attempt uses the cached head: a successful commit proves that it was the latest. A failure on it proves
//! nothing, so that the group is tried again on the latest head before any caller gets an error or "nothing to do".

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, try_join, try_join_all};
use omnigraph_history::{BranchHead, BranchRecord, PublishOutcome};

use super::batch::{Batch, ValidatedWrite, WriteGroup, commit_record, stored_outcome};
use super::next_version::write_version;
use super::queue::{EffectOnBase, PendingWrite, PreparedWrite};
use super::resolve::resolve_write;
use super::{GraphWriter, PlannedCommit};
use crate::error::{Error, Result};
use crate::snapshot::{Engine, Snapshot, Target};

/// Attempts of a group. A writer fails only on a branch that gets hundreds of commits per second for minutes.
const MAX_ATTEMPTS: u32 = 200;
/// The longest pause between attempts.
const MAX_BACKOFF: Duration = Duration::from_millis(50);
/// Concurrent commits whose records are compared with a read set. After more, the operation runs again.
const MAX_REPLAYED_COMMITS: u64 = 64;

/// The head that an attempt starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    /// The newest commit that this handle knows.
    Cached,
    /// The newest commit of the branch.
    Latest,
}

/// The next step of a group.
enum CommitStep {
    /// Select a batch on a head.
    Retry(Freshness),
    /// Publish a batch.
    Commit(Box<Batch>),
    /// Every write has its reply or is deferred.
    Done,
}

/// The result of preparing a write.
enum Preparation {
    Ready(PreparedWrite),
    Failed(PendingWrite, Error),
}

struct GroupCommit<'a> {
    writer: &'a GraphWriter,
    engine: &'a Engine,
    branch: &'a Arc<BranchRecord>,
    /// Writes without a reply, in order.
    pending: Vec<PendingWrite>,
    /// Writes that have to see the commit of this group.
    deferred: Vec<PendingWrite>,
    lost_races: u32,
}

/// Commits the writes of `group` together and replies to them. Returns the writes that have to see the commit first.
pub(super) async fn commit_group(
    writer: &GraphWriter,
    engine: &Engine,
    branch: &Arc<BranchRecord>,
    group: Vec<PendingWrite>,
) -> Vec<PendingWrite> {
    let conditional = group.iter().any(|write| write.request.condition.is_some());
    let mut step = CommitStep::Retry(if conditional { Freshness::Latest } else { Freshness::Cached });
    let mut group = GroupCommit { writer, engine, branch, pending: group, deferred: Vec::new(), lost_races: 0 };
    loop {
        step = match step {
            CommitStep::Retry(freshness) => group.next_batch(freshness).await,
            CommitStep::Commit(batch) => group.try_commit(*batch).await,
            CommitStep::Done => return group.deferred,
        };
    }
}

impl GroupCommit<'_> {
    /// Selects the next batch on the head of the branch.
    async fn next_batch(&mut self, freshness: Freshness) -> CommitStep {
        let (head, base) = match self.open_head(freshness).await {
            Ok(opened) => opened,
            Err(error) => {
                fail_all(std::mem::take(&mut self.pending), error);
                return CommitStep::Done;
            }
        };
        self.replay_keys(&head).await;
        match self.prepare_writes(&base, freshness).await {
            Some(writes) => self.select_batch(writes, head, &base, freshness).await,
            None => CommitStep::Retry(Freshness::Latest),
        }
    }

    async fn open_head(&self, freshness: Freshness) -> Result<(BranchHead, Snapshot)> {
        let head = match freshness {
            Freshness::Cached => self.engine.log.cached_or_latest_head(self.branch).await?,
            Freshness::Latest => self.engine.log.head(self.branch).await?,
        };
        let target = Target::Branch(self.branch.name.clone());
        let base = Snapshot::open(self.engine, target, Arc::clone(&head.record)).await?;
        Ok((head, base))
    }

    /// Replies to writes whose idempotency key has a commit.
    async fn replay_keys(&mut self, head: &BranchHead) {
        let next = head.next_sequence();
        for mut write in std::mem::take(&mut self.pending) {
            let Some(claim) = write.claim.as_mut().filter(|claim| claim.first < next) else {
                self.pending.push(write);
                continue;
            };
            match self.engine.log.find_by_idempotency_key(self.branch.id, &claim.key, claim.first, next - 1).await {
                Ok(Some((record, operation))) => write.reply(stored_outcome(record, operation)),
                Ok(None) => {
                    claim.first = next;
                    self.pending.push(write);
                }
                Err(error) => write.reply(Err(error.into())),
            }
        }
    }

    /// Prepares every write on `base`: revalidates its earlier effect, or runs its operation. Returns none if a failure may
    /// be due to a cached head.
    async fn prepare_writes(&mut self, base: &Snapshot, freshness: Freshness) -> Option<Vec<PreparedWrite>> {
        let mut unchanged = Vec::with_capacity(self.pending.len());
        for write in &self.pending {
            // If the check fails, the operation runs again.
            unchanged.push(self.read_set_unchanged(write, base).await.unwrap_or(false));
        }
        let writes = std::mem::take(&mut self.pending).into_iter().zip(unchanged);
        let preparations = join_all(writes.map(|(write, unchanged)| prepare_write(write, unchanged, base))).await;
        let failed = |preparation: &Preparation| matches!(preparation, Preparation::Failed(..));
        if freshness == Freshness::Cached && preparations.iter().any(failed) {
            let pending = preparations.into_iter().map(|preparation| match preparation {
                Preparation::Ready(prepared) => prepared.into_pending(),
                Preparation::Failed(write, _) => write,
            });
            self.pending = pending.collect();
            return None;
        }
        let mut prepared = Vec::with_capacity(preparations.len());
        for preparation in preparations {
            match preparation {
                Preparation::Ready(write) => prepared.push(write),
                Preparation::Failed(write, error) => write.reply(Err(error)),
            }
        }
        Some(prepared)
    }

    /// Returns true if a write has an earlier effect whose read set no commit changed since.
    async fn read_set_unchanged(&self, write: &PendingWrite, base: &Snapshot) -> Result<bool> {
        let Some(earlier) = &write.earlier else { return Ok(false) };
        let (then, now) = (&earlier.base, base.record());
        if then.commit == now.commit {
            return Ok(true);
        }
        // The first commit of a branch follows a commit of another branch.
        let first = if then.branch == now.branch { then.sequence + 1 } else { 0 };
        if now.branch != self.branch.id || now.sequence.saturating_sub(first) >= MAX_REPLAYED_COMMITS {
            return Ok(false);
        }
        for sequence in first..=now.sequence {
            let Some(record) = self.engine.log.record(self.branch.id, sequence).await? else { return Ok(false) };
            if record.schema != then.schema || earlier.effect.read_set.is_changed_by(&record) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Selects the writes of the commit. Writes that have to see an earlier one are deferred; writes that violate a
    /// constraint get their error.
    async fn select_batch(
        &mut self,
        prepared: Vec<PreparedWrite>,
        head: BranchHead,
        base: &Snapshot,
        freshness: Freshness,
    ) -> CommitStep {
        let (group, writes) = self.collect_compatible(prepared);
        if writes.is_empty() {
            return CommitStep::Done;
        }
        match self.validate_batch(&writes, &group, base).await {
            Ok(validated) => self.finish_batch(Batch { head, writes, validated }, freshness),
            Err(_) if freshness == Freshness::Cached => {
                self.pending = writes.into_iter().map(PreparedWrite::into_pending).collect();
                CommitStep::Retry(Freshness::Latest)
            }
            Err(error) => match self.isolate_failures(writes, base, error).await {
                Some((validated, writes)) => self.finish_batch(Batch { head, writes, validated }, freshness),
                None => CommitStep::Done,
            },
        }
    }

    /// Collects the writes that can share a commit by their read sets and conditions, and defers the others.
    fn collect_compatible(&mut self, prepared: Vec<PreparedWrite>) -> (WriteGroup, Vec<PreparedWrite>) {
        let mut group = WriteGroup::default();
        let mut writes: Vec<PreparedWrite> = Vec::new();
        for next in prepared {
            let same_key = |other: &PreparedWrite| {
                let claims = other.pending.claim.as_ref().zip(next.pending.claim.as_ref());
                claims.is_some_and(|(other, next)| other.key == next.key)
            };
            // Only the first write of a batch can have a condition: it is checked against the base.
            let conditional = next.pending.request.condition.is_some() && !writes.is_empty();
            let effect = &next.prepared.effect;
            if conditional || group.conflicts_with(&effect.read_set) || writes.iter().any(same_key) {
                self.deferred.push(next.into_pending());
            } else {
                group.push(Arc::clone(&effect.staged));
                writes.push(next);
            }
        }
        (group, writes)
    }

    /// Checks the condition and, for all writes together, the constraints.
    async fn validate_batch(
        &self,
        writes: &[PreparedWrite],
        group: &WriteGroup,
        base: &Snapshot,
    ) -> Result<ValidatedWrite> {
        let staged = group.combine()?;
        if staged.schema != base.record().schema {
            return Err(Error::SchemaMoved { branch: self.branch.name.clone() });
        }
        if let Some(condition) = writes.first().and_then(|first| first.pending.request.condition.as_ref()) {
            condition.check(&staged, base).await?;
        }
        let base = staged.effective_base(base).await?;
        let tables = resolve_write(&staged, &base).await?;
        Ok(ValidatedWrite { staged, base, tables })
    }

    /// Validates each write on top of the earlier ones after they failed together, and replies to those that fail.
    async fn isolate_failures(
        &self,
        writes: Vec<PreparedWrite>,
        base: &Snapshot,
        error: Error,
    ) -> Option<(ValidatedWrite, Vec<PreparedWrite>)> {
        if writes.len() == 1 {
            fail_all(writes.into_iter().map(PreparedWrite::into_pending).collect(), error);
            return None;
        }
        let (mut group, mut admitted, mut validated) = (WriteGroup::default(), Vec::new(), None);
        for next in writes {
            group.push(Arc::clone(&next.prepared.effect.staged));
            admitted.push(next);
            match self.validate_batch(&admitted, &group, base).await {
                Ok(so_far) => validated = Some(so_far),
                Err(error) => {
                    group.pop();
                    if let Some(failed) = admitted.pop() {
                        failed.pending.reply(Err(error));
                    }
                }
            }
        }
        validated.map(|validated| (validated, admitted))
    }

    /// Decides if the batch needs a commit: it has changes, or a response has to be stored for an idempotency key.
    fn finish_batch(&mut self, batch: Batch, freshness: Freshness) -> CommitStep {
        let stores_response = batch.writes.iter().any(|write| write.pending.claim.is_some());
        if batch.validated.staged.has_changes() || stores_response {
            return CommitStep::Commit(Box::new(batch));
        }
        if freshness == Freshness::Cached {
            self.pending = batch.writes.into_iter().map(PreparedWrite::into_pending).collect();
            return CommitStep::Retry(Freshness::Latest);
        }
        batch.writes.into_iter().for_each(|write| write.finish(None));
        CommitStep::Done
    }

    /// Publishes a batch and replies to its writes.
    async fn try_commit(&mut self, batch: Batch) -> CommitStep {
        let Batch { head, writes, validated } = batch;
        let error = match self.publish(&head, &writes, validated).await {
            Ok(PublishOutcome::Committed(record)) => {
                writes.into_iter().for_each(|write| write.finish(Some(&record)));
                return CommitStep::Done;
            }
            Ok(PublishOutcome::Lost) => self.back_off().await.err(),
            Err(error) => Some(error),
        };
        let mut writes: Vec<PendingWrite> = writes.into_iter().map(PreparedWrite::into_pending).collect();
        match error {
            Some(error) => {
                fail_all(writes, error);
                CommitStep::Done
            }
            None => {
                writes.iter_mut().for_each(|write| write.retries += 1);
                self.pending = writes;
                CommitStep::Retry(Freshness::Latest)
            }
        }
    }

    /// Writes the table versions of a batch and puts its commit record.
    async fn publish(
        &self,
        head: &BranchHead,
        writes: &[PreparedWrite],
        validated: ValidatedWrite,
    ) -> Result<PublishOutcome> {
        let ValidatedWrite { staged, base, tables } = validated;
        let log = &self.engine.log;
        let sync_batch = log.store().sync_batch();
        let versions = staged.tables.iter().zip(tables);
        let versions =
            versions.map(|(staged, resolved)| write_version(&base, &self.writer.ids, staged, resolved, &sync_batch));
        let operation = writes.first().map(|write| write.pending.operation);
        let operation = operation.ok_or_else(|| Error::internal("a commit without a write"))?;
        let (kind, actor, tables) = (staged.kind, staged.actor.as_deref(), staged.table_paths());
        let announced =
            self.writer.listener.before_publish(PlannedCommit { operation, head, kind, actor, tables: &tables });
        // The guard is dropped when the outcome of the commit is known.
        let (versions, _guard) = try_join(try_join_all(versions), announced).await?;
        let record = commit_record(head, writes, &staged, &versions, self.engine.env().now_micros());
        Ok(log.publish(head, record, &sync_batch).await?)
    }

    /// Waits after a lost race: exponential backoff with full jitter.
    async fn back_off(&mut self) -> Result<()> {
        self.lost_races += 1;
        if self.lost_races >= MAX_ATTEMPTS {
            return Err(Error::Contention { branch: self.branch.name.clone(), attempts: MAX_ATTEMPTS });
        }
        let longest = MAX_BACKOFF.min(Duration::from_millis(1 << self.lost_races.min(10)));
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX).max(1);
        let env = self.engine.env();
        env.sleep(Duration::from_micros(env.random_u64() % micros)).await;
        Ok(())
    }
}

/// Keeps the earlier effect of a write if its read set is unchanged, and otherwise runs its operation.
async fn prepare_write(mut write: PendingWrite, unchanged: bool, base: &Snapshot) -> Preparation {
    if let Some(prepared) = write.earlier.take().filter(|_| unchanged) {
        return Preparation::Ready(PreparedWrite { pending: write, prepared });
    }
    match write.request.op.prepare(base).await {
        Ok(effect) => {
            let prepared = EffectOnBase { effect, base: Arc::clone(base.record()) };
            Preparation::Ready(PreparedWrite { pending: write, prepared })
        }
        Err(error) => Preparation::Failed(write, error),
    }
}

/// Replies to all writes with an error that is not specific to one of them.
fn fail_all(mut writes: Vec<PendingWrite>, error: Error) {
    if writes.len() > 1 {
        let error = Arc::new(error);
        writes.drain(..).for_each(|write| write.reply(Err(Error::GroupCommit(Arc::clone(&error)))));
    } else if let Some(write) = writes.pop() {
        write.reply(Err(error));
    }
}
