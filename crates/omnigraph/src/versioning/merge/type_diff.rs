//! The changes of both sides to each type since the base.

use std::collections::BTreeMap;
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::TablePath;

use super::inputs::MergeInputs;
use crate::error::{ConflictKind, Error, MergeConflict, Result};
use crate::snapshot::Snapshot;
use crate::table::Table;
use crate::versioning::diff::{ChangeOp, EntityType, RowChange, TablePair, TypePair, entity_types};

/// Changed rows by id.
pub(super) type RowChanges = BTreeMap<Box<str>, RowChange>;

/// One type in three states.
#[derive(Debug)]
pub(super) struct TypeDiff<'a> {
    /// The type in the result: as the target defines it, if it does.
    pub(super) ty: EntityType<'a>,
    /// Reports that both sides define the type alike.
    pub(super) same_shape: bool,
    /// The table in the base; none if the state lacks it.
    pub(super) base: Option<Arc<Table>>,
    /// The table in the target.
    pub(super) ours: Option<Arc<Table>>,
    /// The table in the source.
    pub(super) theirs: Option<Arc<Table>>,
    /// The changes of the target, with moved rows.
    pub(super) our_changes: RowChanges,
    /// The changes of the source, with moved rows.
    pub(super) their_changes: RowChanges,
}

impl TypeDiff<'_> {
    /// Reports if the source has another version of the table than the base.
    pub(super) fn is_changed_by_theirs(&self) -> bool {
        version(self.theirs.as_ref()) != version(self.base.as_ref())
    }

    /// Reports if the target has another version of the table than the base.
    pub(super) fn is_changed_by_ours(&self) -> bool {
        version(self.ours.as_ref()) != version(self.base.as_ref())
    }

    /// Reports if entities have to be resolved one by one.
    pub(super) fn needs_resolution(&self) -> bool {
        let (ours, theirs) = (version(self.ours.as_ref()), version(self.theirs.as_ref()));
        self.same_shape && ours != theirs && ours.is_some() && theirs.is_some()
    }

    /// Returns the conflict of a side that changed the definition of the type while both changed its rows.
    pub(super) fn shape_conflict(&self) -> Option<MergeConflict> {
        let conflicts = !self.same_shape && self.is_changed_by_ours() && self.is_changed_by_theirs();
        conflicts.then(|| MergeConflict {
            entity_kind: self.ty.kind,
            type_name: self.ty.name.to_owned(),
            entity_id: None,
            kind: ConflictKind::SchemaConflict,
            message: "one side changed the definition of the type, both changed its rows".to_owned(),
        })
    }

    /// Returns the change of the target to an entity.
    pub(super) fn our_change(&self, id: &str) -> Option<&RowChange> {
        self.our_changes.get(id).filter(|change| change.op.is_some())
    }

    /// Returns the change of the source to an entity.
    pub(super) fn their_change(&self, id: &str) -> Option<&RowChange> {
        self.their_changes.get(id).filter(|change| change.op.is_some())
    }

    /// Reports if the target contains an entity that one of the sides changed.
    pub(super) fn ours_contains(&self, id: &str) -> bool {
        match (self.our_change(id).and_then(|change| change.op), self.their_change(id).and_then(|change| change.op)) {
            (Some(ChangeOp::Delete), _) => false,
            (Some(_), _) => true,
            (None, theirs) => theirs != Some(ChangeOp::Insert),
        }
    }
}

fn version(table: Option<&Arc<Table>>) -> Option<u64> {
    table.map(|table| table.pin().version)
}

/// Computes the changes of both sides to every type of the three states.
pub(super) async fn type_diffs(inputs: &MergeInputs) -> Result<Vec<TypeDiff<'_>>> {
    // The target defines a type, else the source, else the base.
    let mut types: BTreeMap<TablePath, EntityType<'_>> = BTreeMap::new();
    for state in [&inputs.ours, &inputs.theirs, &inputs.base] {
        for ty in entity_types(state.catalog()) {
            types.entry(ty.path()).or_insert(ty);
        }
    }
    let mut diffs = Vec::with_capacity(types.len());
    for ty in types.into_values() {
        diffs.push(type_diff(inputs, ty).await?);
    }
    Ok(diffs)
}

async fn type_diff<'a>(inputs: &'a MergeInputs, ty: EntityType<'a>) -> Result<TypeDiff<'a>> {
    let path = ty.path();
    let open = async |state: &Snapshot| match state.record().tables.contains_key(&path) {
        true => state.table(&path).await.map(Some),
        false => Ok(None),
    };
    let (base, ours, theirs) = (open(&inputs.base).await?, open(&inputs.ours).await?, open(&inputs.theirs).await?);
    let changes = async |state: &Snapshot, table: &Option<Arc<Table>>| {
        let pair = TablePair { before: base.clone(), after: table.clone() };
        let types = TypePair { before: find(inputs.base.catalog(), &path), after: find(state.catalog(), &path) };
        let rows = pair.changed_rows(&types).await?;
        Ok::<_, Error>(rows.into_iter().map(|row| (row.id.clone(), row)).collect::<RowChanges>())
    };
    let our_changes = changes(&inputs.ours, &ours).await?;
    let their_changes = changes(&inputs.theirs, &theirs).await?;
    let same_shape = same_shape(inputs, &path);
    Ok(TypeDiff { ty, same_shape, base, ours, theirs, our_changes, their_changes })
}

fn find<'a>(catalog: &'a Catalog, path: &TablePath) -> Option<EntityType<'a>> {
    entity_types(catalog).into_iter().find(|ty| ty.path() == *path)
}

fn same_shape(inputs: &MergeInputs, path: &TablePath) -> bool {
    if inputs.ours.record().schema == inputs.theirs.record().schema {
        return true;
    }
    let (ours, theirs) = (inputs.ours.catalog(), inputs.theirs.catalog());
    let node = |catalog: &Catalog| catalog.nodes.values().find(|ty| TablePath::node(ty.table) == *path).cloned();
    let edge = |catalog: &Catalog| catalog.edges.values().find(|ty| TablePath::edge(ty.table) == *path).cloned();
    node(ours) == node(theirs) && edge(ours) == edge(theirs)
}
