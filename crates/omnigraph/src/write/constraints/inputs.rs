//! Inputs of constraints: the values of new rows that constraints across rows need. They are collected while rows are
//! streamed, so that it does not matter if rows stay in memory or go to files.

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use hashbrown::HashMap;
use roaring::RoaringBitmap;

use super::table_constraints::{EndpointConstraint, TableConstraints};
use crate::error::{Error, FileLine, Result, RowOrigin};
use crate::index::key::{CanonicalTexts, KeyHash};
use crate::table::RowAddress;

/// The constraint inputs of the new rows of one type. Rows are numbered from 0 in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstraintInputs {
    rows: u32,
    /// The origins of each batch, with the number of its first row.
    origins: Vec<(u32, BatchOrigins)>,
    uniques: Vec<UniqueValues>,
    endpoints: Vec<EndpointColumn>,
    superseded: RoaringBitmap,
}

/// The origins of the rows of a batch.
#[derive(Clone, Debug)]
pub(crate) enum BatchOrigins {
    /// The rows are staged in memory, where their numbers identify them.
    Staged,
    /// The rows come from these lines of an input file.
    Input {
        /// The index of the file.
        file: u32,
        /// The line of each row.
        lines: Vec<u64>,
    },
    /// The rows are stored at these addresses.
    Stored(Vec<RowAddress>),
}

/// The values of the columns of one unique constraint.
#[derive(Clone, Debug)]
struct UniqueValues {
    columns: Vec<String>,
    /// The hash of each row without nulls.
    hashes: Vec<KeyHash>,
    rows: Vec<u32>,
}

/// The nodes at one endpoint of edges.
#[derive(Clone, Debug)]
struct EndpointColumn {
    column: &'static str,
    known: HashMap<KeyHash, u32>,
    nodes: Vec<(KeyHash, Box<str>)>,
    /// The index of the node of each row.
    rows: Vec<u32>,
}

/// A node at an endpoint of new edges.
#[derive(Clone, Debug)]
pub(crate) struct EndpointNode<'a> {
    pub(crate) key: KeyHash,
    pub(crate) id: &'a str,
    /// The number of its new edges.
    pub(crate) edges: u32,
    /// The first of them.
    pub(crate) row: u32,
}

impl ConstraintInputs {
    /// Returns inputs for streamed rows: endpoints are collected only where their edges are counted.
    pub(crate) fn for_stream(constraints: &TableConstraints) -> Self {
        Self::new(constraints, EndpointConstraint::has_cardinality)
    }

    /// Returns the inputs of rows in memory, with all endpoints.
    pub(crate) fn from_batches(constraints: &TableConstraints, batches: &[RecordBatch]) -> Result<Self> {
        let mut inputs = Self::new(constraints, |_| true);
        batches.iter().try_for_each(|batch| inputs.add_batch(batch, || BatchOrigins::Staged))?;
        Ok(inputs)
    }

    fn new(constraints: &TableConstraints, collected: impl Fn(&EndpointConstraint) -> bool) -> Self {
        let unique =
            |columns: &Vec<String>| UniqueValues { columns: columns.clone(), hashes: Vec::new(), rows: Vec::new() };
        let endpoints = constraints.endpoints.iter().flatten().filter(|endpoint| collected(endpoint));
        let endpoint = |endpoint: &EndpointConstraint| EndpointColumn {
            column: endpoint.column,
            known: HashMap::new(),
            nodes: Vec::new(),
            rows: Vec::new(),
        };
        Self {
            uniques: constraints.uniques.iter().map(unique).collect(),
            endpoints: endpoints.map(endpoint).collect(),
            ..Self::default()
        }
    }

    /// Adds checked rows.
    pub(crate) fn add_batch(&mut self, batch: &RecordBatch, origins: impl FnOnce() -> BatchOrigins) -> Result<()> {
        if self.uniques.is_empty() && self.endpoints.is_empty() {
            return Ok(());
        }
        let too_many = || Error::request("a write has more than 4,294,967,295 rows of one type; split it");
        let rows = u32::try_from(batch.num_rows()).map_err(|_| too_many())?;
        for unique in &mut self.uniques {
            unique.add_batch(batch, self.rows)?;
        }
        for endpoint in &mut self.endpoints {
            endpoint.add_batch(batch)?;
        }
        self.origins.push((self.rows, origins()));
        self.rows = self.rows.checked_add(rows).ok_or_else(too_many)?;
        Ok(())
    }

    /// Ignores rows whose ids later rows have.
    pub(crate) fn supersede(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.superseded.extend(rows);
    }

    /// Returns the number of rows that were collected.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the origin of a row.
    pub(crate) fn origin(&self, row: u32) -> RowOrigin {
        let batch = self.origins.partition_point(|(first, _)| *first <= row).checked_sub(1);
        let Some((first, origins)) = batch.and_then(|batch| self.origins.get(batch)) else {
            return RowOrigin::Staged(row);
        };
        let offset = (row - first) as usize;
        let origin = match origins {
            BatchOrigins::Staged => None,
            BatchOrigins::Input { file, lines } => {
                lines.get(offset).map(|line| RowOrigin::Input(FileLine { file: *file, line: *line }))
            }
            BatchOrigins::Stored(addresses) => addresses
                .get(offset)
                .map(|address| RowOrigin::Stored { fragment: address.fragment(), offset: address.offset() }),
        };
        origin.unwrap_or(RowOrigin::Staged(row))
    }

    /// Returns the hashes of the values of a unique constraint, each with its row.
    pub(crate) fn unique_values(&self, columns: &[String]) -> impl Iterator<Item = (KeyHash, u32)> {
        let uniques = self.uniques.iter().filter(move |unique| unique.columns == columns);
        let pairs = uniques.flat_map(|unique| unique.hashes.iter().copied().zip(unique.rows.iter().copied()));
        pairs.filter(|(_, row)| !self.superseded.contains(*row))
    }

    /// Returns the nodes at one endpoint, in the order of their first edges.
    pub(crate) fn endpoint_nodes(&self, column: &str) -> Vec<EndpointNode<'_>> {
        let Some(endpoint) = self.endpoints.iter().find(|endpoint| endpoint.column == column) else {
            return Vec::new();
        };
        let mut nodes: Vec<EndpointNode<'_>> =
            endpoint.nodes.iter().map(|(key, id)| EndpointNode { key: *key, id, edges: 0, row: 0 }).collect();
        for (row, node) in (0u32..).zip(&endpoint.rows) {
            if let Some(node) = nodes.get_mut(*node as usize)
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

impl UniqueValues {
    fn add_batch(&mut self, batch: &RecordBatch, first: u32) -> Result<()> {
        let columns: Option<Vec<&ArrayRef>> = self.columns.iter().map(|name| batch.column_by_name(name)).collect();
        let texts = columns.as_deref().and_then(CanonicalTexts::new);
        let unsupported = || Error::internal(format!("@unique({}) on unsupported types", self.columns.join(", ")));
        let texts = texts.ok_or_else(unsupported)?;
        let mut text = String::new();
        for (row, number) in (0..batch.num_rows()).zip(first..) {
            if texts.write(row, &mut text).is_ok() {
                self.hashes.push(KeyHash::new(&text));
                self.rows.push(number);
            }
        }
        Ok(())
    }
}

impl EndpointColumn {
    fn add_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let ids = batch.column_by_name(self.column).and_then(|column| column.as_string_opt::<i32>());
        let ids: &StringArray = ids.ok_or_else(|| Error::internal("edges without endpoints"))?;
        for id in ids.iter().map(Option::unwrap_or_default) {
            let key = KeyHash::new(id);
            let next = u32::try_from(self.nodes.len()).map_err(|error| Error::internal(error.to_string()))?;
            let node = *self.known.entry(key).or_insert(next);
            if node == next {
                self.nodes.push((key, id.into()));
            }
            self.rows.push(node);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_found_by_batch_and_offset() {
        let origins = vec![
            (0, BatchOrigins::Staged),
            (2, BatchOrigins::Input { file: 1, lines: vec![7, 9] }),
            (4, BatchOrigins::Stored(vec![RowAddress::new(3, 5)])),
        ];
        let inputs = ConstraintInputs { rows: 5, origins, ..ConstraintInputs::default() };
        assert_eq!(inputs.origin(1), RowOrigin::Staged(1));
        assert_eq!(inputs.origin(3), RowOrigin::Input(FileLine { file: 1, line: 9 }));
        assert_eq!(inputs.origin(4), RowOrigin::Stored { fragment: 3, offset: 5 });
    }
}
