//! What each side did to each type since the base.

use std::collections::BTreeMap;
use std::sync::Arc;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::TablePath;

use super::question::States;
use crate::diff::{ChangeOp, EntityType, RowChange, TablePair, TypePair, entity_types};
use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::table::Table;

/// Rows by id.
pub(super) type Changes = BTreeMap<Box<str>, RowChange>;

/// One type in three states.
#[derive(Debug)]
pub(super) struct TypeSides<'a> {
    /// The type as it will be: by the target's schema if that has it.
    pub(super) ty: EntityType<'a>,
    /// Whether both sides say the same of what the type is.
    pub(super) same_shape: bool,
    /// Its tables; none where a state does not have it.
    pub(super) base: Option<Arc<Table>>,
    /// Of the branch that changes.
    pub(super) ours: Option<Arc<Table>>,
    /// Of what is taken.
    pub(super) theirs: Option<Arc<Table>>,
    /// What the branch did, moves included.
    pub(super) our_changes: Changes,
    /// What the source did, moves included.
    pub(super) their_changes: Changes,
}

impl TypeSides<'_> {
    /// Whether the source has another version of the table than the base.
    pub(super) fn theirs_moved(&self) -> bool {
        pin(self.theirs.as_ref()) != pin(self.base.as_ref())
    }

    /// Whether the branch has another version of the table than the base.
    pub(super) fn ours_moved(&self) -> bool {
        pin(self.ours.as_ref()) != pin(self.base.as_ref())
    }

    /// What the branch did to an entity, if it changed it.
    pub(super) fn our_change(&self, id: &str) -> Option<&RowChange> {
        self.our_changes.get(id).filter(|change| change.op.is_some())
    }

    /// What the source did to an entity, if it changed it.
    pub(super) fn their_change(&self, id: &str) -> Option<&RowChange> {
        self.their_changes.get(id).filter(|change| change.op.is_some())
    }

    /// Whether the branch has an entity that one of the sides changed.
    pub(super) fn ours_has(&self, id: &str) -> bool {
        match (self.our_change(id).and_then(|change| change.op), self.their_change(id).and_then(|change| change.op)) {
            (Some(ChangeOp::Delete), _) => false,
            (Some(_), _) => true,
            (None, theirs) => theirs != Some(ChangeOp::Insert),
        }
    }
}

fn pin(table: Option<&Arc<Table>>) -> Option<u64> {
    table.map(|table| table.pin().version)
}

/// Every type of the three states, with what each side did to it.
pub(super) async fn sides<'a>(states: &'a States) -> Result<Vec<TypeSides<'a>>> {
    let mut all = Vec::new();
    for ty in types(states) {
        all.push(of_type(states, ty).await?);
    }
    Ok(all)
}

/// The types by table, as the first of target, source and base that has them says.
fn types(states: &States) -> Vec<EntityType<'_>> {
    let mut found: BTreeMap<TablePath, EntityType<'_>> = BTreeMap::new();
    for state in [&states.ours, &states.theirs, &states.base] {
        for ty in entity_types(state.catalog()) {
            found.entry(ty.path()).or_insert(ty);
        }
    }
    found.into_values().collect()
}

async fn of_type<'a>(states: &'a States, ty: EntityType<'a>) -> Result<TypeSides<'a>> {
    let path = ty.path();
    let open = async |state: &Snapshot| match state.commit().tables.contains_key(&path) {
        true => state.table(&path).await.map(Some),
        false => Ok(None),
    };
    let (base, ours, theirs) = (open(&states.base).await?, open(&states.ours).await?, open(&states.theirs).await?);
    let changes = async |state: &Snapshot, table: &Option<Arc<Table>>| {
        let pair = TablePair { before: base.clone(), after: table.clone() };
        let types = TypePair { before: find(states.base.catalog(), &path), after: find(state.catalog(), &path) };
        let rows = pair.rows(&types).await?;
        Ok::<_, crate::error::Error>(rows.into_iter().map(|row| (row.id.clone(), row)).collect::<Changes>())
    };
    let our_changes = changes(&states.ours, &ours).await?;
    let their_changes = changes(&states.theirs, &theirs).await?;
    let same_shape = same_shape(states, &path);
    Ok(TypeSides { ty, same_shape, base, ours, theirs, our_changes, their_changes })
}

fn find<'a>(catalog: &'a Catalog, path: &TablePath) -> Option<EntityType<'a>> {
    entity_types(catalog).into_iter().find(|ty| ty.path() == *path)
}

fn same_shape(states: &States, path: &TablePath) -> bool {
    if states.ours.commit().schema == states.theirs.commit().schema {
        return true;
    }
    let (ours, theirs) = (states.ours.catalog(), states.theirs.catalog());
    let node = |catalog: &Catalog| catalog.nodes.values().find(|ty| TablePath::node(ty.table) == *path).cloned();
    let edge = |catalog: &Catalog| catalog.edges.values().find(|ty| TablePath::edge(ty.table) == *path).cloned();
    node(ours) == node(theirs) && edge(ours) == edge(theirs)
}
