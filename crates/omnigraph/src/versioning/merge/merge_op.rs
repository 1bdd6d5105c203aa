//! The write operation of a merge, and its receipt. It is planned again on every base.

use std::collections::BTreeSet;
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::{BranchRecord, CommitKind, TablePath};
use serde::{Deserialize, Serialize};

use super::inputs::{MergeInputs, MergeSource};
use super::plan::MergePlan;
use super::strategy::{MergeOptions, ResolutionQuery};
use crate::error::{
    ConflictKind, ConstraintViolation, EntityKind, Error, MergeConflict, MergeConflicts, Result, RowOrigin,
};
use crate::index::key::KeyHash;
use crate::snapshot::schema::QueryText;
use crate::snapshot::{Commit, Engine, Snapshot, Target};
use crate::table::RowAddress;
use crate::write::commit::{
    Batching, GraphWriter, PreparedEffect, ReadSet, StagedTable, StagedWrite, TableSwap, WriteOp, WriteOutcome,
    WriteRequest, check_constraints,
};
use crate::write::constraints::violations;
use crate::write::mutation::{AppliedMutation, apply_mutation};

/// The outcome of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeOutcome {
    /// The target already contains the source: no commit was made.
    AlreadyUpToDate,
    /// The target had no changes since the base, and now has the state of the source.
    FastForward,
    /// The result contains changes of both sides.
    Merged,
}

impl MergeOutcome {
    /// Returns its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyUpToDate => "already_up_to_date",
            Self::FastForward => "fast_forward",
            Self::Merged => "merged",
        }
    }
}

/// The changes of a merge to one type of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedType {
    /// Node or edge.
    pub kind: EntityKind,
    /// The type.
    #[serde(rename = "type")]
    pub name: String,
    /// Inserted entities.
    pub inserted: u64,
    /// Updated entities.
    pub updated: u64,
    /// Deleted entities.
    pub deleted: u64,
    /// Reports that the table version of the source was taken as a whole.
    pub adopted: bool,
}

/// The effect of a resolution query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolutionSummary {
    /// The name of the query.
    pub query_name: String,
    /// Written and deleted nodes, summed over the statements.
    pub affected_nodes: u64,
    /// Written and deleted edges, including those of deleted nodes, summed over the statements.
    pub affected_edges: u64,
}

/// The result of a merge or of its preview.
#[derive(Clone, Debug)]
pub struct MergeReceipt {
    /// The outcome.
    pub outcome: MergeOutcome,
    /// The ids of the merge bases.
    pub bases: Vec<String>,
    /// The changed types.
    pub types: Vec<MergedType>,
    /// The effect of the resolution query.
    pub resolved: Option<ResolutionSummary>,
    /// The unresolved conflicts. Only a preview has any: a merge with conflicts is an error.
    pub conflicts: Vec<MergeConflict>,
    /// The commit; none for a preview and if nothing changed.
    pub commit: Option<Commit>,
    /// The lost races before the commit.
    pub retries: u32,
}

/// The part of a receipt that is known before the commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MergeResponse {
    outcome: MergeOutcome,
    bases: Vec<String>,
    types: Vec<MergedType>,
    resolved: Option<ResolutionSummary>,
}

impl MergeResponse {
    fn receipt(self, conflicts: Vec<MergeConflict>, written: Option<WriteOutcome>) -> MergeReceipt {
        let Self { outcome, bases, types, resolved } = self;
        let retries = written.as_ref().map_or(0, |written| written.retries);
        let commit = written.and_then(|written| written.record).map(Into::into);
        MergeReceipt { outcome, bases, types, resolved, conflicts, commit, retries }
    }
}

/// Merges `source` into `branch`.
pub(crate) async fn merge(
    engine: &Engine,
    writer: &GraphWriter,
    branch: &Arc<BranchRecord>,
    source: MergeSource,
    options: MergeOptions,
) -> Result<MergeReceipt> {
    let actor = options.actor.clone();
    let op = Arc::new(MergeOp::new(engine, writer, source, options));
    let written = writer.submit(engine, branch, WriteRequest { op, actor, condition: None, key: None }).await?;
    let response = MergeResponse::deserialize(written.response.as_ref());
    Ok(response.map_err(|error| Error::internal(error.to_string()))?.receipt(Vec::new(), Some(written)))
}

/// Returns the receipt of a merge into the current head of `branch`, with its conflicts.
pub(crate) async fn preview_merge(
    engine: &Engine,
    writer: &GraphWriter,
    branch: &Arc<BranchRecord>,
    source: MergeSource,
    options: MergeOptions,
) -> Result<MergeReceipt> {
    let head = engine.log.head(branch).await?.record;
    let base = Snapshot::open(engine, Target::Branch(branch.name.clone()), head).await?;
    let planned = MergeOp::new(engine, writer, source, options).plan(&base).await?;
    Ok(planned.response.receipt(planned.conflicts, None))
}

#[derive(Debug)]
struct MergeOp {
    writer: GraphWriter,
    source: MergeSource,
    options: MergeOptions,
    now_millis: i64,
}

/// A merge into a base.
struct PlannedMerge {
    staged: StagedWrite,
    response: MergeResponse,
    conflicts: Vec<MergeConflict>,
}

#[async_trait::async_trait]
impl WriteOp for MergeOp {
    async fn prepare(&self, base: &Snapshot) -> Result<PreparedEffect> {
        let PlannedMerge { staged, response, conflicts } = self.plan(base).await?;
        if !conflicts.is_empty() {
            return Err(Error::MergeConflict(MergeConflicts(conflicts)));
        }
        let response = serde_json::to_value(&response).map_err(|error| Error::internal(error.to_string()))?;
        // Every change of the branch can change the result.
        let read_set = ReadSet { tables: base.record().tables.keys().cloned().collect(), ..ReadSet::default() };
        Ok(PreparedEffect { staged: Arc::new(staged), read_set, response: Arc::new(response) })
    }

    fn batching(&self) -> Batching {
        Batching::Exclusive
    }
}

impl MergeOp {
    fn new(engine: &Engine, writer: &GraphWriter, source: MergeSource, options: MergeOptions) -> Self {
        Self { writer: writer.clone(), source, options, now_millis: engine.env().now_millis() }
    }

    /// Plans the merge into `base`.
    async fn plan(&self, base: &Snapshot) -> Result<PlannedMerge> {
        let (outcome, bases) = (MergeOutcome::AlreadyUpToDate, Vec::new());
        let response = MergeResponse { outcome, bases, types: Vec::new(), resolved: None };
        let mut planned = PlannedMerge { staged: self.empty_write(base), response, conflicts: Vec::new() };
        let Some((inputs, bases)) = self.inputs(base).await? else { return Ok(planned) };
        let MergeOptions { policy, strategy, resolution, .. } = &self.options;
        let mut plan = MergePlan::new(&inputs, *policy, strategy).await?;
        planned.conflicts = std::mem::take(&mut plan.conflicts);
        if resolution.is_some() && !planned.conflicts.is_empty() {
            plan = MergePlan::new(&inputs, *policy, &strategy.with_default_ours()).await?;
        }
        let outcome = self.outcome(&inputs, &plan);
        planned.response = MergeResponse { outcome, bases, types: plan.summary(), resolved: None };
        if outcome == MergeOutcome::AlreadyUpToDate || !plan.conflicts.is_empty() {
            return Ok(planned);
        }
        match resolution {
            Some(query) => self.resolve_by_query(base, &inputs, &plan, query, &mut planned).await?,
            None if planned.conflicts.is_empty() => self.stage(&mut planned.staged, &plan, &BTreeSet::new()).await?,
            None => return Ok(planned),
        }
        if planned.conflicts.is_empty() {
            planned.conflicts = constraint_conflicts(&planned.staged, base, plan.catalog()).await?;
        }
        Ok(planned)
    }

    /// Runs the resolution query on the planned state.
    async fn resolve_by_query(
        &self,
        base: &Snapshot,
        inputs: &MergeInputs,
        plan: &MergePlan<'_>,
        query: &ResolutionQuery,
        planned: &mut PlannedMerge,
    ) -> Result<()> {
        self.stage(&mut planned.staged, plan, &BTreeSet::new()).await?;
        let merged = planned.staged.effective_base(base).await?;
        let merged = self.writer.overlay(&merged, &planned.staged.tables).await?;
        let ResolutionQuery { source, file, name, params, limits } = query;
        let text = QueryText { file, source, name: name.as_deref(), params: params.as_ref() };
        let applied = apply_mutation(&merged, &self.writer, text, *limits, self.now_millis).await?;
        let AppliedMutation { tables, query_name, affected_nodes, affected_edges } = applied;
        // Tables that the query changes are written once, so their rows have to be in memory.
        let changed: BTreeSet<TablePath> = tables.iter().map(|table| table.path.clone()).collect();
        if !changed.is_empty() {
            planned.staged = self.empty_write(base);
            self.stage(&mut planned.staged, plan, &changed).await?;
            if planned.response.outcome == MergeOutcome::FastForward {
                planned.response.outcome = MergeOutcome::Merged;
            }
        }
        planned.conflicts.retain(|conflict| !is_resolved(conflict, inputs, &tables));
        planned.staged.append(&tables)?;
        planned.response.resolved = Some(ResolutionSummary { query_name, affected_nodes, affected_edges });
        Ok(())
    }

    fn empty_write(&self, base: &Snapshot) -> StagedWrite {
        StagedWrite {
            schema: base.record().schema.clone(),
            kind: match self.source {
                MergeSource::Branch(_) => CommitKind::Merge,
                MergeSource::CherryPick(_) => CommitKind::CherryPick,
                MergeSource::Revert(_) => CommitKind::Revert,
            },
            actor: self.options.actor.clone(),
            tables: Vec::new(),
            endpoint_lookups: Vec::new(),
            swap: None,
        }
    }

    /// Adds the plan to `staged`. Rows of the tables in `copied` are in memory.
    async fn stage(&self, staged: &mut StagedWrite, plan: &MergePlan<'_>, copied: &BTreeSet<TablePath>) -> Result<()> {
        let merged = plan.materialize(copied).await?;
        let (parent, source) = match &self.source {
            MergeSource::Branch(theirs) => (Some(Arc::clone(theirs)), None),
            MergeSource::CherryPick(commit) | MergeSource::Revert(commit) => (None, Some(commit.reference())),
        };
        staged.tables = merged.tables;
        staged.swap = Some(Arc::new(TableSwap { parent, source, ..merged.swap }));
        Ok(())
    }

    /// Returns the inputs and the ids of the merge bases; none if `base` contains the source.
    async fn inputs(&self, base: &Snapshot) -> Result<Option<(MergeInputs, Vec<String>)>> {
        let inputs = match &self.source {
            MergeSource::Branch(theirs) => {
                let (ours, theirs_commit) = (std::slice::from_ref(base.record()), std::slice::from_ref(theirs));
                let bases = base.engine.log.commit_relation(ours, theirs_commit).await?.merge_bases;
                if bases.iter().any(|base| base.commit == theirs.commit) {
                    return Ok(None);
                }
                let ids = bases.iter().map(|base| base.commit.to_string()).collect();
                return Ok(Some((MergeInputs::for_branch(&self.writer, base.clone(), theirs, &bases).await?, ids)));
            }
            MergeSource::CherryPick(commit) => MergeInputs::for_cherry_pick(base.clone(), commit).await?,
            MergeSource::Revert(commit) => MergeInputs::for_revert(base.clone(), commit).await?,
        };
        Ok(Some((inputs, Vec::new())))
    }

    fn outcome(&self, inputs: &MergeInputs, plan: &MergePlan<'_>) -> MergeOutcome {
        let is_same = |a: &Snapshot, b: &Snapshot| {
            a.record().tables == b.record().tables && a.record().schema == b.record().schema
        };
        let is_branch = matches!(self.source, MergeSource::Branch(_));
        if is_same(&inputs.theirs, &inputs.base) || (!is_branch && plan.is_empty()) {
            return MergeOutcome::AlreadyUpToDate;
        }
        if is_same(&inputs.ours, &inputs.base) { MergeOutcome::FastForward } else { MergeOutcome::Merged }
    }
}

/// Reports if a resolution query that wrote `tables` resolved the entity of a conflict.
fn is_resolved(conflict: &MergeConflict, inputs: &MergeInputs, tables: &[StagedTable]) -> bool {
    let catalog = inputs.ours.catalog();
    let path = match conflict.entity_kind {
        EntityKind::Node => catalog.nodes.get(&conflict.type_name).map(|node| TablePath::node(node.table)),
        EntityKind::Edge => catalog.edges.get(&conflict.type_name).map(|edge| TablePath::edge(edge.table)),
    };
    let table = tables.iter().find(|table| Some(&table.path) == path.as_ref());
    let key = conflict.entity_id.as_deref().map(KeyHash::new);
    table.zip(key).is_some_and(|(table, key)| table.keys.contains(key) || table.removed.contains(key))
}

/// Returns the constraints that the result violates, as conflicts.
async fn constraint_conflicts(staged: &StagedWrite, base: &Snapshot, catalog: &Catalog) -> Result<Vec<MergeConflict>> {
    let report = match check_constraints(staged, &staged.effective_base(base).await?).await {
        Ok(()) => return Ok(Vec::new()),
        Err(Error::Constraint(report)) => report,
        Err(other) => return Err(other),
    };
    let mut conflicts = Vec::with_capacity(report.errors.len());
    for violation in report.errors {
        let kind = match violation.code {
            violations::UNIQUE => ConflictKind::UniqueViolation,
            violations::CARDINALITY => ConflictKind::CardinalityViolation,
            violations::ENDPOINT => ConflictKind::OrphanEdge,
            _ => ConflictKind::ValueConstraintViolation,
        };
        let is_edge = catalog.edges.contains_key(&violation.type_name);
        let entity_kind = if is_edge { EntityKind::Edge } else { EntityKind::Node };
        let reused_id = reused_entity_id(&violation, entity_kind, staged).await?;
        let ConstraintViolation { message, type_name, entity_id, .. } = violation;
        let entity_id = entity_id.or(reused_id);
        conflicts.push(MergeConflict { entity_kind, type_name, entity_id, kind, message });
    }
    conflicts.sort();
    Ok(conflicts)
}

/// Returns the id of the first violating row if it is in a reused fragment.
async fn reused_entity_id(
    violation: &ConstraintViolation,
    kind: EntityKind,
    staged: &StagedWrite,
) -> Result<Option<String>> {
    let Some(RowOrigin::Stored { fragment, offset }) = violation.rows.first().copied() else { return Ok(None) };
    let label = format!("{kind} type '{}'", violation.type_name);
    let table = staged.tables.iter().find(|table| table.label == label);
    match table.and_then(|table| table.reused_fragments.first()) {
        Some(reused) => reused.table.id_by_address(RowAddress::new(fragment, offset)).await.map(Some),
        None => Ok(None),
    }
}
