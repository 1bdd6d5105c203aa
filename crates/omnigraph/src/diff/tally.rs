//! How many rows of a table changed, and which, as a commit record says it.

use omnigraph_log::TableChange;
use omnigraph_log::record::TouchedKeys;

use super::ChangeOp;
use super::rows::RowChange;
use crate::keys::KeyHash;

/// What `rows` come to.
pub(crate) fn tally(rows: &[RowChange]) -> TableChange {
    let count = |op: ChangeOp| rows.iter().filter(|row| row.op == Some(op)).count() as u64;
    let changed = rows.iter().filter(|row| row.op.is_some());
    let touched = changed.map(|row| KeyHash::of(&row.id).short()).collect();
    TableChange {
        inserted: count(ChangeOp::Insert),
        updated: count(ChangeOp::Update),
        deleted: count(ChangeOp::Delete),
        touched: TouchedKeys::of(touched),
    }
}
