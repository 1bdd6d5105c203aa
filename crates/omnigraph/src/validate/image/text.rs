//! Values and ids for messages.

use arrow::array::{Array, ArrayRef, AsArray};

use super::TableWrite;
use crate::error::Result;
use crate::keys::CanonicalTexts;
use crate::table::{ID, RowAddress, Table};

/// A row as a message names it.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    /// Its id.
    pub(super) id: Option<String>,
    /// The values of some columns.
    pub(super) values: Option<Vec<String>>,
}

impl TableWrite<'_> {
    /// A new row, as far as it is in memory: those come before others.
    pub(super) fn new_row(&self, row: u32, columns: &[String]) -> Named {
        let mut row = row as usize;
        for batch in self.new.batches {
            if row < batch.num_rows() {
                let found = columns.iter().map(|name| batch.column_by_name(name)).collect::<Option<Vec<_>>>();
                return named(batch.column_by_name(ID), found.as_deref(), row);
            }
            row -= batch.num_rows();
        }
        Named::default()
    }
}

/// The row at an address.
pub(super) async fn row_at(table: &Table, address: RowAddress, columns: &[String]) -> Result<Named> {
    let names: Vec<&str> = std::iter::once(ID).chain(columns.iter().map(String::as_str)).collect();
    let fetched = table.fetch(&[address], &names).await?;
    let values: Vec<&ArrayRef> = fetched.iter().skip(1).collect();
    Ok(named(fetched.first(), Some(&values), 0))
}

fn named(ids: Option<&ArrayRef>, columns: Option<&[&ArrayRef]>, row: usize) -> Named {
    let ids = ids.and_then(|ids| ids.as_string_opt::<i32>()).filter(|ids| row < ids.len());
    let texts = columns.and_then(CanonicalTexts::new);
    Named { id: ids.map(|ids| ids.value(row).to_owned()), values: texts.and_then(|texts| texts.parts(row).ok()) }
}

/// `a` alone, `(a, b)` for several.
pub(super) fn tuple(parts: &[String]) -> String {
    match parts {
        [single] => single.clone(),
        several => format!("({})", several.join(", ")),
    }
}
