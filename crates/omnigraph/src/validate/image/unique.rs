//! No two rows share what is unique.
//!
//! New rows are compared with each other and, through an index of the base, with the rows that stay. A value whose row goes in the
//! same write is free again, so a row never conflicts with its own previous version, and two rows can swap their values.

use hashbrown::HashMap;

use super::text::{Named, row_at, tuple};
use super::{Broken, Image, TableWrite};
use crate::error::{Result, RuleError};
use crate::keys::{KeyHash, KeyIndex};
use crate::validate::violation::UNIQUE;

pub(super) async fn check(image: &Image<'_>, write: &TableWrite<'_>, broken: &mut Broken) -> Result<()> {
    if write.new.facts.rows() == 0 {
        return Ok(());
    }
    for columns in &write.rules.uniques {
        let base = if write.replace || write.base.rows() == 0 {
            KeyIndex::default()
        } else {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            image.base.shared.keys.of_columns(&write.base, &names).await?
        };
        let mut met: HashMap<KeyHash, u32> = HashMap::new();
        for (hash, row) in write.new.facts.tuples(columns) {
            let held = base.get(hash).filter(|address| !write.takes(*address));
            let first = met.insert(hash, row);
            match (held, first) {
                (None, None) => {}
                _ if !broken.has_room() => broken.count(),
                (Some(address), _) => {
                    let holder = row_at(&write.base, address, columns).await?;
                    broken.add(violated(write, columns, &[row], &holder));
                }
                (None, Some(first)) => {
                    broken.add(violated(write, columns, &[row, first], &write.new_row(first, columns)));
                }
            }
        }
    }
    Ok(())
}

/// The first of `rows` has what `holder` has.
fn violated(write: &TableWrite<'_>, columns: &[String], rows: &[u32], holder: &Named) -> RuleError {
    let place = format!("{}.{}", write.rules.name, tuple(columns));
    let newcomer = rows.first().map(|row| write.new_row(*row, columns)).unwrap_or_default();
    let value = holder.values.as_deref().map(|values| format!("value '{}' ", tuple(values))).unwrap_or_default();
    let by = match (&holder.id, &newcomer.id) {
        (Some(holder), Some(newcomer)) => format!("held by '{holder}' and '{newcomer}'"),
        (Some(holder), None) => format!("held by '{holder}' and by a row of the input"),
        _ => "held by two rows of the input".to_owned(),
    };
    write.refused(UNIQUE, rows, format!("@unique violation on {place}: {value}{by}"))
}
