//! Resolution of staged rows against a base, and validation of the result.
//!
//! Both run again on every base, so that a commit is always validated against the exact state that it follows. Violations
//! are reported in this order: keys, uniqueness, endpoints, cardinality. Constraints on single rows were checked before.

use std::borrow::Cow;
use std::sync::Arc;

use super::{StagedRows, StagedTable, StagedWrite, WriteMode};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::table::{RowAddress, Table};
use crate::write::constraints::{ConstraintInputs, NewRows, PostState, TableConstraints, TableWrite, Violations};

/// The effect of a staged table on its base.
#[derive(Debug)]
pub(super) struct ResolvedTable {
    pub(super) base: Arc<Table>,
    /// Rows of the base that are deleted or replaced, in order.
    pub(super) deleted: Vec<RowAddress>,
    /// The number of them that are replaced.
    pub(super) updated: u64,
}

/// Resolves `staged` against `base` and checks its constraints.
pub(super) async fn resolve_write(staged: &StagedWrite, base: &Snapshot) -> Result<Vec<ResolvedTable>> {
    let mut resolved = Vec::with_capacity(staged.tables.len());
    for table in &staged.tables {
        resolved.push(resolve_table(table, base).await?);
    }
    let writes = staged.tables.iter().zip(&resolved).map(|(table, resolved)| table_write(table, resolved, base));
    let state = PostState { base, writes: writes.collect::<Result<_>>()? };
    let mut violations = Violations::default();
    state.check_uniques(&mut violations).await?;
    state.check_endpoints(&staged.endpoint_lookups, &mut violations).await?;
    state.check_cardinalities(&mut violations).await?;
    violations.into_result()?;
    Ok(resolved)
}

/// Checks the constraints of `staged` on `base` without writing.
pub(crate) async fn check_constraints(staged: &StagedWrite, base: &Snapshot) -> Result<()> {
    resolve_write(staged, base).await.map(drop)
}

/// Finds the rows of the base that a staged table replaces or deletes.
pub(super) async fn resolve_table(staged: &StagedTable, snapshot: &Snapshot) -> Result<ResolvedTable> {
    let base = snapshot.table(&staged.path).await?;
    let without_keys = staged.keys.is_empty() && staged.removed.is_empty();
    if staged.mode == WriteMode::Replace || without_keys || base.rows() == 0 {
        return Ok(ResolvedTable { base, deleted: Vec::new(), updated: 0 });
    }
    let index = snapshot.engine.keys.id_index(&base).await?;
    let mut deleted: Vec<RowAddress> = staged.keys.iter().filter_map(|key| index.get(key)).collect();
    if staged.mode == WriteMode::Insert
        && let Some(first) = deleted.iter().min()
    {
        let id = base.id_by_address(*first).await?;
        return Err(Error::KeyConflict { message: format!("{} already has id '{id}'", staged.label) });
    }
    let updated = deleted.len() as u64;
    let removed = staged.removed.iter().filter(|key| !staged.keys.contains(*key));
    deleted.extend(removed.filter_map(|key| index.get(key)));
    deleted.sort_unstable();
    Ok(ResolvedTable { base, deleted, updated })
}

fn table_write<'a>(staged: &'a StagedTable, resolved: &'a ResolvedTable, base: &Snapshot) -> Result<TableWrite<'a>> {
    let constraints = TableConstraints::for_table(base.catalog(), &staged.path)?;
    let batches: &[_] = match &staged.rows {
        StagedRows::Memory(batches) => batches,
        StagedRows::Files(_) => &[],
    };
    let inputs = match (&staged.constraint_inputs, &staged.rows) {
        (Some(inputs), _) => Cow::Borrowed(inputs.as_ref()),
        (None, StagedRows::Memory(batches)) => Cow::Owned(ConstraintInputs::from_batches(&constraints, batches)?),
        (None, StagedRows::Files(_)) => return Err(Error::internal("rows in files without constraint inputs")),
    };
    let new = NewRows { batches, inputs, streamed: staged.constraint_inputs.is_some() };
    Ok(TableWrite {
        constraints,
        base: Arc::clone(&resolved.base),
        replace: staged.mode == WriteMode::Replace,
        deleted: &resolved.deleted,
        keys: &staged.keys,
        removed: &staged.removed,
        new,
    })
}
