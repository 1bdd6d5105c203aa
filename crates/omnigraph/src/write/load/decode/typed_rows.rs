//! Decoded rows of one type: constraint checks on draft rows, and their ids.

use arrow::array::{Array, AsArray, RecordBatch, StringArray, StringBuilder};
use omnigraph_storage::Env;

use super::{DecodeContext, INVALID_ID};
use crate::error::{ConstraintViolation, Error, Result};
use crate::index::key::KeyHash;
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::write::constraints::{RowPlan, TypeIndex, canonical_ids, check_rows};

/// Decoded rows of one type, not checked yet.
#[derive(Debug)]
pub(super) struct DraftRows {
    /// The columns of the table, with ids where they are given.
    pub(super) batch: RecordBatch,
    /// The line number of each row.
    pub(super) lines: Vec<u64>,
}

/// Checked rows of one type, with ids.
#[derive(Debug)]
pub(in crate::write::load) struct TypedRows {
    pub(in crate::write::load) ty: TypeIndex,
    pub(in crate::write::load) batch: RecordBatch,
    /// Given and canonical ids, each with its row. Generated ids cannot clash.
    pub(in crate::write::load) keys: Vec<(KeyHash, u32)>,
    /// The endpoints of each edge.
    pub(in crate::write::load) endpoints: Vec<(KeyHash, KeyHash)>,
    /// The line number of each row.
    pub(in crate::write::load) lines: Vec<u64>,
}

/// A generator of ULIDs for rows without an id. It draws 64 random bits for each run of 65,536 ids and counts within the run,
/// so that a bulk load does not use the shared generator for every row.
#[derive(Debug, Default)]
struct IdGenerator {
    run: u128,
    used: u128,
}

impl IdGenerator {
    const RUN: u128 = 1 << 16;

    fn generate(&mut self, env: &Env, now_millis: i64) -> ulid::Ulid {
        let at = self.used % Self::RUN;
        if at == 0 {
            self.run = u128::from(env.random_u64()) * Self::RUN;
        }
        self.used += 1;
        ulid::Ulid::from_parts(now_millis.max(0).unsigned_abs(), self.run | at)
    }
}

impl DraftRows {
    /// Checks the rows and reports the first invalid one. Returns the canonical ids of a type with a key.
    pub(super) fn check(&self, plan: &RowPlan) -> Result<Option<StringArray>, ConstraintViolation> {
        let checked = check_rows(plan, &self.batch);
        let valid = checked.as_ref().map_or_else(ConstraintViolation::first_row, |()| self.batch.num_rows());
        let ids = check_ids(plan, &self.batch.slice(0, valid))?;
        checked.map(|()| ids)
    }

    /// Returns the rows with the ids of [`Self::check`]. Rows without a key keep their ids, or get generated ones.
    pub(super) fn into_typed_rows(
        self,
        ty: TypeIndex,
        plan: &RowPlan,
        ids: Option<StringArray>,
        context: &DecodeContext,
    ) -> Result<TypedRows> {
        let Self { batch, lines } = self;
        let given = string_column(&batch, ID)?;
        let rows = 0u32..;
        let (ids, keys) = match ids {
            Some(ids) => {
                let keys = ids.iter().flatten().map(KeyHash::new).zip(rows).collect();
                (ids, keys)
            }
            None => {
                let keys = given.iter().zip(rows).filter_map(|(id, row)| Some((KeyHash::new(id?), row))).collect();
                (generate_missing(given, context), keys)
            }
        };
        let endpoints = if plan.is_edge() {
            let hashes = |column| Ok::<_, Error>(string_column(&batch, column)?.iter().flatten().map(KeyHash::new));
            hashes(EDGE_SRC)?.zip(hashes(EDGE_DST)?).collect()
        } else {
            Vec::new()
        };
        Ok(TypedRows { ty, batch: plan.with_ids(&batch, ids)?, keys, endpoints, lines })
    }
}

/// Returns the canonical ids of keys. A given id must be equal to its canonical id.
fn check_ids(plan: &RowPlan, batch: &RecordBatch) -> Result<Option<StringArray>, ConstraintViolation> {
    let ids = match canonical_ids(plan, batch) {
        Ok(ids) => ids,
        Err(violation) => {
            check_ids(plan, &batch.slice(0, violation.first_row()))?;
            return Err(violation);
        }
    };
    let given = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
    if let (Some(ids), Some(given)) = (&ids, given) {
        for (row, (id, given)) in ids.iter().zip(given).enumerate() {
            if let (Some(id), Some(given)) = (id, given)
                && id != given
            {
                let message = format!("id '{given}' does not match its canonical @key id '{id}'");
                return Err(ConstraintViolation::new(row, INVALID_ID, message));
            }
        }
    }
    Ok(ids)
}

fn generate_missing(given: &StringArray, context: &DecodeContext) -> StringArray {
    if given.null_count() == 0 {
        return given.clone();
    }
    let mut generator = IdGenerator::default();
    let mut ids = StringBuilder::with_capacity(given.len(), given.len() * ulid::ULID_LEN);
    for id in given {
        match id {
            Some(id) => ids.append_value(id),
            None => {
                let id = generator.generate(&context.env, context.now_millis);
                ids.append_value(id.array_to_str(&mut [0; ulid::ULID_LEN]));
            }
        }
    }
    ids.finish()
}

fn string_column<'a>(batch: &'a RecordBatch, column: &str) -> Result<&'a StringArray> {
    let strings = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    strings.ok_or_else(|| Error::internal(format!("decoded rows without column {column}")))
}
