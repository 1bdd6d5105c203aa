//! The ids that follow from keys.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, StringBuilder};

use super::violation::{KEY, Violation};
use super::{KeyPart, TypePlan};
use crate::error::{Error, Result};
use crate::keys::{CanonicalTexts, NoText};
use crate::table::{EDGE_DST, EDGE_SRC};

/// The canonical ids of rows of a keyed type; none for a type without a key. The batch needs the columns of the key only.
pub(crate) fn ids(plan: &TypePlan, batch: &RecordBatch) -> Result<Option<StringArray>, Violation> {
    let Some(key) = &plan.key else { return Ok(None) };
    let columns: Option<Vec<&ArrayRef>> = key.iter().map(|part| batch.column_by_name(plan.key_column(*part))).collect();
    let texts = columns.as_deref().and_then(CanonicalTexts::new);
    let texts = texts.ok_or_else(|| Violation::new(0, KEY, format!("{} lacks its key", plan.describe())))?;
    let mut ids = StringBuilder::with_capacity(batch.num_rows(), 0);
    let mut id = String::new();
    for row in 0..batch.num_rows() {
        texts.write(row, &mut id).map_err(|reason| violation(plan, key, row, reason))?;
        ids.append_value(&id);
    }
    Ok(Some(ids.finish()))
}

fn violation(plan: &TypePlan, key: &[KeyPart], row: usize, reason: NoText) -> Violation {
    let (place, wrong) = match reason {
        NoText::Null(place) => (place, "cannot be null"),
        NoText::NotFinite(place) => (place, "must be a finite number"),
    };
    let name = key.get(place).map_or("", |part| plan.key_column(*part));
    Violation::new(row, KEY, format!("key property '{name}' of {} {wrong}", plan.describe()))
}

impl TypePlan {
    /// The column that holds a part of the key.
    pub(crate) fn key_column(&self, part: KeyPart) -> &str {
        match part {
            KeyPart::Source => EDGE_SRC,
            KeyPart::Target => EDGE_DST,
            KeyPart::Property(index) => self.properties.get(index).map_or("", |property| &property.name),
        }
    }

    /// Judged rows with their ids, in the form of the table. The columns of `draft` are the table's, in its order.
    pub(crate) fn seal(&self, draft: &RecordBatch, ids: StringArray) -> Result<RecordBatch> {
        let ids: ArrayRef = Arc::new(ids);
        let columns = std::iter::once(ids).chain(draft.columns().iter().skip(1).cloned()).collect();
        let sealed = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        sealed.map_err(|error| Error::internal(format!("rows of {}: {error}", self.describe())))
    }
}
