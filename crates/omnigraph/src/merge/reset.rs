//! The state of another commit again: nothing but tables that are taken over, as one new commit.

use std::sync::Arc;

use omnigraph_log::{BranchRecord, CommitKind, CommitRecord};

use crate::diff::{TablePair, tally, type_pairs};
use crate::error::{Error, Result};
use crate::snapshot::{Shared, Snapshot};
use crate::write::{AdoptedTable, Adoption, Company, Effect, Job, Reads, StagedWrite, Submission, Writer};

/// Gives `branch` the schema and rows of `target`; none if it has them.
pub(crate) async fn reset(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    target: Snapshot,
    actor: Option<String>,
) -> Result<Option<Arc<CommitRecord>>> {
    let job = Arc::new(ResetJob { target, actor: actor.clone() });
    Ok(writer.submit(shared, branch, Submission { job, actor, condition: None, key: None }).await?.record)
}

#[derive(Debug)]
struct ResetJob {
    target: Snapshot,
    actor: Option<String>,
}

#[async_trait::async_trait]
impl Job for ResetJob {
    async fn prepare(&self, base: &Snapshot) -> Result<Effect> {
        let (now, then) = (base.commit(), self.target.commit());
        let staged = StagedWrite {
            schema: now.schema.clone(),
            kind: CommitKind::Reset,
            actor: self.actor.clone(),
            tables: Vec::new(),
            ends: Vec::new(),
            adoption: Some(Arc::new(Adoption {
                tables: self.tables(base).await?,
                parent: None,
                source: Some(then.reference()),
                schema: (now.schema != then.schema).then(|| then.schema.clone()),
                fragment_blocks: then.fragment_blocks,
            })),
        };
        // Whatever is written meanwhile is taken back as well.
        let reads = Reads { tables: now.tables.keys().cloned().collect(), ..Reads::default() };
        Ok(Effect { staged: Arc::new(staged), reads, answer: Arc::default() })
    }

    fn company(&self) -> Company {
        Company::Alone
    }
}

impl ResetJob {
    /// The tables that are not what they were.
    async fn tables(&self, base: &Snapshot) -> Result<Vec<AdoptedTable>> {
        let mut tables = Vec::new();
        for types in type_pairs(base.catalog(), self.target.catalog()) {
            let pair = TablePair::open(base, &self.target, &types).await?;
            if pair.is_same() {
                continue;
            }
            let path = types.newest().ok_or_else(|| Error::internal("a table of no type"))?.path();
            let pin = pair.after.as_ref().map(|table| table.pin());
            tables.push(AdoptedTable { path, pin, change: tally(&pair.rows(&types).await?) });
        }
        Ok(tables)
    }
}
