//! What a write does to one table.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use omnigraph_log::TablePath;
use omnigraph_walk::Side;

use crate::error::RuleError;
use crate::keys::{KeyHash, KeySet};
use crate::table::{ID, RowAddress, Table};
use crate::validate::{Facts, TableRules};

/// Rows that go and rows that come.
#[derive(Debug)]
pub(crate) struct TableWrite<'a> {
    /// The rules of its type.
    pub(crate) rules: TableRules,
    /// The table before.
    pub(crate) base: Arc<Table>,
    /// Whether every row that is there goes.
    pub(crate) replace: bool,
    /// Rows that go because others take their place or because they are removed, in order.
    pub(crate) gone: &'a [RowAddress],
    /// Ids of the new rows, but for those that were made up.
    pub(crate) keys: &'a KeySet,
    /// Ids that go without a successor.
    pub(crate) removed: &'a KeySet,
    /// The new rows.
    pub(crate) new: NewRows<'a>,
}

/// New rows, as far as rules need to know them.
#[derive(Debug)]
pub(crate) struct NewRows<'a> {
    /// Those that are in memory.
    pub(crate) batches: &'a [RecordBatch],
    /// What is known of them.
    pub(crate) facts: Cow<'a, Facts>,
    /// Whether that was taken from rows that streamed past.
    pub(crate) streamed: bool,
}

/// Ends of edges that streamed past and that no row of the same write has.
#[derive(Clone, Debug)]
pub(crate) struct WantedEnds {
    /// The table of the edges.
    pub(crate) edges: TablePath,
    /// Which end.
    pub(crate) side: Side,
    /// The ends, each once.
    pub(crate) ends: Vec<WantedEnd>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct WantedEnd {
    /// The id's hash.
    pub(crate) key: KeyHash,
    /// The id.
    pub(crate) id: Box<str>,
    /// What the door of the write knows the edge by.
    pub(crate) place: u64,
}

impl TableWrite<'_> {
    /// Whether a row of the base goes.
    pub(crate) fn takes(&self, address: RowAddress) -> bool {
        self.replace || self.gone.binary_search(&address).is_ok()
    }

    /// Whether a node of the base goes without a successor.
    pub(crate) fn loses(&self, key: KeyHash) -> bool {
        (self.replace || self.removed.contains(key)) && !self.keys.contains(key)
    }

    /// Ids of rows in memory that are not among the keys: edges of the same write may name them.
    pub(crate) fn made_up_ids(&self) -> hashbrown::HashSet<KeyHash> {
        let ids = self.new.batches.iter().filter_map(|batch| batch.column_by_name(ID)?.as_string_opt::<i32>());
        ids.flat_map(|ids| ids.iter().flatten().map(KeyHash::of)).collect()
    }

    /// A rule that rows of this write violate. The first row is to blame.
    pub(crate) fn refused(&self, code: &'static str, rows: &[u32], message: String) -> RuleError {
        let places = rows.iter().map(|row| self.new.facts.place(*row));
        let places = if self.new.streamed { places.collect() } else { Vec::new() };
        let entity_id = rows.first().and_then(|row| self.new_row(*row, &[]).id);
        RuleError { code, message, type_name: self.rules.name.clone(), entity_id, places }
    }
}
