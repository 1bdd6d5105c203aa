//! A merge as the writer takes it: planned anew on every base, and published like any other write.

use std::sync::Arc;

use omnigraph_log::{BranchRecord, CommitKind, CommitRecord};
use serde::Deserialize;

use super::conflict::of_rule;
use super::plan::Plan;
use super::question::{Pick, States};
use super::request::Answer;
use super::{Choices, MergeOutcome, MergePolicy, MergeReceipt, MergeRequest, PickRequest};
use crate::error::{Error, MergeConflict, MergeConflicts, Result};
use crate::snapshot::{Shared, Snapshot, Target};
use crate::write::{Adoption, Company, Effect, Job, Reads, StagedWrite, Submission, Writer, judged};

/// Takes the state `theirs` into `branch`.
pub(crate) async fn merge(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    theirs: &Arc<CommitRecord>,
    request: MergeRequest,
) -> Result<MergeReceipt> {
    let MergeRequest { policy, choices, actor, .. } = request;
    let what = What::Merge(Arc::clone(theirs));
    submit(shared, writer, branch, MergeJob { writer: writer.clone(), what, policy, choices, actor }).await
}

/// Undoes or repeats `commit` on `branch`.
pub(crate) async fn pick(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    (pick, commit): (Pick, &Arc<CommitRecord>),
    request: PickRequest,
) -> Result<MergeReceipt> {
    let PickRequest { policy, choices, actor, .. } = request;
    let what = What::Pick(pick, Arc::clone(commit));
    submit(shared, writer, branch, MergeJob { writer: writer.clone(), what, policy, choices, actor }).await
}

/// What a merge into the newest state of `branch` would do, conflicts and all.
pub(crate) async fn preview(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    theirs: &Arc<CommitRecord>,
    request: MergeRequest,
) -> Result<MergeReceipt> {
    let head = shared.log.head(branch).await?.record;
    let base = Snapshot::of(shared, Target::Branch(branch.name.clone()), head).await?;
    let MergeRequest { policy, choices, actor, .. } = request;
    let what = What::Merge(Arc::clone(theirs));
    let job = MergeJob { writer: writer.clone(), what, policy, choices, actor };
    let (_, answer, conflicts) = job.planned(&base).await?;
    let Answer { outcome, bases, types } = answer;
    Ok(MergeReceipt { outcome, bases, types, conflicts, commit: None, retries: 0 })
}

async fn submit(shared: &Shared, writer: &Writer, branch: &Arc<BranchRecord>, job: MergeJob) -> Result<MergeReceipt> {
    let actor = job.actor.clone();
    let submission = Submission { job: Arc::new(job), actor, condition: None, key: None };
    let done = writer.submit(shared, branch, submission).await?;
    let answer = Answer::deserialize(done.answer.as_ref()).map_err(|error| Error::internal(error.to_string()))?;
    let Answer { outcome, bases, types } = answer;
    Ok(MergeReceipt { outcome, bases, types, conflicts: Vec::new(), commit: done.record, retries: done.retries })
}

/// What is taken.
#[derive(Clone, Debug)]
enum What {
    /// Everything up to that commit.
    Merge(Arc<CommitRecord>),
    /// One commit.
    Pick(Pick, Arc<CommitRecord>),
}

#[derive(Debug)]
struct MergeJob {
    writer: Writer,
    what: What,
    policy: MergePolicy,
    choices: Choices,
    actor: Option<String>,
}

#[async_trait::async_trait]
impl Job for MergeJob {
    async fn prepare(&self, base: &Snapshot) -> Result<Effect> {
        let (staged, answer, conflicts) = self.planned(base).await?;
        if !conflicts.is_empty() {
            return Err(Error::MergeConflict(MergeConflicts(conflicts)));
        }
        let answer = serde_json::to_value(&answer).map_err(|error| Error::internal(error.to_string()))?;
        // Whatever changes on the branch can change what a merge comes to.
        let tables = base.commit().tables.keys().cloned().collect();
        Ok(Effect { staged: Arc::new(staged), reads: Reads { tables, ..Reads::default() }, answer: Arc::new(answer) })
    }

    fn company(&self) -> Company {
        Company::Alone
    }
}

impl MergeJob {
    /// What it does to `base`, and what stands against it.
    async fn planned(&self, base: &Snapshot) -> Result<(StagedWrite, Answer, Vec<MergeConflict>)> {
        let mut staged = StagedWrite {
            schema: base.commit().schema.clone(),
            kind: self.kind(),
            actor: self.actor.clone(),
            tables: Vec::new(),
            ends: Vec::new(),
            adoption: None,
        };
        let Some((states, bases)) = self.states(base).await? else {
            let answer = Answer { outcome: MergeOutcome::AlreadyUpToDate, bases: Vec::new(), types: Vec::new() };
            return Ok((staged, answer, Vec::new()));
        };
        let plan = Plan::make(&states, self.policy, &self.choices).await?;
        let answer = Answer { outcome: self.outcome(&states, &plan), bases, types: plan.summary() };
        if plan.conflicts.is_empty() && answer.outcome != MergeOutcome::AlreadyUpToDate {
            let catalog = if plan.takes_schema() { states.theirs.catalog() } else { states.ours.catalog() };
            let written = plan.written(catalog).await?;
            staged.tables = written.tables;
            let (parent, source) = match &self.what {
                What::Merge(theirs) => (Some(Arc::clone(theirs)), None),
                What::Pick(_, commit) => (None, Some(commit.reference())),
            };
            let adoption = Arc::new(Adoption { parent, source, ..written.adoption });
            staged.adoption = Some(Arc::clone(&adoption));
            if let Err(error) = judged(&staged, &adoption.onto(base).await?).await {
                let Error::Rule(rule) = error else { return Err(error) };
                let conflict = of_rule(&rule, catalog, &staged);
                return Ok((staged, answer, vec![conflict]));
            }
        }
        Ok((staged, answer, plan.conflicts))
    }

    fn kind(&self) -> CommitKind {
        match self.what {
            What::Merge(_) => CommitKind::Merge,
            What::Pick(Pick::Revert, _) => CommitKind::Revert,
            What::Pick(Pick::Repeat, _) => CommitKind::CherryPick,
        }
    }

    /// The three states; none if `base` has everything already.
    async fn states(&self, base: &Snapshot) -> Result<Option<(States, Vec<String>)>> {
        let log = &base.shared.log;
        match &self.what {
            What::Merge(theirs) => {
                let bases = log.kinship(std::slice::from_ref(base.commit()), std::slice::from_ref(theirs)).await?.bases;
                if bases.iter().any(|base| base.commit == theirs.commit) {
                    return Ok(None);
                }
                let ids = bases.iter().map(|base| base.commit.to_string()).collect();
                let target = Target::Commit(theirs.commit.to_string());
                let theirs = Snapshot::of(&base.shared, target, Arc::clone(theirs)).await?;
                Ok(Some((States::of_merge(&self.writer, base.clone(), theirs, &bases).await?, ids)))
            }
            What::Pick(pick, commit) => Ok(Some((States::of_pick(base.clone(), commit, *pick).await?, Vec::new()))),
        }
    }

    fn outcome(&self, states: &States, plan: &Plan<'_>) -> MergeOutcome {
        let unchanged = |a: &Snapshot, b: &Snapshot| {
            a.commit().tables == b.commit().tables && a.commit().schema == b.commit().schema
        };
        // Commits that came to nothing bring nothing.
        if unchanged(&states.theirs, &states.base) || (matches!(self.what, What::Pick(..)) && plan.is_empty()) {
            return MergeOutcome::AlreadyUpToDate;
        }
        if unchanged(&states.ours, &states.base) { MergeOutcome::FastForward } else { MergeOutcome::Merged }
    }
}
