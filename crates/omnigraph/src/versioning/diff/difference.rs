//! The difference of two snapshots, by pages in a fixed order.

use futures::Stream;
use omnigraph_compiler::migrate::{self, DropMode};

use super::change::{ChangeFilter, ChangeOp, ChangePosition, EntityChange, EntityRows, EntityTypeRef};
use super::rows::{RowChange, TablePair};
use super::types::{TypePair, type_pairs};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// Changes whose rows are read together.
const MAX_BATCH_ROWS: usize = 1024;

/// A page of changes.
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// The changes, in order.
    pub changes: Vec<EntityChange>,
    /// The position after which the next page starts; none for the last page.
    pub next: Option<ChangePosition>,
}

/// The difference of two states of a graph.
#[derive(Clone, Debug)]
pub struct GraphDiff {
    before: Snapshot,
    after: Snapshot,
    filter: ChangeFilter,
}

impl GraphDiff {
    pub(crate) fn new(before: Snapshot, after: Snapshot, filter: ChangeFilter) -> Result<Self> {
        let known = |name: &String| {
            let mut catalogs = [before.catalog(), after.catalog()].into_iter();
            catalogs.any(|catalog| catalog.nodes.contains_key(name) || catalog.edges.contains_key(name))
        };
        if let Some(unknown) = filter.types.iter().find(|name| !known(name)) {
            return Err(Error::request(format!("node or edge type '{unknown}' not found in either state")));
        }
        Ok(Self::unchecked(before, after, filter))
    }

    /// Returns the difference without a check of the type names in `filter`.
    pub(crate) fn unchecked(before: Snapshot, after: Snapshot, filter: ChangeFilter) -> Self {
        Self { before, after, filter }
    }

    /// Returns the older state.
    #[must_use]
    pub fn old_snapshot(&self) -> &Snapshot {
        &self.before
    }

    /// Returns the newer state.
    #[must_use]
    pub fn new_snapshot(&self) -> &Snapshot {
        &self.after
    }

    /// Returns the migration steps between the two schemas. Filters do not apply.
    #[must_use]
    pub fn schema_steps(&self) -> Vec<serde_json::Value> {
        if self.before.record().schema == self.after.record().schema {
            return Vec::new();
        }
        let plan = migrate::plan(self.before.catalog(), self.after.catalog(), DropMode::default());
        plan.steps.iter().filter_map(|step| serde_json::to_value(step).ok()).collect()
    }

    /// Returns up to `limit` changes after `start`, or from the beginning.
    ///
    /// # Errors
    ///
    /// If a table cannot be read.
    pub async fn page(&self, start: Option<&ChangePosition>, limit: usize) -> Result<ChangePage> {
        let mut cursor = ChangeCursor::new(self, start.cloned());
        let mut changes = Vec::new();
        while let Some(batch) = cursor.next(limit.saturating_sub(changes.len()).min(MAX_BATCH_ROWS)).await? {
            changes.extend(batch);
            if changes.len() >= limit {
                let has_more = cursor.next(1).await?.is_some();
                let next = changes.last().filter(|_| has_more).map(EntityChange::position);
                return Ok(ChangePage { changes, next });
            }
        }
        Ok(ChangePage { changes, next: None })
    }

    /// Streams all changes in order: edges, then nodes, by name of the type, by id. Rows are read on demand.
    pub fn changes(&self) -> impl Stream<Item = Result<Vec<EntityChange>>> + '_ {
        futures::stream::try_unfold(ChangeCursor::new(self, None), |mut cursor| async move {
            Ok(cursor.next(MAX_BATCH_ROWS).await?.map(|batch| (batch, cursor)))
        })
    }
}

/// A position in the changes of a difference, and the rows after it.
struct ChangeCursor<'a> {
    diff: &'a GraphDiff,
    /// The remaining types, the next one last.
    types: Vec<TypePair<'a>>,
    /// The current type and its remaining rows, the next one last.
    current: Option<(TypePair<'a>, TablePair, Vec<RowChange>)>,
    start: Option<ChangePosition>,
}

impl<'a> ChangeCursor<'a> {
    fn new(diff: &'a GraphDiff, start: Option<ChangePosition>) -> Self {
        let mut types = type_pairs(diff.before.catalog(), diff.after.catalog());
        types.retain(|pair| {
            let Some(ty) = pair.newest() else { return false };
            let is_done = start.as_ref().is_some_and(|start| (ty.kind, ty.name) < (start.kind, start.ty.as_str()));
            !is_done && diff.filter.matches_type(ty.kind, &pair.names())
        });
        types.reverse();
        Self { diff, types, current: None, start }
    }

    /// Returns the next changes, at least one and up to `limit`, or `None` at the end.
    async fn next(&mut self, limit: usize) -> Result<Option<Vec<EntityChange>>> {
        loop {
            if let Some((types, tables, rows)) = &mut self.current
                && !rows.is_empty()
            {
                let mut batch = rows.split_off(rows.len().saturating_sub(limit.max(1)));
                batch.reverse();
                return read_images(types, tables, batch).await.map(Some);
            }
            let Some(types) = self.types.pop() else { return Ok(None) };
            let tables = TablePair::open(&self.diff.before, &self.diff.after, &types).await?;
            let mut rows = tables.changed_rows(&types).await?;
            rows.retain(|row| row.op.is_some_and(|op| self.diff.filter.matches_op(op)));
            if let (Some(start), Some(ty)) = (&self.start, types.newest())
                && (start.kind, start.ty.as_str()) == (ty.kind, ty.name)
            {
                rows.retain(|row| *row.id > *start.id);
            }
            rows.reverse();
            self.current = Some((types, tables, rows));
        }
    }
}

/// Reads the values of changed rows.
async fn read_images(types: &TypePair<'_>, tables: &TablePair, rows: Vec<RowChange>) -> Result<Vec<EntityChange>> {
    let ty = types.newest().ok_or_else(|| Error::internal("changes without a type"))?;
    let before: Vec<_> = rows.iter().map(|row| row.before).collect();
    let after: Vec<_> = rows.iter().map(|row| row.after).collect();
    let old = match (types.before, &tables.before) {
        (Some(ty), Some(table)) => Some(EntityRows::read(ty, table, &before).await?),
        _ => None,
    };
    let new = match (types.after, &tables.after) {
        (Some(ty), Some(table)) => Some(EntityRows::read(ty, table, &after).await?),
        _ => None,
    };
    let mut changes = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let Some(op) = row.op else { continue };
        let image = |rows: &Option<EntityRows<'_>>| rows.as_ref().map(|rows| rows.image(index)).transpose();
        changes.push(EntityChange {
            kind: ty.kind,
            ty: EntityTypeRef { id: ty.id.to_string(), name: ty.name.to_owned() },
            id: row.id.into_string(),
            op,
            before: if op == ChangeOp::Insert { None } else { image(&old)? },
            after: if op == ChangeOp::Delete { None } else { image(&new)? },
        });
    }
    Ok(changes)
}
