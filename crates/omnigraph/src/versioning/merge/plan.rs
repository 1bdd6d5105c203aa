//! The plan of a merge: the resolution of every entity, tables to swap and rows to write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::record::TouchedKeys;
use omnigraph_history::{SchemaHash, TableChange, TablePath};

use super::dangling_edges::resolve_dangling_edges;
use super::inputs::{EntityIds, MergeInputs};
use super::materialize::{read_rows, reused_constraint_inputs};
use super::merge_op::MergedType;
use super::resolve::{EntityResolution, TypeResolution, resolve_entities};
use super::strategy::{ConflictStrategy, MergePolicy};
use super::type_diff::{TypeDiff, type_diffs};
use crate::error::{ConflictKind, EntityKind, MergeConflict, Result};
use crate::index::key::KeyHash;
use crate::table::{ReusedFragment, RowAddress};
use crate::write::commit::{StagedRows, StagedTable, SwappedTable, TableSwap, WriteMode};

/// Rows from which a fragment of the source is reused. Fewer rows are copied into the file that is written anyway, so that
/// merges of many small writes do not leave many small fragments.
const MIN_REUSED_ROWS: usize = 1024;

/// The plan of one type.
#[derive(Debug)]
pub(super) struct TypeMergePlan<'a> {
    pub(super) diff: TypeDiff<'a>,
    pub(super) resolution: TypeResolution,
}

/// The plan of a merge.
#[derive(Debug)]
pub(super) struct MergePlan<'a> {
    types: Vec<TypeMergePlan<'a>>,
    /// The schema of the result, if it is not that of the target.
    schema: Option<SchemaHash>,
    /// Unresolved conflicts, by type and id.
    pub(super) conflicts: Vec<MergeConflict>,
    fragment_blocks: u64,
    catalog: &'a Catalog,
}

/// A merge as tables to swap and rows to write.
pub(super) struct MaterializedMerge {
    pub(super) tables: Vec<StagedTable>,
    pub(super) swap: TableSwap,
}

impl<'a> MergePlan<'a> {
    /// Resolves every entity.
    pub(super) async fn new(inputs: &'a MergeInputs, policy: MergePolicy, strategy: &ConflictStrategy) -> Result<Self> {
        let (schema, schema_conflict) = merge_schemas(inputs);
        let mut conflicts = Vec::from_iter(schema_conflict);
        let mut types = Vec::new();
        for diff in type_diffs(inputs).await? {
            let resolution = match diff.needs_resolution() {
                true => resolve_entities(&diff, inputs, policy, strategy).await?,
                false => TypeResolution::default(),
            };
            types.push(TypeMergePlan { diff, resolution });
        }
        let catalog = if schema.is_some() { inputs.theirs.catalog() } else { inputs.ours.catalog() };
        resolve_dangling_edges(&mut types, catalog, strategy).await?;
        for plan in &types {
            conflicts.extend(plan.resolution.conflicts.iter().cloned());
            conflicts.extend(plan.diff.shape_conflict());
        }
        conflicts.sort();
        let fragment_blocks = inputs.theirs.record().fragment_blocks;
        Ok(Self { types, schema, conflicts, fragment_blocks, catalog })
    }

    /// Deletes every entity with an unresolved conflict from the result, and returns their ids.
    pub(super) fn delete_conflicting(&mut self) -> EntityIds {
        let mut deleted = EntityIds::new();
        for plan in &mut self.types {
            for conflict in std::mem::take(&mut plan.resolution.conflicts) {
                let Some(id) = conflict.entity_id.map(String::into_boxed_str) else { continue };
                plan.delete_entity(&id);
                deleted.entry(plan.diff.ty.path()).or_default().insert(id);
            }
        }
        self.conflicts.clear();
        deleted
    }

    /// Returns the catalog of the result.
    pub(super) fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Reports if the result is the target.
    pub(super) fn is_empty(&self) -> bool {
        self.schema.is_none() && !self.types.iter().any(TypeMergePlan::has_changes)
    }

    /// Returns the changes by type.
    pub(super) fn summary(&self) -> Vec<MergedType> {
        let summary = self.types.iter().filter(|plan| plan.has_changes()).map(|plan| {
            let TableChange { inserted, updated, deleted, .. } = plan.change();
            let (kind, name) = (plan.diff.ty.kind, plan.diff.ty.name.to_owned());
            MergedType { kind, name, inserted, updated, deleted, adopted: plan.is_swap() }
        });
        summary.collect()
    }

    /// Returns the tables to swap and the rows to write. Tables in `copied` are neither swapped nor do they reuse fragments.
    pub(super) async fn materialize(&self, copied: &BTreeSet<TablePath>) -> Result<MaterializedMerge> {
        let (schema, fragment_blocks) = (self.schema.clone(), self.fragment_blocks);
        let mut swap = TableSwap { schema, fragment_blocks, ..TableSwap::default() };
        let mut tables = Vec::new();
        for plan in &self.types {
            let path = plan.diff.ty.path();
            let is_copied = plan.diff.same_shape && copied.contains(&path);
            if plan.is_swap() && !is_copied {
                let pin = plan.diff.theirs.as_ref().map(|table| table.pin());
                swap.tables.push(SwappedTable { path, pin, change: plan.change() });
            } else if !plan.resolution.entities.is_empty() {
                let reused_fragments = if is_copied { Vec::new() } else { plan.reused_fragments() };
                tables.push(plan.stage(self.catalog, reused_fragments).await?);
            }
        }
        Ok(MaterializedMerge { tables, swap })
    }
}

/// Returns the schema of the result if it is not that of the target, or a conflict.
fn merge_schemas(inputs: &MergeInputs) -> (Option<SchemaHash>, Option<MergeConflict>) {
    let (base, ours, theirs) =
        (&inputs.base.record().schema, &inputs.ours.record().schema, &inputs.theirs.record().schema);
    if theirs == base || theirs == ours {
        return (None, None);
    }
    if ours == base {
        return (Some(theirs.clone()), None);
    }
    let conflict = MergeConflict {
        entity_kind: EntityKind::Node,
        type_name: "*".to_owned(),
        entity_id: None,
        kind: ConflictKind::SchemaConflict,
        message: "both sides changed the schema differently".to_owned(),
    };
    (None, Some(conflict))
}

impl TypeMergePlan<'_> {
    fn has_changes(&self) -> bool {
        self.is_swap() || !self.resolution.entities.is_empty()
    }

    /// Deletes an entity from the result.
    pub(super) fn delete_entity(&mut self, id: &str) {
        if self.diff.ours_contains(id) {
            self.resolution.entities.insert(id.into(), EntityResolution::Delete);
        } else {
            self.resolution.entities.remove(id);
        }
    }

    /// Reports if the result has the table version of the source: the target has no changes, and all changes of the source are
    /// taken.
    fn is_swap(&self) -> bool {
        if self.diff.is_changed_by_ours() || !self.diff.is_changed_by_theirs() {
            return false;
        }
        let entities = &self.resolution.entities;
        let changed = self.diff.their_changes.values().filter(|change| change.op.is_some()).count();
        let is_theirs = |resolution| matches!(resolution, &EntityResolution::Theirs(_) | &EntityResolution::Delete);
        !self.diff.same_shape || (entities.values().all(is_theirs) && entities.len() == changed)
    }

    /// Counts the changed rows.
    fn change(&self) -> TableChange {
        let mut change = TableChange::default();
        for (id, resolution) in &self.resolution.entities {
            match (resolution, self.diff.ours_contains(id)) {
                (EntityResolution::Delete, _) => change.deleted += 1,
                (_, true) => change.updated += 1,
                (_, false) => change.inserted += 1,
            }
        }
        if self.diff.same_shape {
            let hashes = self.resolution.entities.keys().map(|id| KeyHash::new(id).short());
            change.touched = TouchedKeys::from_hashes(hashes.collect());
        }
        change
    }

    async fn stage(&self, catalog: &Catalog, reused_fragments: Vec<ReusedFragment>) -> Result<StagedTable> {
        let ty = &self.diff.ty;
        let (deleted, kept): (Vec<_>, Vec<_>) =
            self.resolution.entities.iter().partition(|(_, resolution)| matches!(resolution, EntityResolution::Delete));
        let is_reused = |resolution: &EntityResolution| match resolution {
            EntityResolution::Theirs(address) => {
                reused_fragments.iter().any(|reused| reused.fragment == address.fragment())
            }
            _ => false,
        };
        let copied: Vec<_> = kept.iter().map(|(_, resolution)| *resolution).filter(|kept| !is_reused(kept)).collect();
        let batches = read_rows(&self.diff, &copied).await?;
        let constraint_inputs = reused_constraint_inputs(&ty.path(), catalog, &batches, &reused_fragments).await?;
        Ok(StagedTable {
            path: ty.path(),
            label: format!("{} type '{}'", ty.kind, ty.name),
            mode: WriteMode::Upsert,
            rows: StagedRows::Memory(batches),
            reused_fragments,
            count: kept.len() as u64,
            keys: kept.iter().map(|(id, _)| KeyHash::new(id)).collect(),
            removed: deleted.iter().map(|(id, _)| KeyHash::new(id)).collect(),
            constraint_inputs,
        })
    }

    /// Returns the fragments of the source that the result refers to, without the rows that it has elsewhere or not at all.
    fn reused_fragments(&self) -> Vec<ReusedFragment> {
        let (Some(ours), Some(theirs)) = (&self.diff.ours, &self.diff.theirs) else { return Vec::new() };
        let mut rows: BTreeMap<u32, (usize, Vec<RowAddress>)> = BTreeMap::new();
        for change in self.diff.their_changes.values().filter(|change| change.after != RowAddress::NONE) {
            let (reused, without) = rows.entry(change.after.fragment()).or_default();
            match self.resolution.entities.get(&change.id) {
                Some(EntityResolution::Theirs(address)) if *address == change.after => *reused += 1,
                _ => without.push(change.after),
            }
        }
        // Of a fragment that the base also has, only the changed rows are known here.
        let is_shared = |fragment: u32| {
            ours.has_fragment(fragment) || self.diff.base.as_ref().is_some_and(|base| base.has_fragment(fragment))
        };
        let reused = rows.into_iter().filter(|(id, (reused, _))| *reused >= MIN_REUSED_ROWS && !is_shared(*id));
        let fragment = |(fragment, (_, without))| ReusedFragment { table: Arc::clone(theirs), fragment, without };
        reused.map(fragment).collect()
    }
}
