//! One commit, from those who wait to their answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, try_join, try_join_all};
use omnigraph_log::record::RECORD_FORMAT;
use omnigraph_log::{BranchRecord, CommitId, CommitRecord, Head, Operation, Published, TablePath};

use super::group::Group;
use super::judge::{Judged, judge};
use super::publish::{Publication, Waiting, Writer};
use super::staged::StagedWrite;
use super::version::{NextVersion, next_version};
use crate::error::{Error, Result};
use crate::heads::{Announced, Announcement};
use crate::snapshot::{Shared, Snapshot, Target};

/// Attempts before a writer gives up. With so many, only a branch that commits hundreds of times a second for minutes
/// could keep one writer out.
const MOST_ATTEMPTS: u32 = 200;
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Commits of others up to which it is told from their records whether what was read still holds.
const MOST_MISSED: u64 = 64;

/// Publishes what the members of `waiting` do, as one commit, and answers them. Gives back those that have to see that
/// commit first.
pub(super) async fn run(
    writer: &Writer,
    shared: &Shared,
    branch: &Arc<BranchRecord>,
    waiting: Vec<Waiting>,
) -> Vec<Waiting> {
    let newest = waiting.iter().any(|waiting| waiting.submission.condition.is_some());
    let mut round = Round { writer, shared, branch, waiting, deferred: Vec::new(), newest, lost: 0 };
    while !round.waiting.is_empty() {
        if let Err(error) = round.attempt().await {
            round.fail(error);
        }
    }
    round.deferred
}

struct Round<'a> {
    writer: &'a Writer,
    shared: &'a Shared,
    branch: &'a Arc<BranchRecord>,
    /// Who is still without an answer, in order.
    waiting: Vec<Waiting>,
    /// Who has to see the commit of this round.
    deferred: Vec<Waiting>,
    /// Whether the base must be the newest commit there is: so that nobody is refused, or told that there is nothing to
    /// do, on account of a state that is gone. A write that succeeds proves by its place that its base was the newest.
    newest: bool,
    lost: u32,
}

/// The members of a commit in the making.
struct Chosen {
    staged: Arc<StagedWrite>,
    /// What its rows come upon.
    ground: Snapshot,
    judged: Vec<Judged>,
}

impl Round<'_> {
    async fn attempt(&mut self) -> Result<()> {
        let log = &self.shared.log;
        let head = if self.newest { log.head(self.branch).await? } else { log.known_or_head(self.branch).await? };
        let target = Target::Branch(self.branch.name.clone());
        let base = Snapshot::of(self.shared, target, Arc::clone(&head.record)).await?;
        self.replay(&head).await?;
        if !self.prepare(&base).await? {
            self.newest = true;
            return Ok(());
        }
        let Some(chosen) = self.choose(&base).await? else { return Ok(()) };
        let next = chosen.staged.tables.iter().zip(chosen.judged);
        let unsettled = log.store().unsettled();
        let next =
            next.map(|(staged, judged)| next_version(&chosen.ground, &self.writer.ids, staged, judged, &unsettled));
        let tables = chosen.staged.paths();
        let announced = self.announce(&head, &chosen.staged, &tables);
        // Held until the fate of the commit is known: then the heads are looked after.
        let (versions, _announced) = try_join(try_join_all(next), announced).await?;
        let record = self.record(&head, &chosen.staged, &versions);
        match log.publish(&head, record, &unsettled).await? {
            Published::Committed(record) => self.answer(&record),
            Published::Lost => self.lose().await?,
        }
        Ok(())
    }

    /// Tells the heads of what is about to be published.
    async fn announce(&self, head: &Head, staged: &StagedWrite, tables: &[TablePath]) -> Result<Announced> {
        let operation = self.waiting.first().map(|waiting| waiting.operation);
        let operation = operation.ok_or_else(|| Error::internal("a commit of no write"))?;
        let (kind, actor) = (staged.kind, staged.actor.as_deref());
        self.writer.heads.announce(Announcement { operation, head, kind, actor, tables }).await
    }

    /// Answers those whose key has a commit already.
    async fn replay(&mut self, head: &Head) -> Result<()> {
        let next = head.next_sequence();
        for mut waiting in std::mem::take(&mut self.waiting) {
            let Some(claim) = waiting.claim.as_mut().filter(|claim| claim.first < next) else {
                self.waiting.push(waiting);
                continue;
            };
            match self.shared.log.find_claimed(self.branch.id, &claim.key, claim.first, next - 1).await {
                Ok(Some((record, place))) => waiting.tell(replayed(record, place)),
                Ok(None) => {
                    claim.first = next;
                    self.waiting.push(waiting);
                }
                Err(error) => waiting.tell(Err(error.into())),
            }
        }
        Ok(())
    }

    /// Asks each what it does to `base`, unless what it said of an earlier base still holds. False says that the base may
    /// be too old to refuse somebody.
    async fn prepare(&mut self, base: &Snapshot) -> Result<bool> {
        let mut stale = Vec::with_capacity(self.waiting.len());
        for waiting in &self.waiting {
            stale.push(!self.holds(waiting, base).await?);
        }
        let asked = self.waiting.iter().zip(&stale).map(|(waiting, stale)| async move {
            if *stale { Some(waiting.submission.job.prepare(base).await) } else { None }
        });
        let told = join_all(asked).await;
        if !self.newest && told.iter().flatten().any(Result::is_err) {
            return Ok(false);
        }
        for (mut waiting, told) in std::mem::take(&mut self.waiting).into_iter().zip(told) {
            match told {
                Some(Err(error)) => waiting.tell(Err(error)),
                Some(Ok(effect)) => {
                    waiting.prepared = Some((effect, Arc::clone(base.commit())));
                    self.waiting.push(waiting);
                }
                None => self.waiting.push(waiting),
            }
        }
        Ok(true)
    }

    /// Whether what a write does to an earlier base is what it does to this one.
    async fn holds(&self, waiting: &Waiting, base: &Snapshot) -> Result<bool> {
        let Some((effect, earlier)) = &waiting.prepared else { return Ok(false) };
        let now = base.commit();
        if earlier.commit == now.commit {
            return Ok(true);
        }
        // The first commit of a branch follows one of another branch.
        let first = if earlier.branch == now.branch { earlier.sequence + 1 } else { 0 };
        if now.branch != self.branch.id || now.sequence.saturating_sub(first) >= MOST_MISSED {
            return Ok(false);
        }
        for sequence in first..=now.sequence {
            let Some(record) = self.shared.log.record(self.branch.id, sequence).await? else { return Ok(false) };
            if record.schema != earlier.schema || effect.reads.changed_by(&record) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Who shares the commit. Those who would have to see what an earlier one does wait for the next; those who are refused
    /// are told. Without any row to change there is no commit.
    async fn choose(&mut self, base: &Snapshot) -> Result<Option<Chosen>> {
        let (group, members) = self.gather()?;
        if members.is_empty() {
            return Ok(None);
        }
        match self.admit(&members, &group, base).await {
            Ok(chosen) => self.settle(chosen, members),
            Err(_) if !self.newest => {
                // Refused perhaps for what is no longer so.
                self.newest = true;
                self.waiting = members;
                Ok(None)
            }
            Err(error) => self.sift(members, base, error).await,
        }
    }

    /// Those who can share a commit, as far as what they read and ask for allows.
    fn gather(&mut self) -> Result<(Group, Vec<Waiting>)> {
        let mut group = Group::default();
        let mut members: Vec<Waiting> = Vec::new();
        for next in std::mem::take(&mut self.waiting) {
            let Some((effect, _)) = &next.prepared else { return Err(Error::internal("a write was not prepared")) };
            let same_key = |other: &Waiting| {
                other.claim.as_ref().zip(next.claim.as_ref()).is_some_and(|(other, next)| other.key == next.key)
            };
            let apart = next.submission.condition.is_some() && !members.is_empty();
            if apart || group.disturbs(&effect.reads) || members.iter().any(same_key) {
                self.deferred.push(next);
            } else {
                group.push(Arc::clone(&effect.staged));
                members.push(next);
            }
        }
        Ok((group, members))
    }

    /// Holds writes to their conditions and, together, to the rules.
    async fn admit(&self, members: &[Waiting], group: &Group, base: &Snapshot) -> Result<Chosen> {
        let staged = group.together()?;
        if staged.schema != base.commit().schema {
            return Err(Error::SchemaMoved { branch: self.branch.name.clone() });
        }
        // Only the first can have one: others with conditions wait for a state of their own.
        if let Some(condition) = members.first().and_then(|first| first.submission.condition.as_ref()) {
            condition.hold(&staged, base).await?;
        }
        let ground = staged.ground(base).await?;
        let judged = judge(&staged, &ground).await?;
        Ok(Chosen { staged, ground, judged })
    }

    /// Together they were refused, so each is judged behind those before it, and who breaks a rule is told.
    async fn sift(&mut self, members: Vec<Waiting>, base: &Snapshot, error: Error) -> Result<Option<Chosen>> {
        if members.len() == 1 {
            self.waiting = members;
            return Err(error);
        }
        let (mut group, mut admitted, mut chosen) = (Group::default(), Vec::new(), None);
        for next in members {
            let Some((effect, _)) = &next.prepared else { return Err(Error::internal("a write was not prepared")) };
            group.push(Arc::clone(&effect.staged));
            admitted.push(next);
            match self.admit(&admitted, &group, base).await {
                Ok(so_far) => chosen = Some(so_far),
                Err(error) => {
                    group.pop();
                    if let Some(refused) = admitted.pop() {
                        refused.tell(Err(error));
                    }
                }
            }
        }
        match chosen {
            Some(chosen) => self.settle(chosen, admitted),
            None => Ok(None),
        }
    }

    /// The commit of `members`, if they change anything or somebody's answer must be kept.
    fn settle(&mut self, chosen: Chosen, members: Vec<Waiting>) -> Result<Option<Chosen>> {
        if chosen.staged.changes() || members.iter().any(|member| member.claim.is_some()) {
            self.waiting = members;
            return Ok(Some(chosen));
        }
        if !self.newest {
            self.newest = true;
            self.waiting = members;
            return Ok(None);
        }
        for member in members {
            tell(member, None);
        }
        Ok(None)
    }

    fn record(&self, head: &Head, staged: &StagedWrite, versions: &[NextVersion]) -> CommitRecord {
        let base = head.record.as_ref();
        let sequence = head.next_sequence();
        let now = self.shared.ambient().now_micros();
        let mut record = CommitRecord {
            format: RECORD_FORMAT,
            commit: CommitId::mint(now, head.branch.id, sequence),
            branch: head.branch.id,
            sequence,
            generation: base.generation + 1,
            parents: vec![base.reference()],
            kind: staged.kind,
            source: None,
            actor: staged.actor.clone(),
            authored_at: now,
            schema: staged.schema.clone(),
            tables: base.tables.clone(),
            changes: BTreeMap::new(),
            operations: self.waiting.iter().map(|waiting| self.operation(waiting)).collect(),
            fragment_blocks: versions.iter().map(|version| version.newest_block).fold(base.fragment_blocks, u64::max),
        };
        if let Some(adoption) = &staged.adoption {
            adoption.complete(&mut record);
        }
        for version in versions {
            record.tables.insert(version.table.path().clone(), version.table.pin());
            record.changes.insert(version.table.path().clone(), version.change.clone());
        }
        record
    }

    fn operation(&self, waiting: &Waiting) -> Operation {
        let key = waiting.claim.as_ref().map(|claim| claim.key.clone());
        let kept = waiting.prepared.as_ref().filter(|_| key.is_some());
        let answer = kept.map(|(effect, _)| {
            serde_json::json!({ "changed": effect.staged.changes(), "answer": effect.answer.as_ref() }).to_string()
        });
        Operation { id: waiting.operation, actor: waiting.submission.actor.clone(), idempotency_key: key, answer }
    }

    fn answer(&mut self, record: &Arc<CommitRecord>) {
        for waiting in self.waiting.drain(..) {
            tell(waiting, Some(record));
        }
    }

    /// Somebody else took the place: looks again after a moment that grows with each lost race and is never the same for
    /// two writers.
    async fn lose(&mut self) -> Result<()> {
        self.lost += 1;
        self.newest = true;
        if self.lost >= MOST_ATTEMPTS {
            return Err(Error::Contention { branch: self.branch.name.clone(), attempts: MOST_ATTEMPTS });
        }
        for waiting in &mut self.waiting {
            waiting.retries += 1;
        }
        let most = LONGEST_PAUSE.min(Duration::from_millis(1 << self.lost.min(10)));
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
        let ambient = self.shared.ambient();
        ambient.sleep(Duration::from_micros(ambient.random_u64() % micros)).await;
        Ok(())
    }

    /// Tells all that are left of a failure that is nobody's own.
    fn fail(&mut self, error: Error) {
        let mut left = std::mem::take(&mut self.waiting);
        if left.len() > 1 {
            let error = Arc::new(error);
            left.drain(..).for_each(|waiting| waiting.tell(Err(Error::Shared(Arc::clone(&error)))));
        } else if let Some(only) = left.pop() {
            only.tell(Err(error));
        }
    }
}

fn tell(waiting: Waiting, record: Option<&Arc<CommitRecord>>) {
    let Some((effect, _)) = &waiting.prepared else { return };
    let publication = Publication {
        record: record.filter(|_| effect.staged.changes()).map(Arc::clone),
        answer: Arc::clone(&effect.answer),
        retries: waiting.retries,
        replayed: false,
    };
    waiting.tell(Ok(publication));
}

/// The answer that a commit keeps for one of its operations. A write that changed nothing has a commit only for the sake of
/// its key.
fn replayed(record: Arc<CommitRecord>, place: usize) -> Result<Publication> {
    #[derive(serde::Deserialize)]
    struct Kept {
        changed: bool,
        answer: serde_json::Value,
    }
    let kept = record.operations.get(place).and_then(|operation| operation.answer.as_deref());
    let kept: Option<Kept> = kept.and_then(|text| serde_json::from_str(text).ok());
    let kept = kept.ok_or_else(|| Error::internal(format!("commit {} keeps no answer for its key", record.commit)))?;
    let record = kept.changed.then_some(record);
    Ok(Publication { record, answer: Arc::new(kept.answer), retries: 0, replayed: true })
}
