//! The key index of a pinned version, brought forward from that of an earlier one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::KeyIndex;
use super::read::entries;
use crate::error::Result;
use crate::table::{Derived, ID, Table};

/// Key indexes by table and version: of ids, and of columns whose values are unique. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndexes {
    ids: Derived<KeyIndex>,
    tuples: Arc<Mutex<HashMap<Columns, Derived<KeyIndex>>>>,
}

/// Columns by name and Lance's id: a column that got the name of another is another column.
type Columns = Vec<(String, i32)>;

impl KeyIndexes {
    /// The ids of `table`. Reads only what changed since a version that is known.
    pub(crate) async fn of(&self, table: &Arc<Table>) -> Result<KeyIndex> {
        derive(&self.ids, table, &[ID]).await
    }

    /// The values of `columns`, which no two rows of `table` share; rows with a null are left out.
    pub(crate) async fn of_columns(&self, table: &Arc<Table>, columns: &[&str]) -> Result<KeyIndex> {
        let identified = |name: &&str| table.field_id(name).map(|id| ((*name).to_owned(), id));
        let identified: Columns = columns.iter().map(identified).collect::<Result<_>>()?;
        let known = {
            let mut tuples = self.tuples.lock().unwrap_or_else(PoisonError::into_inner);
            tuples.entry(identified).or_default().clone()
        };
        derive(&known, table, columns).await
    }

    /// The ids of `table` if that costs no read.
    pub(crate) fn known(&self, table: &Table) -> Option<KeyIndex> {
        known(&self.ids, table)
    }

    /// Remembers the ids of a version that this process wrote.
    pub(crate) fn keep(&self, table: &Arc<Table>, index: KeyIndex) {
        self.ids.keep(table, index);
    }
}

fn known(indexes: &Derived<KeyIndex>, table: &Table) -> Option<KeyIndex> {
    if table.rows() == 0 { Some(KeyIndex::default()) } else { indexes.exact(table) }
}

async fn derive(indexes: &Derived<KeyIndex>, table: &Arc<Table>, columns: &[&str]) -> Result<KeyIndex> {
    if let Some(index) = known(indexes, table) {
        return Ok(index);
    }
    let index = match indexes.nearest(table) {
        Some(known) => bring_forward(&known.table, &known.value, table, columns).await?,
        None => KeyIndex::of(entries(table, columns, table.all_apart()).await?),
    };
    indexes.keep(table, index.clone());
    Ok(index)
}

/// From the index of one version to that of another, by the rows in which they differ.
async fn bring_forward(from: &Table, index: &KeyIndex, table: &Table, columns: &[&str]) -> Result<KeyIndex> {
    let gone = entries(from, columns, from.apart_from(table).await?).await?;
    let came = entries(table, columns, table.apart_from(from).await?).await?;
    Ok(index.next(gone.into_iter().map(|(key, _)| key), came))
}
