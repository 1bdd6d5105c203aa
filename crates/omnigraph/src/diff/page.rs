//! The changes in order, a page at a time.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::Stream;
use omnigraph_compiler::migrate::{self, DropMode};

use super::image::Rows;
use super::rows::{RowChange, TablePair};
use super::types::{TypePair, type_pairs};
use super::{ChangeFilter, ChangeOp, EntityChange, TypeRef};
use crate::error::EntityKind;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// Changes whose rows are read at once.
const ROWS_AT_ONCE: usize = 1024;

/// A place in the order of changes: by kind, name of the type, id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The kind.
    pub kind: EntityKind,
    /// The name of the type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The id.
    pub id: String,
}

/// As one word that callers hand back.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = serde_json::to_vec(&(self.kind, &self.ty, &self.id)).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(words))
    }
}

impl FromStr for Position {
    type Err = String;

    fn from_str(token: &str) -> Result<Self, String> {
        let words = URL_SAFE_NO_PAD.decode(token).ok().and_then(|words| serde_json::from_slice(&words).ok());
        let (kind, ty, id) = words.ok_or_else(|| format!("'{token}' is no place among changes"))?;
        Ok(Self { kind, ty, id })
    }
}

/// Some of the changes.
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// They, in order.
    pub changes: Vec<EntityChange>,
    /// Where the next page starts after; none if this is the last.
    pub next: Option<Position>,
}

/// What two states of a graph differ by.
#[derive(Clone, Debug)]
pub struct Difference {
    before: Snapshot,
    after: Snapshot,
    filter: ChangeFilter,
}

impl Difference {
    pub(crate) fn new(before: Snapshot, after: Snapshot, filter: ChangeFilter) -> Result<Self> {
        let known = |name: &String| {
            [&before, &after]
                .iter()
                .any(|it| it.catalog().nodes.contains_key(name) || it.catalog().edges.contains_key(name))
        };
        if let Some(unknown) = filter.types.iter().find(|name| !known(name)) {
            return Err(Error::request(format!("neither state has a node or edge type '{unknown}'")));
        }
        Ok(Self::of_known(before, after, filter))
    }

    /// The same without a look at the filter.
    pub(crate) fn of_known(before: Snapshot, after: Snapshot, filter: ChangeFilter) -> Self {
        Self { before, after, filter }
    }

    /// The older state.
    #[must_use]
    pub fn before(&self) -> &Snapshot {
        &self.before
    }

    /// The newer state.
    #[must_use]
    pub fn after(&self) -> &Snapshot {
        &self.after
    }

    /// What the schemas differ by, as the steps of a migration; empty if the two are the same. Filters do not apply.
    #[must_use]
    pub fn schema_steps(&self) -> Vec<serde_json::Value> {
        if self.before.commit().schema == self.after.commit().schema {
            return Vec::new();
        }
        let plan = migrate::plan(self.before.catalog(), self.after.catalog(), DropMode::default());
        plan.steps.iter().filter_map(|step| serde_json::to_value(step).ok()).collect()
    }

    /// Up to `most` changes after `start`, or from the beginning.
    ///
    /// # Errors
    ///
    /// If a table cannot be read.
    pub async fn page(&self, start: Option<&Position>, most: usize) -> Result<ChangePage> {
        let mut changes = Changes::new(self, start.cloned());
        let mut page = Vec::new();
        while let Some(some) = changes.next(most.saturating_sub(page.len()).min(ROWS_AT_ONCE)).await? {
            page.extend(some);
            if page.len() >= most {
                let more = changes.next(1).await?.is_some();
                let next = page.last().filter(|_| more).map(EntityChange::position);
                return Ok(ChangePage { changes: page, next });
            }
        }
        Ok(ChangePage { changes: page, next: None })
    }

    /// All changes, in order: edges, then nodes, by name of the type, by id. Rows are read as they are asked for.
    pub fn changes(&self) -> impl Stream<Item = Result<Vec<EntityChange>>> + '_ {
        futures::stream::try_unfold(Changes::new(self, None), |mut changes| async move {
            Ok(changes.next(ROWS_AT_ONCE).await?.map(|some| (some, changes)))
        })
    }
}

/// A walk along the changes.
struct Changes<'a> {
    difference: &'a Difference,
    /// Types still to come, the next one last.
    types: Vec<TypePair<'a>>,
    /// The type at hand: its rows, the next one last.
    current: Option<(TypePair<'a>, TablePair, Vec<RowChange>)>,
    start: Option<Position>,
}

impl<'a> Changes<'a> {
    fn new(difference: &'a Difference, start: Option<Position>) -> Self {
        let mut types = type_pairs(difference.before.catalog(), difference.after.catalog());
        types.retain(|pair| {
            let Some(ty) = pair.newest() else { return false };
            let behind = start.as_ref().is_some_and(|start| (ty.kind, ty.name) < (start.kind, start.ty.as_str()));
            !behind && difference.filter.wants_type(ty.kind, &pair.names())
        });
        types.reverse();
        Self { difference, types, current: None, start }
    }

    /// The next changes, at least one and up to `most`; `None` at the end.
    async fn next(&mut self, most: usize) -> Result<Option<Vec<EntityChange>>> {
        loop {
            if let Some((types, tables, rows)) = &mut self.current
                && !rows.is_empty()
            {
                let some = rows.split_off(rows.len().saturating_sub(most.max(1)));
                return shown(types, tables, some).await.map(Some);
            }
            let Some(types) = self.types.pop() else { return Ok(None) };
            let tables = TablePair::open(&self.difference.before, &self.difference.after, &types).await?;
            let mut rows = tables.rows(&types).await?;
            rows.retain(|row| row.op.is_some_and(|op| self.difference.filter.wants_op(op)));
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

/// Rows, given last first, with their images.
async fn shown(types: &TypePair<'_>, tables: &TablePair, mut rows: Vec<RowChange>) -> Result<Vec<EntityChange>> {
    rows.reverse();
    let ty = types.newest().ok_or_else(|| Error::internal("changes of no type"))?;
    let before: Vec<_> = rows.iter().map(|row| row.before).collect();
    let after: Vec<_> = rows.iter().map(|row| row.after).collect();
    let old = match (types.before, &tables.before) {
        (Some(ty), Some(table)) => Some(Rows::read(ty, table, &before).await?),
        _ => None,
    };
    let new = match (types.after, &tables.after) {
        (Some(ty), Some(table)) => Some(Rows::read(ty, table, &after).await?),
        _ => None,
    };
    let mut changes = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let Some(op) = row.op else { continue };
        let image = |rows: &Option<Rows<'_>>| rows.as_ref().map(|rows| rows.image(at)).transpose();
        changes.push(EntityChange {
            kind: ty.kind,
            ty: TypeRef { id: ty.id.to_string(), name: ty.name.to_owned() },
            id: row.id.into_string(),
            op,
            before: if op == ChangeOp::Insert { None } else { image(&old)? },
            after: if op == ChangeOp::Delete { None } else { image(&new)? },
        });
    }
    Ok(changes)
}
