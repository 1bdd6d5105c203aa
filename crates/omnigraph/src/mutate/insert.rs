//! Rows that come.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, UInt64Array, new_null_array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use hashbrown::HashMap;
use omnigraph_compiler::ir::{Assignment, Endpoints, Expr, Insert, InsertMode, Statement};

use super::ledger::{Identity, id_column};
use super::run::Run;
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::validate::{self, TypePlan, Violation, check_nulls, default_column, violation};

impl Run<'_> {
    /// Inserts one row for each row of the environment. Says how many were written.
    pub(super) async fn insert(&mut self, plan: &TypePlan, statement: &Statement, insert: &Insert) -> Result<u64> {
        let draft = self.draft(plan, insert)?;
        let (ids, identity) = match validate::ids(plan, &draft)? {
            Some(ids) => (ids, Identity::Known),
            None => (self.made_up(draft.num_rows()), Identity::MadeUp),
        };
        if insert.mode == InsertMode::Upsert || identity == Identity::MadeUp {
            check_nulls(plan, &draft)?;
            let rows = plan.seal(&draft, ids)?;
            let bound = if identity == Identity::MadeUp { rows.clone() } else { as_left(&rows)? };
            self.bind(plan, statement, &bound)?;
            return self.ledger.put(&plan.path, || plan.describe(), &rows, identity);
        }
        self.one_by_one(plan, statement, insert, &draft, &ids).await
    }

    /// Rows whose fate depends on the row that is there under their key.
    async fn one_by_one(
        &mut self,
        plan: &TypePlan,
        statement: &Statement,
        insert: &Insert,
        draft: &RecordBatch,
        ids: &StringArray,
    ) -> Result<u64> {
        let keys: Vec<KeyHash> = ids.iter().map(|id| KeyHash::of(id.unwrap_or_default())).collect();
        let base = self.of_base(plan, &keys).await?;
        let mut written: BTreeSet<KeyHash> = BTreeSet::new();
        let mut bound = Vec::with_capacity(keys.len());
        for (row, key) in keys.iter().enumerate() {
            let (new, id) = (draft.slice(row, 1), ids.slice(row, 1));
            let row = match (self.current(plan, *key, &base), insert.mode) {
                (Some(_), InsertMode::New) => {
                    let message = format!("{} already has id '{}'", plan.describe(), id.value(0));
                    return Err(Error::KeyConflict { message });
                }
                (Some(there), InsertMode::IfAbsent) => {
                    bound.push(there);
                    continue;
                }
                (Some(there), _) => merged(plan, &there, &new, &insert.assignments)?,
                (None, _) => new,
            };
            check_nulls(plan, &row)?;
            let row = plan.seal(&row, id)?;
            self.ledger.put(&plan.path, || plan.describe(), &row, Identity::Known)?;
            written.insert(*key);
            bound.push(row);
        }
        let bound = concat_batches(&plan.schema, &bound)?;
        self.bind(plan, statement, &as_left(&bound)?)?;
        Ok(written.len() as u64)
    }

    /// The rows as far as the statement determines them: ids are still to be found, and nothing is judged yet.
    fn draft(&self, plan: &TypePlan, insert: &Insert) -> Result<RecordBatch> {
        let rows = self.environment.rows();
        let mut columns: Vec<ArrayRef> = vec![new_null_array(&DataType::Utf8, rows)];
        if let Some(Endpoints { from, to }) = &insert.endpoints {
            columns.push(self.end(plan, "from", from)?);
            columns.push(self.end(plan, "to", to)?);
        }
        let ambient = self.base.shared.ambient();
        for property in &plan.properties {
            let given = insert.assignments.iter().find(|assignment| assignment.property.name == property.name);
            let column = match given {
                Some(assignment) => self.statements.evaluate(self.base, &self.environment, &assignment.value)?,
                None => default_column(property, rows, ambient, self.statements.now_millis())?,
            };
            columns.push(column);
        }
        fitted(plan, columns)
    }

    fn end(&self, plan: &TypePlan, name: &str, expr: &Expr) -> Result<ArrayRef> {
        let ids = self.statements.evaluate(self.base, &self.environment, expr)?;
        if ids.null_count() > 0 {
            let message = format!("{} needs both its ends: '{name}' cannot be null", plan.describe());
            return Err(Error::from(Violation::new(0, violation::END, message)));
        }
        Ok(ids)
    }

    fn made_up(&self, rows: usize) -> StringArray {
        let ambient = self.base.shared.ambient();
        StringArray::from_iter_values((0..rows).map(|_| ambient.ulid().to_string()))
    }
}

/// Rows that a statement wrote one after the other, each as the last of its id left it.
fn as_left(rows: &RecordBatch) -> Result<RecordBatch> {
    let ids = id_column(rows)?;
    let last: HashMap<Option<&str>, usize> = ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
    if last.len() == ids.len() {
        return Ok(rows.clone());
    }
    let places = ids.iter().map(|id| last.get(&id).map(|row| *row as u64));
    Ok(take_record_batch(rows, &UInt64Array::from_iter(places))?)
}

/// The row that is there with the values that are given.
fn merged(plan: &TypePlan, there: &RecordBatch, new: &RecordBatch, assignments: &[Assignment]) -> Result<RecordBatch> {
    let given = |name: &str| assignments.iter().any(|assignment| assignment.property.name == name);
    let fields = plan.draft.fields().iter().enumerate();
    let columns = fields.map(|(index, field)| {
        let from = if given(field.name()) { new } else { there };
        Arc::clone(from.column(index))
    });
    fitted(plan, columns.collect())
}

/// Columns in the form of the type's draft: a literal null has no type, and lists may call their items otherwise.
pub(super) fn fitted(plan: &TypePlan, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    let fields = plan.draft.fields().iter();
    let fit = |(column, ty): (ArrayRef, &DataType)| {
        if column.data_type() == ty { Ok(column) } else { cast(&column, ty) }
    };
    let columns = columns.into_iter().zip(fields.map(|field| field.data_type())).map(fit);
    Ok(RecordBatch::try_new(Arc::clone(&plan.draft), columns.collect::<Result<_, _>>()?)?)
}
