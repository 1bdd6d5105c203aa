//! A table as DataFusion sees it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::{Scan, Table};

/// One pinned version of a table, for DataFusion to scan: columns are pruned, filters and limits reach the storage.
#[derive(Debug)]
pub(crate) struct PinnedTable {
    table: Arc<Table>,
}

impl PinnedTable {
    /// Shows `table` to DataFusion.
    pub(crate) fn new(table: Arc<Table>) -> Self {
        Self { table }
    }
}

#[async_trait]
impl TableProvider for PinnedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.table.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(self.table.schema());
        statistics.num_rows = usize::try_from(self.table.rows()).map_or(Precision::Absent, Precision::Exact);
        Some(statistics)
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let fields = self.table.schema().fields();
        let columns = match projection {
            Some(indexes) => indexes.iter().map(|index| fields[*index].name().clone()).collect(),
            None => fields.iter().map(|field| field.name().clone()).collect(),
        };
        let scan = Scan {
            columns,
            filters: filters.to_vec(),
            limit: limit.map(|limit| limit as u64),
            fragments: None,
            addresses: false,
        };
        self.table.scan_plan(scan).await.map_err(|error| DataFusionError::External(Box::new(error)))
    }
}
