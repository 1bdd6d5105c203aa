//! A rule of the schema that the result of a merge breaks, as a conflict.

use arrow::array::AsArray;
use omnigraph_compiler::catalog::Catalog;

use crate::error::{ConflictKind, EntityKind, MergeConflict, RuleError};
use crate::table::ID;
use crate::validate::violation;
use crate::write::{StagedRows, StagedWrite};

/// The conflict that a broken rule is, with the entity of the source that is to blame as far as it is known.
pub(super) fn of_rule(rule: &RuleError, catalog: &Catalog, staged: &StagedWrite) -> MergeConflict {
    let kind = match rule.code {
        violation::UNIQUE => ConflictKind::UniqueViolation,
        violation::CARDINALITY => ConflictKind::CardinalityViolation,
        violation::END => ConflictKind::OrphanEdge,
        _ => ConflictKind::ValueConstraintViolation,
    };
    let (type_name, row) = rule.blamed.clone().unwrap_or_default();
    let entity_kind = if catalog.edges.contains_key(&type_name) { EntityKind::Edge } else { EntityKind::Node };
    let entity_id = row.and_then(|row| id_of(staged, entity_kind, &type_name, row));
    MergeConflict { entity_kind, type_name, entity_id, kind, message: rule.message.clone() }
}

/// The id of a new row that is in memory.
fn id_of(staged: &StagedWrite, kind: EntityKind, type_name: &str, row: u32) -> Option<String> {
    let describe = format!("{kind} type '{type_name}'");
    let table = staged.tables.iter().find(|table| table.describe == describe)?;
    let StagedRows::Memory(batches) = &table.rows else { return None };
    let mut row = row as usize;
    for batch in batches {
        if row < batch.num_rows() {
            return Some(batch.column_by_name(ID)?.as_string_opt::<i32>()?.value(row).to_owned());
        }
        row -= batch.num_rows();
    }
    None
}
