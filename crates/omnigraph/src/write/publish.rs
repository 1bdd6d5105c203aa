//! The loop around the one door.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{try_join, try_join_all};
use omnigraph_log::record::RECORD_FORMAT;
use omnigraph_log::{
    BranchId, BranchRecord, CommitId, CommitRecord, Head, Operation, OperationId, Published, TablePath,
};

use super::judge::judge;
use super::version::{NextVersion, next_version};
use super::{FragmentIds, StagedWrite};
use crate::error::{Error, Result};
use crate::heads::{Announcement, Heads};
use crate::snapshot::{Shared, Snapshot, Target};

/// Attempts before a writer gives up. With so many, only a branch that commits hundreds of times a second for minutes
/// could keep one writer out.
const MOST_ATTEMPTS: u32 = 200;
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What publishes staged writes. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    ids: FragmentIds,
    heads: Heads,
    queues: Arc<Mutex<HashMap<BranchId, Arc<tokio::sync::Mutex<()>>>>>,
}

/// A write that is a commit now.
#[derive(Debug)]
pub(crate) struct Publication {
    /// The commit.
    pub(crate) record: Arc<CommitRecord>,
    /// Races lost on the way.
    pub(crate) retries: u32,
}

impl Writer {
    /// A writer that has heads follow what it publishes.
    pub(crate) fn new(heads: Heads) -> Self {
        Self { ids: FragmentIds::default(), heads, queues: Arc::default() }
    }

    /// Publishes `staged` on `branch`, on whatever base that has by then.
    pub(crate) async fn publish(
        &self,
        shared: &Shared,
        branch: &Arc<BranchRecord>,
        staged: &StagedWrite,
    ) -> Result<Publication> {
        // Writers of this process take turns: a race among them would only make garbage.
        let queue = self.queue(branch.id);
        let _turn = queue.lock().await;
        for attempt in 0..MOST_ATTEMPTS {
            let head =
                if attempt == 0 { shared.log.known_or_head(branch).await? } else { shared.log.head(branch).await? };
            if head.record.schema != staged.schema {
                return Err(Error::SchemaMoved { branch: branch.name.clone() });
            }
            if let Published::Committed(record) = self.attempt(shared, &head, staged).await? {
                return Ok(Publication { record, retries: attempt });
            }
            pause(shared, attempt).await;
        }
        Err(Error::Contention { branch: branch.name.clone(), attempts: MOST_ATTEMPTS })
    }

    async fn attempt(&self, shared: &Shared, head: &Head, staged: &StagedWrite) -> Result<Published> {
        let target = Target::Branch(head.branch.name.clone());
        let base = Snapshot::of(shared, target, Arc::clone(&head.record)).await?;
        let judged = judge(staged, &base).await?;
        let next = staged.tables.iter().zip(judged);
        let next = next.map(|(staged, judged)| next_version(&base, &self.ids, staged, judged));
        let operation = OperationId::new(shared.ambient().ulid());
        let tables: Vec<TablePath> = staged.tables.iter().map(|table| table.path.clone()).collect();
        let (kind, actor) = (staged.kind, staged.actor.as_deref());
        let announcement = Announcement { operation, head, kind, actor, tables: &tables };
        // Held until the fate of the commit is known: then the heads are looked after.
        let (versions, _announced) = try_join(try_join_all(next), self.heads.announce(announcement)).await?;
        let record = record(shared, head, staged, &versions, operation);
        Ok(shared.log.publish(head, record).await?)
    }

    fn queue(&self, branch: BranchId) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(branch).or_default())
    }
}

fn record(
    shared: &Shared,
    head: &Head,
    staged: &StagedWrite,
    versions: &[NextVersion],
    operation: OperationId,
) -> CommitRecord {
    let base = head.record.as_ref();
    let sequence = head.next_sequence();
    let now = shared.ambient().now_micros();
    let mut tables = base.tables.clone();
    let mut changes = BTreeMap::new();
    for version in versions {
        tables.insert(version.table.path().clone(), version.table.pin());
        changes.insert(version.table.path().clone(), version.change.clone());
    }
    let operation = Operation { id: operation, actor: staged.actor.clone(), idempotency_key: None };
    CommitRecord {
        format: RECORD_FORMAT,
        commit: CommitId::mint(now, head.branch.id, sequence),
        branch: head.branch.id,
        sequence,
        generation: base.generation + 1,
        parents: vec![base.reference()],
        kind: staged.kind,
        actor: staged.actor.clone(),
        authored_at: now,
        schema: staged.schema.clone(),
        tables,
        changes,
        operations: vec![operation],
        fragment_blocks: versions.iter().map(|version| version.newest_block).fold(base.fragment_blocks, u64::max),
    }
}

/// Waits a moment that grows with each lost race and is never the same for two writers.
async fn pause(shared: &Shared, attempt: u32) {
    let most = LONGEST_PAUSE.min(Duration::from_millis(1 << attempt.min(10)));
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    let ambient = shared.ambient();
    ambient.sleep(Duration::from_micros(ambient.random_u64() % micros)).await;
}
