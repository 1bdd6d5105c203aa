//! Field-level merge of rows that both sides changed.

use std::collections::BTreeSet;

use super::strategy::{MergePolicy, MergeSide};
use super::type_diff::TypeDiff;
use crate::error::{EntityKind, Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, RowAddress};
use crate::versioning::diff::{ChangeOp, ColumnComparison, RowChange};

/// The field that both endpoints of an edge form: a merge must not make an edge between nodes that neither side connected.
const ENDPOINTS_FIELD: &str = "its endpoints";
/// Rows that are compared together, which bounds the memory of a merge.
const MAX_BATCH_ROWS: usize = 1024;

/// One entity with values of both sides.
#[derive(Clone, Debug)]
pub(super) struct FieldMerge {
    /// The address in the target.
    pub(super) ours: RowAddress,
    /// The address in the source.
    pub(super) theirs: RowAddress,
    /// Columns that are taken from the source.
    pub(super) from_theirs: BTreeSet<String>,
    /// Fields that both sides changed to different values.
    pub(super) conflicting: Vec<String>,
    /// Reports that a side is chosen for the conflicting fields only, not for the whole entity.
    pub(super) is_by_property: bool,
}

impl FieldMerge {
    /// Takes the conflicting fields from one side. Returns none if the result is the row of the target.
    pub(super) fn resolve(mut self, side: MergeSide) -> Option<Self> {
        if side == MergeSide::Theirs {
            for name in std::mem::take(&mut self.conflicting) {
                match name.as_str() {
                    ENDPOINTS_FIELD => self.from_theirs.extend([EDGE_SRC.to_owned(), EDGE_DST.to_owned()]),
                    _ => drop(self.from_theirs.insert(name)),
                }
            }
        }
        (!self.from_theirs.is_empty()).then_some(self)
    }
}

/// A three-way comparison of the rows of entities that both sides inserted or updated.
pub(super) struct RowComparison {
    rows: Vec<DifferingColumns>,
}

/// The columns in which the states of one entity differ.
#[derive(Clone, Debug, Default)]
struct DifferingColumns {
    ours_from_base: BTreeSet<String>,
    theirs_from_base: BTreeSet<String>,
    ours_from_theirs: BTreeSet<String>,
}

impl RowComparison {
    /// Reads and compares the rows of `both`.
    pub(super) async fn read(diff: &TypeDiff<'_>, both: &[(&RowChange, &RowChange)]) -> Result<Self> {
        let mut rows = Vec::with_capacity(both.len());
        for batch in both.chunks(MAX_BATCH_ROWS) {
            rows.extend(compare_batch(diff, batch).await?);
        }
        Ok(Self { rows })
    }

    /// Reports if both sides have the same values.
    pub(super) fn is_same(&self, index: usize) -> bool {
        self.rows.get(index).is_some_and(|row| row.ours_from_theirs.is_empty())
    }

    /// Merges the values of both sides. Returns none if the target has all of them.
    pub(super) fn merge(
        &self,
        index: usize,
        ours: RowAddress,
        theirs: RowAddress,
        policy: MergePolicy,
    ) -> Option<FieldMerge> {
        let row = self.rows.get(index)?;
        if row.ours_from_theirs.is_empty() {
            return None;
        }
        let (from_theirs, conflicting) = (BTreeSet::new(), Vec::new());
        let is_by_property = policy == MergePolicy::Field;
        let mut merge = FieldMerge { ours, theirs, from_theirs, conflicting, is_by_property };
        if policy == MergePolicy::Entity {
            merge.conflicting = row.ours_from_theirs.iter().map(|column| field(column).to_owned()).collect();
            merge.conflicting.dedup();
            return Some(merge);
        }
        let ours_changed: BTreeSet<&str> = row.ours_from_base.iter().map(|column| field(column)).collect();
        let theirs_changed: BTreeSet<&str> = row.theirs_from_base.iter().map(|column| field(column)).collect();
        for column in &row.ours_from_theirs {
            let field = field(column);
            match (ours_changed.contains(field), theirs_changed.contains(field)) {
                (true, true) if merge.conflicting.last().is_none_or(|last| last != field) => {
                    merge.conflicting.push(field.to_owned());
                }
                (false, true) => drop(merge.from_theirs.insert(column.clone())),
                _ => {}
            }
        }
        (!merge.conflicting.is_empty() || !merge.from_theirs.is_empty()).then_some(merge)
    }
}

/// Returns the field of a column.
fn field(column: &str) -> &str {
    if column == EDGE_SRC || column == EDGE_DST { ENDPOINTS_FIELD } else { column }
}

async fn compare_batch(diff: &TypeDiff<'_>, both: &[(&RowChange, &RowChange)]) -> Result<Vec<DifferingColumns>> {
    let (Some(ours), Some(theirs)) = (&diff.ours, &diff.theirs) else {
        return Ok(vec![DifferingColumns::default(); both.len()]);
    };
    // Both sides define the type alike, so columns match by name.
    let endpoints: &[&str] = if diff.ty.kind == EntityKind::Edge { &[EDGE_SRC, EDGE_DST] } else { &[] };
    let properties = diff.ty.properties.iter().map(|property| property.name.as_str());
    let names: Vec<&str> = endpoints.iter().copied().chain(properties).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
    let addresses = |address: fn(&(&RowChange, &RowChange)) -> RowAddress| both.iter().map(address).collect::<Vec<_>>();
    let our_rows = ours.fetch(&addresses(|(ours, _)| ours.after), &names).await?;
    let their_rows = theirs.fetch(&addresses(|(_, theirs)| theirs.after), &names).await?;
    let between_sides = ColumnComparison::new(&pairs, &our_rows, &their_rows)?;
    let from_base = match &diff.base {
        Some(base) => {
            let base_rows = base.fetch(&addresses(|(ours, _)| ours.before), &names).await?;
            let ours = ColumnComparison::new(&pairs, &base_rows, &our_rows)?;
            Some((ours, ColumnComparison::new(&pairs, &base_rows, &their_rows)?))
        }
        None => None,
    };
    let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
    let mut rows = Vec::with_capacity(both.len());
    for (row, (our_change, their_change)) in both.iter().enumerate() {
        let exists = our_change.op != Some(ChangeOp::Delete) && their_change.op != Some(ChangeOp::Delete);
        let mut differing = DifferingColumns::default();
        if exists {
            differing.ours_from_theirs = owned(&mut between_sides.differing(row, row));
        }
        if exists && our_change.op == Some(ChangeOp::Update) {
            let from_base = from_base.as_ref();
            let (ours, theirs) = from_base.ok_or_else(|| Error::internal("an update of a row without a base"))?;
            differing.ours_from_base = owned(&mut ours.differing(row, row));
            differing.theirs_from_base = owned(&mut theirs.differing(row, row));
        }
        rows.push(differing);
    }
    Ok(rows)
}
