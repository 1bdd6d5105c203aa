//! A merge as the writer takes it: planned anew on every base, and published like any other write.

use std::collections::BTreeSet;
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::{BranchRecord, CommitKind, CommitRecord, TablePath};
use serde::Deserialize;

use super::conflict::of_rules;
use super::plan::Plan;
use super::question::{Pick, States};
use super::request::Answer;
use super::{Choices, MergeOutcome, MergePolicy, MergeReceipt, MergeRequest, PickRequest, Resolution, Resolved};
use crate::error::{EntityKind, Error, MergeConflict, MergeConflicts, Result};
use crate::keys::KeyHash;
use crate::mutate::{Applied, apply};
use crate::schema::QueryText;
use crate::snapshot::{Shared, Snapshot, Target};
use crate::write::{Adoption, Company, Effect, Job, Reads, StagedTable, StagedWrite, Submission, Writer, judged};

/// Takes the state `theirs` into `branch`.
pub(crate) async fn merge(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    theirs: &Arc<CommitRecord>,
    request: MergeRequest,
) -> Result<MergeReceipt> {
    submit(shared, writer, branch, MergeJob::new(shared, writer, What::Merge(Arc::clone(theirs)), request)).await
}

/// Undoes or repeats `commit` on `branch`.
pub(crate) async fn pick(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    (pick, commit): (Pick, &Arc<CommitRecord>),
    request: PickRequest,
) -> Result<MergeReceipt> {
    submit(shared, writer, branch, MergeJob::new(shared, writer, What::Pick(pick, Arc::clone(commit)), request)).await
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
    let planned = MergeJob::new(shared, writer, What::Merge(Arc::clone(theirs)), request).planned(&base).await?;
    Ok(planned.answer.receipt(planned.conflicts, None))
}

async fn submit(shared: &Shared, writer: &Writer, branch: &Arc<BranchRecord>, job: MergeJob) -> Result<MergeReceipt> {
    let actor = job.terms.actor.clone();
    let submission = Submission { job: Arc::new(job), actor, condition: None, key: None };
    let done = writer.submit(shared, branch, submission).await?;
    let answer = Answer::deserialize(done.answer.as_ref()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(answer.receipt(Vec::new(), Some(done)))
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
    terms: Terms,
    now_millis: i64,
}

/// On what terms something is taken.
#[derive(Debug)]
struct Terms {
    policy: MergePolicy,
    choices: Choices,
    resolution: Option<Resolution>,
    actor: Option<String>,
}

impl From<MergeRequest> for Terms {
    fn from(MergeRequest { policy, choices, resolution, actor, .. }: MergeRequest) -> Self {
        Self { policy, choices, resolution, actor }
    }
}

impl From<PickRequest> for Terms {
    fn from(PickRequest { policy, choices, resolution, actor, .. }: PickRequest) -> Self {
        Self { policy, choices, resolution, actor }
    }
}

/// A merge into a base.
struct Planned {
    staged: StagedWrite,
    answer: Answer,
    /// What stands against it.
    conflicts: Vec<MergeConflict>,
}

#[async_trait::async_trait]
impl Job for MergeJob {
    async fn prepare(&self, base: &Snapshot) -> Result<Effect> {
        let Planned { staged, answer, conflicts } = self.planned(base).await?;
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
    fn new(shared: &Shared, writer: &Writer, what: What, terms: impl Into<Terms>) -> Self {
        Self { writer: writer.clone(), what, terms: terms.into(), now_millis: shared.ambient().now_millis() }
    }

    /// What it does to `base`, and what stands against it.
    async fn planned(&self, base: &Snapshot) -> Result<Planned> {
        let mut planned = Planned { staged: self.empty(base), answer: Answer::nothing(), conflicts: Vec::new() };
        let Some((states, bases)) = self.states(base).await? else { return Ok(planned) };
        let mut plan = Plan::make(&states, self.terms.policy, &self.terms.choices).await?;
        planned.conflicts = std::mem::take(&mut plan.conflicts);
        if self.terms.resolution.is_some() && !planned.conflicts.is_empty() {
            plan = Plan::make(&states, self.terms.policy, &self.terms.choices.or_ours()).await?;
        }
        let outcome = self.outcome(&states, &plan);
        planned.answer = Answer { outcome, bases, types: plan.summary(), resolved: None };
        if outcome == MergeOutcome::AlreadyUpToDate || !plan.conflicts.is_empty() {
            return Ok(planned);
        }
        match &self.terms.resolution {
            Some(resolution) => self.resolve(base, &states, &plan, resolution, &mut planned).await?,
            None if planned.conflicts.is_empty() => self.write(&mut planned.staged, &plan, &BTreeSet::new()).await?,
            None => return Ok(planned),
        }
        if planned.conflicts.is_empty() {
            planned.conflicts = broken(&planned.staged, base, plan.catalog()).await?;
        }
        Ok(planned)
    }

    /// Runs the mutation that has the last word on what the plan comes to.
    async fn resolve(
        &self,
        base: &Snapshot,
        states: &States,
        plan: &Plan<'_>,
        resolution: &Resolution,
        planned: &mut Planned,
    ) -> Result<()> {
        self.write(&mut planned.staged, plan, &BTreeSet::new()).await?;
        let ground = planned.staged.ground(base).await?;
        let merged = self.writer.preview(&ground, &planned.staged.tables).await?;
        let Resolution { source, file, name, params, limits } = resolution;
        let text = QueryText { file, source, name: name.as_deref() };
        let applied = apply(&merged, &self.writer, text, (params.as_ref(), *limits, self.now_millis)).await?;
        let Applied { tables, query_name, affected_nodes, affected_edges } = applied;
        // Rows that the mutation changes are counted and written with those of the merge, so they are in memory.
        let changed: BTreeSet<TablePath> = tables.iter().map(|table| table.path.clone()).collect();
        if !changed.is_empty() {
            planned.staged = self.empty(base);
            self.write(&mut planned.staged, plan, &changed).await?;
            if planned.answer.outcome == MergeOutcome::FastForward {
                planned.answer.outcome = MergeOutcome::Merged;
            }
        }
        planned.conflicts.retain(|conflict| !settled(conflict, states, &tables));
        planned.staged.then(&tables)?;
        planned.answer.resolved = Some(Resolved { query_name, affected_nodes, affected_edges });
        Ok(())
    }

    /// A write that does nothing yet.
    fn empty(&self, base: &Snapshot) -> StagedWrite {
        StagedWrite {
            schema: base.commit().schema.clone(),
            kind: self.kind(),
            actor: self.terms.actor.clone(),
            tables: Vec::new(),
            ends: Vec::new(),
            adoption: None,
        }
    }

    /// Has `staged` do what is planned. Rows of the tables in `copied` are in memory, whatever they could share otherwise.
    async fn write(&self, staged: &mut StagedWrite, plan: &Plan<'_>, copied: &BTreeSet<TablePath>) -> Result<()> {
        let written = plan.written(copied).await?;
        staged.tables = written.tables;
        let (parent, source) = match &self.what {
            What::Merge(theirs) => (Some(Arc::clone(theirs)), None),
            What::Pick(_, commit) => (None, Some(commit.reference())),
        };
        staged.adoption = Some(Arc::new(Adoption { parent, source, ..written.adoption }));
        Ok(())
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

/// Whether a mutation that did this has decided about the entity of a conflict.
fn settled(conflict: &MergeConflict, states: &States, tables: &[StagedTable]) -> bool {
    let catalog = states.ours.catalog();
    let path = match conflict.entity_kind {
        EntityKind::Node => catalog.nodes.get(&conflict.type_name).map(|node| TablePath::node(node.table)),
        EntityKind::Edge => catalog.edges.get(&conflict.type_name).map(|edge| TablePath::edge(edge.table)),
    };
    let table = tables.iter().find(|table| Some(&table.path) == path.as_ref());
    let key = conflict.entity_id.as_deref().map(KeyHash::of);
    table.zip(key).is_some_and(|(table, key)| table.keys.contains(key) || table.removed.contains(key))
}

/// The rules that the result breaks.
async fn broken(staged: &StagedWrite, base: &Snapshot, catalog: &Catalog) -> Result<Vec<MergeConflict>> {
    match judged(staged, &staged.ground(base).await?).await {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Rule(broken)) => of_rules(&broken, catalog, staged).await,
        Err(other) => Err(other),
    }
}
