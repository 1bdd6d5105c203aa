//! What the rules beyond single rows need to know of new rows, collected as the rows pass: so it does not matter whether they
//! are kept in memory or written to files. Only what a declared rule asks for is collected.

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use hashbrown::HashMap;
use roaring::RoaringBitmap;

use super::rules::{EndRule, TableRules};
use crate::error::{Error, Result};
use crate::keys::{CanonicalTexts, KeyHash};

/// Facts about new rows of one type, which are numbered from 0 in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    rows: u32,
    /// By row, what its door will know it by; empty where that is the row's number.
    places: Vec<u64>,
    uniques: Vec<Tuples>,
    ends: Vec<Ends>,
    superseded: RoaringBitmap,
}

/// The values of the columns of one unique rule.
#[derive(Clone, Debug)]
struct Tuples {
    columns: Vec<String>,
    /// Hash and row; a row with a null has none.
    hashes: Vec<KeyHash>,
    rows: Vec<u32>,
}

/// The nodes at one end of edges.
#[derive(Clone, Debug)]
struct Ends {
    column: &'static str,
    known: HashMap<KeyHash, u32>,
    nodes: Vec<(KeyHash, Box<str>)>,
    /// By row, the place of its node.
    rows: Vec<u32>,
}

/// A node at an end of new edges.
#[derive(Clone, Debug)]
pub(crate) struct EndNode<'a> {
    pub(crate) key: KeyHash,
    pub(crate) id: &'a str,
    /// How many new edges it has.
    pub(crate) edges: u32,
    /// The first of them.
    pub(crate) row: u32,
}

impl Facts {
    /// For rows that stream past: ends are collected where edges are counted.
    pub(crate) fn of_stream(rules: &TableRules) -> Self {
        Self::new(rules, EndRule::is_counted)
    }

    /// Of rows in memory: ends are collected whatever the rules.
    pub(crate) fn of_memory(rules: &TableRules, batches: &[RecordBatch]) -> Result<Self> {
        let mut facts = Self::new(rules, |_| true);
        batches.iter().try_for_each(|batch| facts.note(batch, &[]))?;
        Ok(facts)
    }

    fn new(rules: &TableRules, collected: impl Fn(&EndRule) -> bool) -> Self {
        let tuples = |columns: &Vec<String>| Tuples { columns: columns.clone(), hashes: Vec::new(), rows: Vec::new() };
        let ends =
            |end: &EndRule| Ends { column: end.column, known: HashMap::new(), nodes: Vec::new(), rows: Vec::new() };
        Self {
            uniques: rules.uniques.iter().map(tuples).collect(),
            ends: rules.ends.iter().flatten().filter(|end| collected(end)).map(ends).collect(),
            ..Self::default()
        }
    }

    /// Takes note of judged rows. `places` says what the door knows them by, if not by their numbers.
    pub(crate) fn note(&mut self, batch: &RecordBatch, places: &[u64]) -> Result<()> {
        if self.uniques.is_empty() && self.ends.is_empty() {
            return Ok(());
        }
        let many = |_| Error::request("a write has more than 4,294,967,295 rows of one type; split it");
        let rows = u32::try_from(batch.num_rows()).map_err(many)?;
        for tuples in &mut self.uniques {
            tuples.note(batch, self.rows)?;
        }
        for ends in &mut self.ends {
            ends.note(batch)?;
        }
        self.places.extend_from_slice(places);
        self.rows = self.rows.checked_add(rows).ok_or_else(|| Error::request("a write has too many rows; split it"))?;
        Ok(())
    }

    /// Forgets rows whose ids later rows have.
    pub(crate) fn supersede(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.superseded.extend(rows);
    }

    /// How many rows were noted, if any rule asks for them.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// What the door of a row knows it by.
    pub(crate) fn place(&self, row: u32) -> u64 {
        self.places.get(row as usize).copied().unwrap_or_else(|| row.into())
    }

    /// Hashes of the values of the columns of a unique rule, each with its row.
    pub(crate) fn tuples(&self, columns: &[String]) -> impl Iterator<Item = (KeyHash, u32)> {
        let tuples = self.uniques.iter().filter(move |tuples| tuples.columns == columns);
        let pairs = tuples.flat_map(|tuples| tuples.hashes.iter().copied().zip(tuples.rows.iter().copied()));
        pairs.filter(|(_, row)| !self.superseded.contains(*row))
    }

    /// The nodes at one end, in the order in which they came.
    pub(crate) fn ends(&self, column: &str) -> Vec<EndNode<'_>> {
        let Some(ends) = self.ends.iter().find(|ends| ends.column == column) else { return Vec::new() };
        let mut nodes: Vec<EndNode<'_>> =
            ends.nodes.iter().map(|(key, id)| EndNode { key: *key, id, edges: 0, row: 0 }).collect();
        for (row, place) in (0u32..).zip(&ends.rows) {
            if let Some(node) = nodes.get_mut(*place as usize)
                && !self.superseded.contains(row)
            {
                if node.edges == 0 {
                    node.row = row;
                }
                node.edges += 1;
            }
        }
        nodes.retain(|node| node.edges > 0);
        nodes
    }
}

impl Tuples {
    fn note(&mut self, batch: &RecordBatch, first: u32) -> Result<()> {
        let columns: Option<Vec<&ArrayRef>> = self.columns.iter().map(|name| batch.column_by_name(name)).collect();
        let texts = columns.as_deref().and_then(CanonicalTexts::new);
        let texts =
            texts.ok_or_else(|| Error::internal(format!("@unique({}) of what cannot be", self.columns.join(", "))))?;
        let mut text = String::new();
        for (row, number) in (0..batch.num_rows()).zip(first..) {
            if texts.write(row, &mut text).is_ok() {
                self.hashes.push(KeyHash::of(&text));
                self.rows.push(number);
            }
        }
        Ok(())
    }
}

impl Ends {
    fn note(&mut self, batch: &RecordBatch) -> Result<()> {
        let ids = batch.column_by_name(self.column).and_then(|column| column.as_string_opt::<i32>());
        let ids: &StringArray = ids.ok_or_else(|| Error::internal("edges without ends"))?;
        for id in ids.iter().map(Option::unwrap_or_default) {
            let key = KeyHash::of(id);
            let next = u32::try_from(self.nodes.len()).map_err(|error| Error::internal(error.to_string()))?;
            let place = *self.known.entry(key).or_insert(next);
            if place == next {
                self.nodes.push((key, id.into()));
            }
            self.rows.push(place);
        }
        Ok(())
    }
}
