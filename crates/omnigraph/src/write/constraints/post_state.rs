//! The post-state: a base snapshot with the effect of a write on its tables.
//!
//! Checks read only the rows that a write touches, and the rows that these touch through indexes of the base.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use hashbrown::HashSet;
use omnigraph_history::TablePath;
use omnigraph_traversal::EdgeDirection;

use super::{ConstraintInputs, TableConstraints, Violations, cardinality, endpoints, unique};
use crate::error::{ConstraintViolation, FileLine, Result};
use crate::index::key::{CanonicalTexts, KeyHash, KeyIndex, KeySet};
use crate::snapshot::Snapshot;
use crate::table::{ID, RowAddress, Table};

/// A base and the writes to its tables.
///
/// The futures of checks are boxed: they end in scans, whose futures are deep.
#[derive(Debug)]
pub(crate) struct PostState<'a> {
    pub(crate) base: &'a Snapshot,
    pub(crate) writes: Vec<TableWrite<'a>>,
}

/// The write to one table.
#[derive(Debug)]
pub(crate) struct TableWrite<'a> {
    /// The constraints of its type.
    pub(crate) constraints: TableConstraints,
    /// The table before the write.
    pub(crate) base: Arc<Table>,
    /// True if every row of the base is deleted.
    pub(crate) replace: bool,
    /// Rows of the base that are replaced or deleted, in order.
    pub(crate) deleted: &'a [RowAddress],
    /// Ids of new rows, without generated ids.
    pub(crate) keys: &'a KeySet,
    /// Ids of deleted rows.
    pub(crate) removed: &'a KeySet,
    /// The new rows.
    pub(crate) new: NewRows<'a>,
}

/// The new rows of a table.
#[derive(Debug)]
pub(crate) struct NewRows<'a> {
    /// The rows in memory.
    pub(crate) batches: &'a [RecordBatch],
    /// Their constraint inputs.
    pub(crate) inputs: Cow<'a, ConstraintInputs>,
    /// True if the inputs were collected from streamed rows.
    pub(crate) streamed: bool,
}

/// Endpoints of streamed edges that no row of the same write has.
#[derive(Clone, Debug)]
pub(crate) struct EndpointLookups {
    /// The table of the edges.
    pub(crate) edges: TablePath,
    /// The endpoint, as the direction of the edges from its nodes.
    pub(crate) direction: EdgeDirection,
    /// The nodes, each once.
    pub(crate) nodes: Vec<EndpointLookup>,
}

/// A node that streamed edges need.
#[derive(Clone, Debug)]
pub(crate) struct EndpointLookup {
    /// The hash of the id.
    pub(crate) key: KeyHash,
    /// The id.
    pub(crate) id: Box<str>,
    /// The line of the first edge that needs it.
    pub(crate) line: FileLine,
}

/// The nodes of one type after the write.
#[derive(Debug)]
pub(crate) struct NodeSet<'a> {
    write: Option<&'a TableWrite<'a>>,
    base: KeyIndex,
    generated: HashSet<KeyHash>,
}

impl<'a> PostState<'a> {
    /// Checks that no two rows share unique values.
    pub(crate) async fn check_uniques(&self, violations: &mut Violations) -> Result<()> {
        for write in &self.writes {
            Box::pin(unique::check_table(self, write, violations)).await?;
        }
        Ok(())
    }

    /// Checks that both endpoints of every new or remaining edge exist. `lookups` are the endpoints of streamed edges.
    pub(crate) async fn check_endpoints(&self, lookups: &[EndpointLookups], violations: &mut Violations) -> Result<()> {
        for lookups in lookups {
            Box::pin(endpoints::check_lookups(self, lookups, violations)).await?;
        }
        for write in &self.writes {
            Box::pin(endpoints::check_new_edges(self, write, violations)).await?;
        }
        for write in &self.writes {
            Box::pin(endpoints::check_remaining_edges(self, write, violations)).await?;
        }
        Ok(())
    }

    /// Checks the number of edges of every node whose edges change.
    pub(crate) async fn check_cardinalities(&self, violations: &mut Violations) -> Result<()> {
        for write in &self.writes {
            Box::pin(cardinality::check_table(self, write, violations)).await?;
        }
        Ok(())
    }

    /// Returns the write to a table.
    pub(crate) fn table_write(&self, path: &TablePath) -> Option<&TableWrite<'a>> {
        self.writes.iter().find(|write| write.base.path() == path)
    }

    /// Returns the nodes of a table.
    pub(crate) async fn nodes(&self, path: &TablePath) -> Result<NodeSet<'_>> {
        let write = self.table_write(path);
        let base = match write {
            Some(write) if write.replace => KeyIndex::default(),
            _ => self.base.engine.keys.id_index(&self.base.table(path).await?).await?,
        };
        Ok(NodeSet { write, base, generated: write.map(TableWrite::all_ids_in_memory).unwrap_or_default() })
    }
}

impl NodeSet<'_> {
    /// Returns true if there is a node with the id.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        match self.write {
            None => self.base.contains(key),
            Some(write) => {
                let remains = || !write.removed.contains(key) && self.base.contains(key);
                write.keys.contains(key) || remains() || self.generated.contains(&key)
            }
        }
    }
}

impl TableWrite<'_> {
    /// Returns true if a row of the base is replaced or deleted.
    pub(crate) fn deletes_row(&self, address: RowAddress) -> bool {
        self.replace || self.deleted.binary_search(&address).is_ok()
    }

    /// Returns true if an id of the base has no row after the write.
    pub(crate) fn deletes_id(&self, key: KeyHash) -> bool {
        (self.replace || self.removed.contains(key)) && !self.keys.contains(key)
    }

    /// Returns the ids of rows in memory, with generated ids: edges of the same write can refer to these.
    fn all_ids_in_memory(&self) -> HashSet<KeyHash> {
        let ids = self.new.batches.iter().filter_map(|batch| batch.column_by_name(ID)?.as_string_opt::<i32>());
        ids.flat_map(|ids| ids.iter().flatten().map(KeyHash::new)).collect()
    }

    /// Returns a violation by new rows of this write.
    pub(crate) fn violation(&self, code: &'static str, rows: &[u32], message: String) -> ConstraintViolation {
        let entity_id = rows.first().and_then(|row| self.new_row(*row, &[]).id);
        let rows = rows.iter().map(|row| self.new.inputs.origin(*row)).collect();
        ConstraintViolation { code, message, type_name: self.constraints.type_name.clone(), entity_id, rows }
    }

    /// Returns the id and values of a new row if it is in memory. Rows in memory are numbered before others.
    pub(super) fn new_row(&self, row: u32, columns: &[String]) -> RowLabel {
        let mut row = row as usize;
        for batch in self.new.batches {
            if row < batch.num_rows() {
                let values = columns.iter().map(|name| batch.column_by_name(name)).collect::<Option<Vec<_>>>();
                return RowLabel::new(batch.column_by_name(ID), values.as_deref(), row);
            }
            row -= batch.num_rows();
        }
        RowLabel::default()
    }
}

/// The id and some values of a row, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct RowLabel {
    pub(super) id: Option<String>,
    pub(super) values: Option<Vec<String>>,
}

impl RowLabel {
    fn new(ids: Option<&ArrayRef>, columns: Option<&[&ArrayRef]>, row: usize) -> Self {
        let ids = ids.and_then(|ids| ids.as_string_opt::<i32>()).filter(|ids| row < ids.len());
        let texts = columns.and_then(CanonicalTexts::new);
        Self { id: ids.map(|ids| ids.value(row).to_owned()), values: texts.and_then(|texts| texts.parts(row).ok()) }
    }

    /// Reads the id and values of a stored row.
    pub(super) async fn read(table: &Table, address: RowAddress, columns: &[String]) -> Result<Self> {
        let names: Vec<&str> = std::iter::once(ID).chain(columns.iter().map(String::as_str)).collect();
        let fetched = table.fetch(&[address], &names).await?;
        let values: Vec<&ArrayRef> = fetched.iter().skip(1).collect();
        Ok(Self::new(fetched.first(), Some(&values), 0))
    }
}
