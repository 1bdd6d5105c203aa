//! Resets of a branch to the state of another commit: table swaps only, as one new commit.

use std::sync::Arc;

use omnigraph_history::{BranchRecord, CommitKind, CommitRecord};

use super::diff::{TablePair, count_changes, type_pairs};
use crate::error::{Error, Result};
use crate::snapshot::{Engine, Snapshot};
use crate::write::commit::{
    Batching, GraphWriter, PreparedEffect, ReadSet, StagedWrite, SwappedTable, TableSwap, WriteOp, WriteRequest,
};

/// Resets `branch` to the schema and rows of `target`. Returns the commit; none if the branch has that state already.
pub(crate) async fn reset_branch(
    engine: &Engine,
    writer: &GraphWriter,
    branch: &Arc<BranchRecord>,
    target: Snapshot,
    actor: Option<String>,
) -> Result<Option<Arc<CommitRecord>>> {
    let op = Arc::new(ResetOp { target, actor: actor.clone() });
    Ok(writer.submit(engine, branch, WriteRequest { op, actor, condition: None, key: None }).await?.record)
}

#[derive(Debug)]
struct ResetOp {
    target: Snapshot,
    actor: Option<String>,
}

#[async_trait::async_trait]
impl WriteOp for ResetOp {
    async fn prepare(&self, base: &Snapshot) -> Result<PreparedEffect> {
        let (current, target) = (base.record(), self.target.record());
        let swap = TableSwap {
            tables: self.changed_tables(base).await?,
            parent: None,
            source: Some(target.reference()),
            schema: (current.schema != target.schema).then(|| target.schema.clone()),
            fragment_blocks: target.fragment_blocks,
        };
        let staged = StagedWrite {
            schema: current.schema.clone(),
            kind: CommitKind::Reset,
            actor: self.actor.clone(),
            tables: Vec::new(),
            endpoint_lookups: Vec::new(),
            swap: Some(Arc::new(swap)),
        };
        // Concurrent commits are reset as well.
        let read_set = ReadSet { tables: current.tables.keys().cloned().collect(), ..ReadSet::default() };
        Ok(PreparedEffect { staged: Arc::new(staged), read_set, response: Arc::default() })
    }

    fn batching(&self) -> Batching {
        Batching::Exclusive
    }
}

impl ResetOp {
    /// Returns the tables whose version differs from the target.
    async fn changed_tables(&self, base: &Snapshot) -> Result<Vec<SwappedTable>> {
        let mut tables = Vec::new();
        for types in type_pairs(base.catalog(), self.target.catalog()) {
            let pair = TablePair::open(base, &self.target, &types).await?;
            if pair.is_same() {
                continue;
            }
            let path = types.newest().ok_or_else(|| Error::internal("a table without a type"))?.path();
            let pin = pair.after.as_ref().map(|table| table.pin());
            tables.push(SwappedTable { path, pin, change: count_changes(&pair.changed_rows(&types).await?) });
        }
        Ok(tables)
    }
}
