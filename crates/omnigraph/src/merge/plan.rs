//! The decisions of a merge as rows to write and tables to adopt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::record::TouchedKeys;
use omnigraph_log::{SchemaHash, TableChange, TablePath};

use super::decide::{Decisions, Take, decide};
use super::question::{Contested, States};
use super::sides::{TypeSides, sides};
use super::{Choices, MergePolicy, MergedType, batch, carried, orphans};
use crate::error::EntityKind;
use crate::error::Result;
use crate::error::{ConflictKind, MergeConflict};
use crate::keys::KeyHash;
use crate::table::{CarriedFragment, RowAddress};
use crate::write::{AdoptedTable, Adoption, Existing, StagedRows, StagedTable};

/// So many rows of a fragment of the source are carried over as they lie; fewer are copied into the file that is written
/// anyway, so that merges of many small writes do not leave many small fragments.
const CARRY_ROWS: usize = 1024;

/// One type, and what becomes of it.
#[derive(Debug)]
pub(super) struct TypePlan<'a> {
    pub(super) sides: TypeSides<'a>,
    pub(super) decisions: Decisions,
}

/// A merge, decided.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    types: Vec<TypePlan<'a>>,
    /// The schema of the result, if it is not that of the branch.
    schema: Option<SchemaHash>,
    /// What nobody has decided, by type and id.
    pub(super) conflicts: Vec<MergeConflict>,
    fragment_blocks: u64,
    catalog: &'a Catalog,
}

/// A merge as the writer takes it.
pub(super) struct Written {
    pub(super) tables: Vec<StagedTable>,
    pub(super) adoption: Adoption,
}

impl<'a> Plan<'a> {
    /// Decides what becomes of every entity.
    pub(super) async fn make(states: &'a States, policy: MergePolicy, choices: &Choices) -> Result<Self> {
        let (schema, mut conflicts) = schema(states);
        let mut types = Vec::new();
        for sides in sides(states).await? {
            let decisions = if sides.needs_decisions() {
                decide(&sides, states, policy, choices).await?
            } else {
                Decisions::default()
            };
            types.push(TypePlan { sides, decisions });
        }
        let catalog = if schema.is_some() { states.theirs.catalog() } else { states.ours.catalog() };
        orphans::settle(&mut types, catalog, choices).await?;
        for plan in &types {
            conflicts.extend(plan.decisions.conflicts.iter().cloned());
            conflicts.extend(plan.sides.shape_conflict());
        }
        conflicts.sort();
        let fragment_blocks = states.theirs.commit().fragment_blocks;
        Ok(Self { types, schema, conflicts, fragment_blocks, catalog })
    }

    /// Takes every entity that nobody has decided about out of the result, and says which.
    pub(super) fn drop_contested(&mut self) -> Contested {
        let mut contested = Contested::new();
        for plan in &mut self.types {
            for conflict in plan.decisions.conflicts.drain(..) {
                let Some(id) = conflict.entity_id.map(String::into_boxed_str) else { continue };
                if plan.sides.ours_has(&id) {
                    plan.decisions.takes.insert(id.clone(), Take::Remove);
                } else {
                    plan.decisions.takes.remove(&id);
                }
                contested.entry(plan.sides.ty.path()).or_default().insert(id);
            }
        }
        self.conflicts.clear();
        contested
    }

    /// The catalogue of the result.
    pub(super) fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        self.schema.is_none() && self.types.iter().all(|plan| plan.decisions.takes.is_empty() && !plan.adopts())
    }

    /// What changes, type by type.
    pub(super) fn summary(&self) -> Vec<MergedType> {
        let changed = self.types.iter().filter(|plan| plan.adopts() || !plan.decisions.takes.is_empty());
        let summary = changed.map(|plan| {
            let TableChange { inserted, updated, deleted, .. } = plan.change();
            let (kind, name) = (plan.sides.ty.kind, plan.sides.ty.name.to_owned());
            MergedType { kind, name, inserted, updated, deleted, adopted: plan.adopts() }
        });
        summary.collect()
    }

    /// The rows to write and the tables to adopt. Of a table in `copied` all rows that come are written.
    pub(super) async fn written(&self, copied: &BTreeSet<TablePath>) -> Result<Written> {
        let mut written = Written {
            tables: Vec::new(),
            adoption: Adoption {
                schema: self.schema.clone(),
                fragment_blocks: self.fragment_blocks,
                ..Adoption::default()
            },
        };
        for plan in &self.types {
            let path = plan.sides.ty.path();
            let copies = plan.sides.same_shape && copied.contains(&path);
            if plan.adopts() && !copies {
                let pin = plan.sides.theirs.as_ref().map(|table| table.pin());
                let change = plan.change();
                written.adoption.tables.push(AdoptedTable { path, pin, change });
            } else if !plan.decisions.takes.is_empty() {
                let carried = if copies { Vec::new() } else { plan.carried() };
                written.tables.push(plan.staged(self.catalog, carried).await?);
            }
        }
        Ok(written)
    }
}

/// The schema of the result if it is another than the branch's, and what stands against that.
fn schema(states: &States) -> (Option<SchemaHash>, Vec<MergeConflict>) {
    let (base, ours, theirs) =
        (&states.base.commit().schema, &states.ours.commit().schema, &states.theirs.commit().schema);
    if theirs == base || theirs == ours {
        return (None, Vec::new());
    }
    if ours == base {
        return (Some(theirs.clone()), Vec::new());
    }
    let conflict = MergeConflict {
        entity_kind: EntityKind::Node,
        type_name: "*".to_owned(),
        entity_id: None,
        kind: ConflictKind::SchemaConflict,
        message: "both sides changed the schema, and not to the same".to_owned(),
    };
    (None, vec![conflict])
}

impl TypeSides<'_> {
    /// Whether the source has something of this type that the branch may lack.
    fn needs_decisions(&self) -> bool {
        let pin = |table: &Option<Arc<crate::table::Table>>| table.as_ref().map(|table| table.pin().version);
        self.same_shape && pin(&self.ours) != pin(&self.theirs) && self.ours.is_some() && self.theirs.is_some()
    }

    fn shape_conflict(&self) -> Option<MergeConflict> {
        let clash = !self.same_shape && self.ours_moved() && self.theirs_moved();
        clash.then(|| MergeConflict {
            entity_kind: self.ty.kind,
            type_name: self.ty.name.to_owned(),
            entity_id: None,
            kind: ConflictKind::SchemaConflict,
            message: "one side changed what the type is, and both changed its rows".to_owned(),
        })
    }
}

impl TypePlan<'_> {
    /// Whether the source's table is taken as it is: the branch has nothing of its own, and everything is taken.
    fn adopts(&self) -> bool {
        if self.sides.ours_moved() || !self.sides.theirs_moved() {
            return false;
        }
        let changed = self.sides.their_changes.values().filter(|change| change.op.is_some()).count();
        let as_it_is = self.decisions.takes.values().all(|take| matches!(take, Take::Theirs(_) | Take::Remove));
        !self.sides.same_shape || (as_it_is && self.decisions.takes.len() == changed)
    }

    /// How many rows come, change and go, and which.
    fn change(&self) -> TableChange {
        let mut change = TableChange::default();
        for (id, take) in &self.decisions.takes {
            match (take, self.sides.ours_has(id)) {
                (Take::Remove, _) => change.deleted += 1,
                (_, true) => change.updated += 1,
                (_, false) => change.inserted += 1,
            }
        }
        if self.sides.same_shape {
            let hashes = self.decisions.takes.keys().map(|id| KeyHash::of(id).short());
            change.touched = TouchedKeys::of(hashes.collect());
        }
        change
    }

    async fn staged(&self, catalog: &Catalog, carried: Vec<CarriedFragment>) -> Result<StagedTable> {
        let ty = &self.sides.ty;
        let (removed, kept): (Vec<_>, Vec<_>) =
            self.decisions.takes.iter().partition(|(_, take)| matches!(take, Take::Remove));
        let by_file = |take: &Take| match take {
            Take::Theirs(address) => carried.iter().any(|carried| carried.fragment == address.fragment()),
            _ => false,
        };
        let copied: Vec<&Take> = kept.iter().map(|(_, take)| *take).filter(|take| !by_file(take)).collect();
        let batches = batch::rows(&self.sides, &copied).await?;
        let facts = carried::facts(&ty.path(), catalog, &batches, &carried).await?;
        Ok(StagedTable {
            path: ty.path(),
            describe: format!("{} type '{}'", ty.kind, ty.name),
            replace: false,
            existing: Existing::Replace,
            rows: StagedRows::Memory(batches),
            count: kept.len() as u64,
            keys: kept.iter().map(|(id, _)| KeyHash::of(id)).collect(),
            removed: removed.iter().map(|(id, _)| KeyHash::of(id)).collect(),
            carried,
            facts,
        })
    }

    /// Fragments of the source that come over as they lie, without the rows that the result has elsewhere or not at all.
    fn carried(&self) -> Vec<CarriedFragment> {
        let (Some(ours), Some(theirs)) = (&self.sides.ours, &self.sides.theirs) else { return Vec::new() };
        let mut rows: BTreeMap<u32, (usize, Vec<RowAddress>)> = BTreeMap::new();
        for change in self.sides.their_changes.values().filter(|change| change.after != RowAddress::NONE) {
            let (taken, left) = rows.entry(change.after.fragment()).or_default();
            match self.decisions.takes.get(&change.id) {
                Some(Take::Theirs(address)) if *address == change.after => *taken += 1,
                _ => left.push(change.after),
            }
        }
        let base = self.sides.base.as_ref();
        let whole = rows.into_iter().filter(|(fragment, (taken, _))| {
            // Of a fragment that the base has too, only some rows are known here.
            *taken >= CARRY_ROWS
                && !ours.has_fragment(*fragment)
                && !base.is_some_and(|base| base.has_fragment(*fragment))
        });
        whole.map(|(fragment, (_, without))| CarriedFragment { table: Arc::clone(theirs), fragment, without }).collect()
    }
}
