//! Keys seen and ends still to be found.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};

use super::decode::{Group, data_error};
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::validate::{RowPlans, TypeIndex};

/// Two rows of one id in one input.
const DUPLICATE_KEY: &str = "OG-LOAD-011";

/// The ids of the rows of one type.
pub(super) type Seen = hashbrown::HashMap<KeyHash, u64>;

/// An end that no row of the input has had so far.
#[derive(Clone, Debug)]
pub(super) struct PendingEnd {
    /// Where it is needed first.
    pub(super) line: u64,
    /// The id.
    pub(super) id: Box<str>,
    /// Which column names it.
    pub(super) column: &'static str,
    /// The edge type.
    pub(super) edge: TypeIndex,
}

/// What a load has seen.
#[derive(Debug)]
pub(super) struct Tracker {
    /// By type: hash of id to line.
    pub(super) seen: Vec<Seen>,
    /// By node type: ends not seen.
    pub(super) pending: Vec<HashMap<KeyHash, PendingEnd>>,
    /// By type: rows.
    pub(super) rows: Vec<u64>,
}

impl Tracker {
    pub(super) fn new(plan: &RowPlans) -> Self {
        let count = plan.types.len();
        Self { seen: vec![Seen::new(); count], pending: vec![HashMap::new(); count], rows: vec![0; count] }
    }

    /// Takes note of the rows of `group`. An id that was seen before is an error, naming both lines.
    pub(super) fn note(&mut self, plan: &RowPlans, file: &str, group: &Group) -> Result<()> {
        self.rows[group.ty] += group.lines.len() as u64;
        for (key, row) in &group.keys {
            let line = group.lines[*row as usize];
            if let Some(first) = self.seen[group.ty].insert(*key, line) {
                let ty = &plan.types[group.ty];
                let id = text(group, ID, *row as usize);
                let message = format!(
                    "line {line}: @unique violation on {}.{}: value '{id}' held by the row at line {first} already",
                    ty.name,
                    key_name(plan, group.ty),
                );
                return Err(data(DUPLICATE_KEY, message, file, line, &id));
            }
        }
        if let Some((from, to)) = plan.types[group.ty].ends {
            for (row, (src, dst)) in group.ends.iter().enumerate() {
                self.need(from, *src, group, row, EDGE_SRC);
                self.need(to, *dst, group, row, EDGE_DST);
            }
        }
        Ok(())
    }

    fn need(&mut self, node: TypeIndex, key: KeyHash, group: &Group, row: usize, column: &'static str) {
        if self.seen[node].contains_key(&key) || self.pending[node].contains_key(&key) {
            return;
        }
        let end = PendingEnd { line: group.lines[row], id: text(group, column, row).into(), column, edge: group.ty };
        self.pending[node].insert(key, end);
    }

    /// Forgets the ends whose nodes came later in the input.
    pub(super) fn settle(&mut self) {
        for (pending, seen) in self.pending.iter_mut().zip(&self.seen) {
            pending.retain(|key, _| !seen.contains_key(key));
        }
    }
}

fn data(code: &'static str, message: String, file: &str, line: u64, shown: &str) -> Error {
    Error::Data(Box::new(data_error(code, message, file, line, 0, shown)))
}

fn key_name(plan: &RowPlans, ty: TypeIndex) -> String {
    let ty = &plan.types[ty];
    match ty.key.as_deref() {
        Some([single]) => ty.key_column(*single).to_owned(),
        Some(several) => {
            let names: Vec<_> = several.iter().map(|part| ty.key_column(*part)).collect();
            format!("({})", names.join(", "))
        }
        None => ID.to_owned(),
    }
}

fn text(group: &Group, column: &str, row: usize) -> String {
    let ids = group.batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    ids.filter(|ids| row < ids.len()).map(|ids| ids.value(row).to_owned()).unwrap_or_default()
}
