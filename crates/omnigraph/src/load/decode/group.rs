//! Decoded rows of one type, judged by the rules of their type and identified.

use arrow::array::{Array, AsArray, RecordBatch, StringArray, StringBuilder};
use omnigraph_objects::Ambient;

use super::problem;
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::validate::{TypeIndex, TypePlan, Violation, check_rows, ids};

/// Rows of one type as a decoder leaves them.
#[derive(Debug)]
pub(in crate::load) struct Draft {
    /// The columns of the type's table; ids where they were given.
    pub(in crate::load) batch: RecordBatch,
    /// Line numbers, by row.
    pub(in crate::load) lines: Vec<u64>,
}

/// Judged rows of one type.
#[derive(Debug)]
pub(in crate::load) struct Group {
    pub(in crate::load) ty: TypeIndex,
    pub(in crate::load) batch: RecordBatch,
    /// Ids that can clash, each with its row: all but those that were made up.
    pub(in crate::load) keys: Vec<(KeyHash, u32)>,
    /// Ends of edges, by row.
    pub(in crate::load) ends: Vec<(KeyHash, KeyHash)>,
    /// Line numbers, by row.
    pub(in crate::load) lines: Vec<u64>,
}

/// ULIDs for rows without an id: 64 random bits for each run of 65,536, counted up within, so that a bulk load does not
/// ask the shared source of ids for every row.
#[derive(Debug, Default)]
struct MadeUpIds {
    run: u128,
    used: u128,
}

impl MadeUpIds {
    const RUN: u128 = 1 << 16;

    fn next(&mut self, ambient: &Ambient, now_millis: i64) -> ulid::Ulid {
        let at = self.used % Self::RUN;
        if at == 0 {
            self.run = u128::from(ambient.random_u64()) * Self::RUN;
        }
        self.used += 1;
        ulid::Ulid::from_parts(now_millis.max(0).unsigned_abs(), self.run | at)
    }
}

impl Draft {
    /// Judges the rows; the first that is wrong is reported. Gives the ids of a keyed type.
    pub(in crate::load) fn judge(&self, plan: &TypePlan) -> Result<Option<StringArray>, Violation> {
        let judged = check_rows(plan, &self.batch);
        let sound = judged.as_ref().map_or_else(|violation| violation.row, |()| self.batch.num_rows());
        let ids = identify(plan, &self.batch.slice(0, sound))?;
        judged.map(|()| ids)
    }

    /// The rows with the ids that [`Self::judge`] gave; rows without a key keep theirs, or get one.
    pub(in crate::load) fn seal(
        self,
        (ty, plan): (TypeIndex, &TypePlan),
        ids: Option<StringArray>,
        ambient: &Ambient,
        now_millis: i64,
    ) -> Result<Group> {
        let Self { batch, lines } = self;
        let given = texts(&batch, ID)?;
        let rows = 0u32..;
        let (ids, keys) = match ids {
            Some(ids) => {
                let keys = ids.iter().flatten().map(KeyHash::of).zip(rows).collect();
                (ids, keys)
            }
            None => {
                let keys = given.iter().zip(rows).filter_map(|(id, row)| Some((KeyHash::of(id?), row))).collect();
                (complete(given, ambient, now_millis), keys)
            }
        };
        let ends = if plan.is_edge() {
            let hashes = |column| Ok::<_, Error>(texts(&batch, column)?.iter().flatten().map(KeyHash::of));
            hashes(EDGE_SRC)?.zip(hashes(EDGE_DST)?).collect()
        } else {
            Vec::new()
        };
        Ok(Group { ty, batch: plan.seal(&batch, ids)?, keys, ends, lines })
    }
}

/// The ids that follow from keys. One that was given as well must be the same.
fn identify(plan: &TypePlan, batch: &RecordBatch) -> Result<Option<StringArray>, Violation> {
    let ids = match ids(plan, batch) {
        Ok(ids) => ids,
        Err(violation) => {
            identify(plan, &batch.slice(0, violation.row))?;
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
                return Err(Violation::new(row, problem::ID, message));
            }
        }
    }
    Ok(ids)
}

fn complete(given: &StringArray, ambient: &Ambient, now_millis: i64) -> StringArray {
    if given.null_count() == 0 {
        return given.clone();
    }
    let mut made_up = MadeUpIds::default();
    let mut ids = StringBuilder::with_capacity(given.len(), given.len() * ulid::ULID_LEN);
    for id in given {
        match id {
            Some(id) => ids.append_value(id),
            None => ids.append_value(made_up.next(ambient, now_millis).array_to_str(&mut [0; ulid::ULID_LEN])),
        }
    }
    ids.finish()
}

fn texts<'a>(batch: &'a RecordBatch, column: &str) -> Result<&'a StringArray> {
    let texts = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    texts.ok_or_else(|| Error::internal(format!("decoded rows without column {column}")))
}
