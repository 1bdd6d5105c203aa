//! Uniqueness: no two rows share the values of `@unique` columns.
//!
//! New rows are compared with each other and, through an index of the base, with the remaining rows. A value whose row is
//! replaced or deleted by the same write is free: a row does not conflict with its previous version, and two rows can swap
//! values.

use hashbrown::HashMap;

use super::post_state::{PostState, RowLabel, TableWrite};
use super::violations::{UNIQUE, Violations};
use crate::error::{ConstraintViolation, Result};
use crate::index::key::{KeyHash, KeyIndex};

/// Checks the unique constraints of one table.
pub(super) async fn check_table(
    state: &PostState<'_>,
    write: &TableWrite<'_>,
    violations: &mut Violations,
) -> Result<()> {
    if write.new.inputs.rows() == 0 {
        return Ok(());
    }
    for columns in &write.constraints.uniques {
        let base = if write.replace || write.base.rows() == 0 {
            KeyIndex::default()
        } else {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            state.base.engine.keys.unique_index(&write.base, &names).await?
        };
        let mut seen: HashMap<KeyHash, u32> = HashMap::new();
        for (hash, row) in write.new.inputs.unique_values(columns) {
            let held = base.get(hash).filter(|address| !write.deletes_row(*address));
            let earlier = seen.insert(hash, row);
            match (held, earlier) {
                (None, None) => {}
                _ if violations.is_full() => violations.count(),
                (Some(address), _) => {
                    let holder = RowLabel::read(&write.base, address, columns).await?;
                    violations.push(violation(write, columns, &[row], &holder));
                }
                (None, Some(earlier)) => {
                    violations.push(violation(write, columns, &[row, earlier], &write.new_row(earlier, columns)));
                }
            }
        }
    }
    Ok(())
}

/// Returns the violation of the first of `rows`, whose values `holder` has.
fn violation(write: &TableWrite<'_>, columns: &[String], rows: &[u32], holder: &RowLabel) -> ConstraintViolation {
    let property = format!("{}.{}", write.constraints.type_name, format_tuple(columns));
    let new = rows.first().map(|row| write.new_row(*row, columns)).unwrap_or_default();
    let value = holder.values.as_deref().map(|values| format!("value '{}' ", format_tuple(values))).unwrap_or_default();
    let by = match (&holder.id, &new.id) {
        (Some(holder), Some(new)) => format!("held by '{holder}' and '{new}'"),
        (Some(holder), None) => format!("held by '{holder}' and by a row of the input"),
        _ => "held by two rows of the input".to_owned(),
    };
    write.violation(UNIQUE, rows, format!("@unique violation on {property}: {value}{by}"))
}

/// Formats one part as `a`, several as `(a, b)`.
fn format_tuple(parts: &[String]) -> String {
    match parts {
        [single] => single.clone(),
        several => format!("({})", several.join(", ")),
    }
}
