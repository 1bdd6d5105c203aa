//! One decision for an intent.

use futures::TryStreamExt;
use omnigraph_log::CommitRecord;
use std::sync::Arc;

use super::classify::{Classification, Decision, Found, Plan, classify};
use super::inspect::Inspection;
use crate::error::{RecoveryError, Result};
use crate::heads::{IntentTable, StandingIntent};
use crate::snapshot::Shared;

/// An intent, and what is to be done about it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) standing: StandingIntent,
    pub(super) decision: Decision,
    /// The commit of the operation, if it has one.
    pub(super) commit: Option<String>,
    pub(super) tables: Vec<JudgedTable>,
    /// Why nothing is done, if so.
    pub(super) problem: Option<RecoveryError>,
}

/// A head that an intent names.
#[derive(Debug)]
pub(super) struct JudgedTable {
    pub(super) table: IntentTable,
    pub(super) classification: Classification,
    pub(super) found: u64,
}

/// Judges an intent. All or nothing: a single head of which nothing can be proved stops all of them.
pub(super) async fn judge(shared: &Shared, inspection: &Inspection<'_>, standing: StandingIntent) -> Result<Judged> {
    let mut tables = Vec::with_capacity(standing.intent.tables.len());
    let mut problem = None;
    for table in &standing.intent.tables {
        let found = match inspection.at(&table.table_path) {
            Some(wanted) => inspection.found(wanted).await?,
            // A type that is gone calls for no head.
            None if standing.intent.sequence.is_some() => Found { newest: 0, ours: 0, shows: true },
            None => {
                problem = Some(RecoveryError::Unproved {
                    object: standing.key.to_string(),
                    table: table.table_path.clone(),
                    problem: "which is no head of 'main'".to_owned(),
                });
                continue;
            }
        };
        let plan = Plan { expected: table.expected_version, planned: table.post_commit_pin };
        let classification = classify(found, Some(plan));
        tables.push(JudgedTable { table: table.clone(), classification, found: found.newest });
    }
    let commit = commit_of(shared, inspection.newest, &standing).await?;
    let decision = match (&problem, &commit) {
        (Some(_), _) => Decision::Abort,
        (None, Some(_)) => Decision::RollForward,
        (None, None) => Decision::RollBack,
    };
    Ok(Judged { standing, decision, commit, tables, problem })
}

/// The commit of `main` that carries the operation of an intent. An operation has the place that its intent names or a later
/// one, so older commits are not looked at.
async fn commit_of(shared: &Shared, newest: &CommitRecord, standing: &StandingIntent) -> Result<Option<String>> {
    let first = standing.intent.sequence.unwrap_or(0);
    let mut history = std::pin::pin!(shared.log.history(Arc::new(newest.clone())));
    while let Some(record) = history.try_next().await? {
        if record.sequence < first {
            break;
        }
        if record.operations.iter().any(|operation| operation.id == standing.intent.operation_id) {
            return Ok(Some(record.commit.to_string()));
        }
    }
    Ok(None)
}
