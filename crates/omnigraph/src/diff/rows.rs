//! What became of the rows of one table between two versions.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use futures::TryStreamExt;

use super::ChangeOp;
use super::equal::same_rows;
use super::types::{EntityType, TypePair};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::table::{ID, RowAddress, RowsApart, Scan, Table, addresses};

/// One row, before and after.
#[derive(Clone, Debug)]
pub(crate) struct RowChange {
    /// The id of the entity.
    pub(crate) id: Box<str>,
    /// What happened; `None` if the row only moved to another place.
    pub(crate) op: Option<ChangeOp>,
    /// Where it was; [`RowAddress::NONE`] if nowhere.
    pub(crate) before: RowAddress,
    /// Where it is; [`RowAddress::NONE`] if nowhere.
    pub(crate) after: RowAddress,
}

/// One table in two states. A table that a state does not have has no rows there.
#[derive(Clone, Debug)]
pub(crate) struct TablePair {
    pub(crate) before: Option<Arc<Table>>,
    pub(crate) after: Option<Arc<Table>>,
}

impl TablePair {
    /// The tables of a type in two states.
    pub(crate) async fn open(before: &Snapshot, after: &Snapshot, types: &TypePair<'_>) -> Result<Self> {
        let open = async |snapshot: &Snapshot, ty: Option<EntityType<'_>>| match ty {
            Some(ty) => snapshot.table(&ty.path()).await.map(Some),
            None => Ok(None),
        };
        Ok(Self { before: open(before, types.before).await?, after: open(after, types.after).await? })
    }

    /// Whether the two are the same version, so that nothing can differ.
    pub(crate) fn is_same(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.pin() == after.pin(),
            (None, None) => true,
            _ => false,
        }
    }

    /// Rows that differ or moved, by id. Reads ids of what the two do not share, and whole rows of those that are on both sides.
    pub(crate) async fn rows(&self, types: &TypePair<'_>) -> Result<Vec<RowChange>> {
        if self.is_same() {
            return Ok(Vec::new());
        }
        let old = side(self.before.as_ref(), self.after.as_ref());
        let new = side(self.after.as_ref(), self.before.as_ref());
        let (old, new) = futures::try_join!(old, new)?;
        let mut changes = joined(old, new);
        self.drop_moves(types, &mut changes).await?;
        Ok(changes)
    }

    /// Takes the operation from those that say the same before and after.
    async fn drop_moves(&self, types: &TypePair<'_>, changes: &mut [RowChange]) -> Result<()> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(()) };
        let mut both: Vec<&mut RowChange> =
            changes.iter_mut().filter(|change| change.op == Some(ChangeOp::Update)).collect();
        let pairs: Vec<_> = both.iter().map(|change| (change.before, change.after)).collect();
        let same = same_rows(types, before, after, &pairs).await?;
        for (change, _) in both.iter_mut().zip(same).filter(|(_, same)| *same) {
            change.op = None;
        }
        Ok(())
    }
}

type Rows = Vec<(Box<str>, RowAddress)>;

/// Ids and places of the rows of `here` that `there` lacks, by id.
async fn side(here: Option<&Arc<Table>>, there: Option<&Arc<Table>>) -> Result<Rows> {
    let Some(here) = here else { return Ok(Vec::new()) };
    let RowsApart { fragments, rows } = match there {
        Some(there) => here.apart_from(there).await?,
        None => here.all_apart(),
    };
    let mut found = Vec::new();
    if !rows.is_empty() {
        let ids = here.fetch(&rows, &[ID]).await?;
        let ids = ids.first().ok_or_else(|| Error::internal("rows without ids"))?;
        collect(ids, rows.into_iter(), &mut found)?;
    }
    if !fragments.is_empty() {
        let scan =
            Scan { columns: vec![ID.to_owned()], fragments: Some(fragments), addresses: true, ..Scan::default() };
        let mut batches = std::pin::pin!(here.scan(scan).await?);
        while let Some(batch) = batches.try_next().await? {
            let ids = batch.column_by_name(ID).ok_or_else(|| Error::internal("a scan without ids"))?;
            let addresses = addresses(&batch)?;
            collect(ids, addresses.values().iter().map(|address| RowAddress(*address)), &mut found)?;
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn collect(ids: &ArrayRef, addresses: impl Iterator<Item = RowAddress>, rows: &mut Rows) -> Result<()> {
    let ids = ids.as_string_opt::<i32>().ok_or_else(|| Error::internal("ids are no text"))?;
    rows.extend(ids.iter().zip(addresses).filter_map(|(id, address)| Some((id?.into(), address))));
    Ok(())
}

/// The two sides by id.
fn joined(old: Rows, new: Rows) -> Vec<RowChange> {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    let mut changes = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        changes.extend(change(before, after));
    }
}

fn change(before: Option<(Box<str>, RowAddress)>, after: Option<(Box<str>, RowAddress)>) -> Option<RowChange> {
    let (op, id, before, after) = match (before, after) {
        (Some((id, before)), Some((_, after))) => (ChangeOp::Update, id, before, after),
        (Some((id, before)), None) => (ChangeOp::Delete, id, before, RowAddress::NONE),
        (None, Some((id, after))) => (ChangeOp::Insert, id, RowAddress::NONE, after),
        (None, None) => return None,
    };
    Some(RowChange { id, op: Some(op), before, after })
}
