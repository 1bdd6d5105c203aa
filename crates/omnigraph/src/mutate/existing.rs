//! Rows that are there under an id: as the mutation left them, or else as the snapshot has them.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::ledger::State;
use super::run::Run;
use crate::error::Result;
use crate::keys::KeyHash;
use crate::table::RowAddress;
use crate::validate::TypePlan;

impl Run<'_> {
    /// The rows of the base under some ids, each a batch of one. What the mutation did to them is not looked at.
    pub(super) async fn of_base(
        &mut self,
        plan: &TypePlan,
        keys: &[KeyHash],
    ) -> Result<BTreeMap<KeyHash, RecordBatch>> {
        let table = self.base.table(&plan.path).await?;
        for key in keys {
            self.reads.key(&plan.path, *key);
        }
        if table.rows() == 0 || keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let index = self.base.shared.keys.of(&table).await?;
        let found: BTreeMap<KeyHash, RowAddress> =
            keys.iter().filter_map(|key| Some((*key, index.get(*key)?))).collect();
        if found.is_empty() {
            return Ok(BTreeMap::new());
        }
        let addresses: Vec<RowAddress> = found.values().copied().collect();
        let rows = table.rows_at(&addresses).await?;
        Ok(found.into_keys().enumerate().map(|(row, key)| (key, rows.slice(row, 1))).collect())
    }

    /// The row under an id as it is now; `base` are rows of the base that were looked up.
    pub(super) fn current(
        &self,
        plan: &TypePlan,
        key: KeyHash,
        base: &BTreeMap<KeyHash, RecordBatch>,
    ) -> Option<RecordBatch> {
        match self.ledger.state(&plan.path, key) {
            Some(State::Row(row)) => Some(row),
            Some(State::Gone) => None,
            None => base.get(&key).cloned(),
        }
    }
}
