//! Each row once, as it comes: over numbers of nodes, edges and rows only.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, UInt32Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashSet;

use super::{Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;

/// Rows that were not there before.
#[derive(Debug)]
pub(in crate::query) struct Distinct {
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Distinct {
    fn name(&self) -> &'static str {
        "Distinct"
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, context: Arc<TaskContext>) -> Result<Stream> {
        let input = super::exec::only(inputs)?;
        let reservation = MemoryConsumer::new("Distinct").register(context.memory_pool());
        let mut seen = Seen::default();
        let distinct = input.map(move |batch| {
            let fresh = seen.admit(&batch?, &self.budget)?;
            reservation.try_resize(seen.memory())?;
            Ok(fresh)
        });
        Ok(distinct.try_filter(|batch| std::future::ready(batch.num_rows() > 0)).boxed())
    }
}

/// Rows that were there.
#[derive(Default)]
struct Seen {
    empty: bool,
    /// Rows of one column; 0 is null, others are one more than the number.
    ones: HashSet<u64>,
    twos: HashSet<[u64; 2]>,
    many: HashSet<Box<[u64]>>,
}

impl Seen {
    /// Bytes, roughly.
    fn memory(&self) -> usize {
        self.ones.capacity() * 9 + self.twos.capacity() * 17 + self.many.capacity() * 64
    }

    fn admit(&mut self, batch: &RecordBatch, budget: &Budget) -> Result<RecordBatch> {
        budget.spend(batch.num_rows() as u64)?;
        let columns = batch.columns().iter().map(|column| numbers(column.as_ref())).collect::<Result<Vec<_>>>()?;
        let fresh: BooleanArray = match columns.as_slice() {
            [] => {
                let first = !self.empty && batch.num_rows() > 0;
                self.empty |= first;
                return Ok(batch.slice(0, usize::from(first)));
            }
            [one] => one.iter().map(|value| Some(self.ones.insert(*value))).collect(),
            [one, two] => one.iter().zip(two).map(|(a, b)| Some(self.twos.insert([*a, *b]))).collect(),
            many => (0..batch.num_rows())
                .map(|row| Some(self.many.insert(many.iter().map(|column| column[row]).collect())))
                .collect(),
        };
        Ok(filter_record_batch(batch, &fresh)?)
    }
}

fn numbers(column: &dyn Array) -> Result<Vec<u64>> {
    match column.data_type() {
        DataType::UInt64 => {
            Ok(column.as_primitive::<UInt64Type>().iter().map(|value| value.map_or(0, |value| value + 1)).collect())
        }
        DataType::UInt32 => Ok(column
            .as_primitive::<UInt32Type>()
            .iter()
            .map(|value| value.map_or(0, |value| u64::from(value) + 1))
            .collect()),
        other => Err(Error::internal(format!("rows are told apart by a column of type {other}"))),
    }
}
