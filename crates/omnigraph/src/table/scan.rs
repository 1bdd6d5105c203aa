//! Scans: the live rows of a version as a stream of record batches.

use std::collections::BTreeSet;

use arrow::array::{AsArray, UInt64Array};
use arrow::record_batch::RecordBatch;
use futures::Stream;

use super::data_reader::{FragmentRead, ReadAhead};
use super::{ROW_ADDRESS, Table};
use crate::error::{Error, Result};

/// Rows of a batch of a full scan.
const BATCH_ROWS: usize = 8192;

/// Columns and fragments that a scan reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// Columns, in this order; empty for a mere count of rows.
    pub(crate) columns: Vec<String>,
    /// The fragments to read; all of them when `None`.
    pub(crate) fragments: Option<BTreeSet<u32>>,
    /// Appends the column [`ROW_ADDRESS`].
    pub(crate) addresses: bool,
    /// Distance that the scan reads ahead.
    pub(crate) pace: ScanPace,
}

/// Distance that a scan reads ahead of its consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScanPace {
    /// Enough to keep the store busy: the consumer takes all rows.
    #[default]
    Full,
    /// Hardly any: the first rows may be enough.
    Lazy,
}

/// Limits of a scan whose consumer may stop after the first rows: a page or two of results.
const LAZY_READ_AHEAD: ReadAhead = ReadAhead { batch_rows: 1024, batches: 1, fragments: 1, bytes: 1 << 20 };

/// Returns the row addresses of a batch of a scan that appends them.
pub(crate) fn row_addresses(batch: &RecordBatch) -> Result<&UInt64Array> {
    let column = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt());
    column.ok_or_else(|| Error::internal("a scan returned no row addresses"))
}

impl Table {
    /// Streams the live rows, in the order they are stored.
    pub(crate) fn scan(&self, scan: &Scan) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + use<>> {
        let ahead = match scan.pace {
            ScanPace::Full => ReadAhead::full(BATCH_ROWS),
            ScanPace::Lazy => LAZY_READ_AHEAD,
        };
        let columns = self.lance_columns(&scan.columns)?;
        let read = FragmentRead { columns, addresses: scan.addresses, deleted: false, ahead };
        Ok(self.read_rows(self.select_fragments(scan.fragments.as_ref()), read))
    }
}
