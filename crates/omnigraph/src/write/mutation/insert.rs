//! Insertions: new rows, upserts, and rows that depend on an existing row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, UInt64Array, new_null_array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use hashbrown::HashMap;
use omnigraph_compiler::ir::{EdgeEndpoints, Expr, InsertMode, InsertRow, MutationStatement, PropertyAssignment};

use super::change_set::IdSource;
use super::statements::StatementExecutor;
use crate::error::{ConstraintViolation, Error, Result};
use crate::index::key::KeyHash;
use crate::write::commit::id_column;
use crate::write::constraints::{RowPlan, canonical_ids, check_nulls, default_column, violations};

impl StatementExecutor<'_> {
    /// Inserts one row for each bound row. Returns the number of written rows.
    pub(super) async fn insert(
        &mut self,
        plan: &RowPlan,
        statement: &MutationStatement,
        insert: &InsertRow,
    ) -> Result<u64> {
        let draft = self.draft(plan, insert)?;
        let (ids, id_source) = match canonical_ids(plan, &draft)? {
            Some(ids) => (ids, IdSource::Given),
            None => (self.generate_ids(draft.num_rows()), IdSource::Generated),
        };
        if insert.mode == InsertMode::Upsert || id_source == IdSource::Generated {
            check_nulls(plan, &draft)?;
            let rows = plan.with_ids(&draft, ids)?;
            let bound = if id_source == IdSource::Generated { rows.clone() } else { final_rows(&rows)? };
            self.bind(plan, statement, &bound)?;
            return self.changes.write_rows(&plan.path, || plan.label(), &rows, id_source);
        }
        self.insert_one_by_one(plan, statement, insert, &draft, &ids).await
    }

    /// Inserts rows whose effect depends on an existing row with the same key.
    async fn insert_one_by_one(
        &mut self,
        plan: &RowPlan,
        statement: &MutationStatement,
        insert: &InsertRow,
        draft: &RecordBatch,
        ids: &StringArray,
    ) -> Result<u64> {
        let keys: Vec<KeyHash> = ids.iter().map(|id| KeyHash::new(id.unwrap_or_default())).collect();
        let base = self.base_rows(plan, &keys).await?;
        let mut written: BTreeSet<KeyHash> = BTreeSet::new();
        let mut bound = Vec::with_capacity(keys.len());
        for (row, key) in keys.iter().enumerate() {
            let (new, id) = (draft.slice(row, 1), ids.slice(row, 1));
            let row = match (self.current_row(plan, *key, &base), insert.mode) {
                (Some(_), InsertMode::New) => {
                    let message = format!("{} already has id '{}'", plan.label(), id.value(0));
                    return Err(Error::KeyConflict { message });
                }
                (Some(existing), InsertMode::IfAbsent) => {
                    bound.push(existing);
                    continue;
                }
                (Some(existing), _) => merge_rows(plan, &existing, &new, &insert.assignments)?,
                (None, _) => new,
            };
            check_nulls(plan, &row)?;
            let row = plan.with_ids(&row, id)?;
            self.changes.write_rows(&plan.path, || plan.label(), &row, IdSource::Given)?;
            written.insert(*key);
            bound.push(row);
        }
        let bound = concat_batches(&plan.schema, &bound)?;
        self.bind(plan, statement, &final_rows(&bound)?)?;
        Ok(written.len() as u64)
    }

    /// Returns the rows of the statement without ids and unchecked.
    fn draft(&self, plan: &RowPlan, insert: &InsertRow) -> Result<RecordBatch> {
        let rows = self.bound.rows();
        let mut columns: Vec<ArrayRef> = vec![new_null_array(&DataType::Utf8, rows)];
        if let Some(EdgeEndpoints { from, to }) = &insert.endpoints {
            columns.push(self.endpoint_ids(plan, "from", from)?);
            columns.push(self.endpoint_ids(plan, "to", to)?);
        }
        let env = self.base.engine.env();
        for property in &plan.properties {
            let given = insert.assignments.iter().find(|assignment| assignment.property.name == property.name);
            let column = match given {
                Some(assignment) => self.evaluator.evaluate(self.base, &self.bound, &assignment.value)?,
                None => default_column(property, rows, env, self.evaluator.now_millis())?,
            };
            columns.push(column);
        }
        cast_to_draft(plan, columns)
    }

    fn endpoint_ids(&self, plan: &RowPlan, name: &str, expr: &Expr) -> Result<ArrayRef> {
        let ids = self.evaluator.evaluate(self.base, &self.bound, expr)?;
        if ids.null_count() > 0 {
            let message = format!("{} needs both endpoints: '{name}' cannot be null", plan.label());
            return Err(ConstraintViolation::new(0, violations::ENDPOINT, message).into());
        }
        Ok(ids)
    }

    fn generate_ids(&self, rows: usize) -> StringArray {
        let env = self.base.engine.env();
        StringArray::from_iter_values((0..rows).map(|_| env.ulid().to_string()))
    }
}

/// Returns rows that a statement wrote in order, each replaced by the last row with its id.
fn final_rows(rows: &RecordBatch) -> Result<RecordBatch> {
    let ids = id_column(rows)?;
    let last: HashMap<Option<&str>, usize> = ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
    if last.len() == ids.len() {
        return Ok(rows.clone());
    }
    let indexes = ids.iter().map(|id| last.get(&id).map(|row| *row as u64));
    Ok(take_record_batch(rows, &UInt64Array::from_iter(indexes))?)
}

/// Returns the existing row with the assigned values of the new one.
fn merge_rows(
    plan: &RowPlan,
    existing: &RecordBatch,
    new: &RecordBatch,
    assignments: &[PropertyAssignment],
) -> Result<RecordBatch> {
    let given = |name: &str| assignments.iter().any(|assignment| assignment.property.name == name);
    let fields = plan.draft.fields().iter().enumerate();
    let columns = fields.map(|(index, field)| {
        let from = if given(field.name()) { new } else { existing };
        Arc::clone(from.column(index))
    });
    cast_to_draft(plan, columns.collect())
}

/// Casts columns to the draft schema: the literal null has no type, and list items may have other names.
pub(super) fn cast_to_draft(plan: &RowPlan, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    let fields = plan.draft.fields().iter();
    let fit = |(column, ty): (ArrayRef, &DataType)| {
        if column.data_type() == ty { Ok(column) } else { cast(&column, ty) }
    };
    let columns = columns.into_iter().zip(fields.map(|field| field.data_type())).map(fit);
    Ok(RecordBatch::try_new(Arc::clone(&plan.draft), columns.collect::<Result<_, _>>()?)?)
}
