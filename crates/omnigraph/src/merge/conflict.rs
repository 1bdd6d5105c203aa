//! Rules of the schema that the result of a merge breaks, as conflicts.

use omnigraph_compiler::catalog::Catalog;

use super::carried;
use crate::error::{BrokenRules, ConflictKind, EntityKind, MergeConflict, Result, RuleError};
use crate::validate::violation;
use crate::write::StagedWrite;

/// The conflicts that broken rules are, each with the entity of the source that is to blame as far as it is known.
pub(super) async fn of_rules(
    broken: &BrokenRules,
    catalog: &Catalog,
    staged: &StagedWrite,
) -> Result<Vec<MergeConflict>> {
    let mut conflicts = Vec::with_capacity(broken.errors.len());
    for rule in &broken.errors {
        conflicts.push(of_rule(rule, catalog, staged).await?);
    }
    conflicts.sort();
    Ok(conflicts)
}

async fn of_rule(rule: &RuleError, catalog: &Catalog, staged: &StagedWrite) -> Result<MergeConflict> {
    let kind = match rule.code {
        violation::UNIQUE => ConflictKind::UniqueViolation,
        violation::CARDINALITY => ConflictKind::CardinalityViolation,
        violation::END => ConflictKind::OrphanEdge,
        _ => ConflictKind::ValueConstraintViolation,
    };
    let type_name = rule.type_name.clone();
    let entity_kind = if catalog.edges.contains_key(&type_name) { EntityKind::Edge } else { EntityKind::Node };
    let entity_id = match &rule.entity_id {
        Some(id) => Some(id.clone()),
        None => carried_id(rule, &format!("{entity_kind} type '{type_name}'"), staged).await?,
    };
    Ok(MergeConflict { entity_kind, type_name, entity_id, kind, message: rule.message.clone() })
}

/// The id of a row that is carried over.
async fn carried_id(rule: &RuleError, describe: &str, staged: &StagedWrite) -> Result<Option<String>> {
    let table = staged.tables.iter().find(|table| table.describe == describe);
    let source = table.and_then(|table| table.carried.first());
    let address = rule.places.first().and_then(|place| carried::address(*place));
    match source.zip(address) {
        Some((source, address)) => source.table.id_at(address).await.map(Some),
        None => Ok(None),
    }
}
