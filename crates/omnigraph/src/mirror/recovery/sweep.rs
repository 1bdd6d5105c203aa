//! The sweep: completes the intents of processes that ended.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use omnigraph_history::CommitRecord;

use super::audit::{AuditEntry, AuditTable, RECOVERY_ACTOR};
use super::classify::{DatasetState, MirrorInspection, RecoveryDecision, classify};
use crate::error::{RecoveryError, Result};
use crate::mirror::Mirror;
use crate::mirror::intent::{StoredIntent, delete_intent, list_intents};
use crate::mirror::publisher::latest_commit;
use crate::snapshot::Engine;

/// The result of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// One entry per completed intent.
    pub swept: Vec<AuditEntry>,
    /// Intents that remain, because their operations may still commit.
    pub left: usize,
}

/// An intent and the decision about it.
#[derive(Debug)]
pub(super) struct ResolvedIntent {
    pub(super) stored: StoredIntent,
    pub(super) decision: RecoveryDecision,
    /// The commit that contains the operation, if there is one.
    commit: Option<String>,
    tables: Vec<AuditTable>,
    /// The reason of [`RecoveryDecision::Abort`].
    problem: Option<RecoveryError>,
}

/// Completes every intent whose operations have committed or never will. Costs one listing if there is none.
pub(crate) async fn sweep(mirror: &Mirror) -> Result<SweepReport> {
    let mut report = SweepReport::default();
    if !mirror.is_enabled() {
        return Ok(report);
    }
    let engine = mirror.engine();
    let mut stored = list_intents(engine.log.store()).await?;
    // The publisher of this handle completes its own intents.
    stored.retain(|stored| !mirror.owns_intent(&stored.key));
    if stored.is_empty() {
        return Ok(report);
    }
    let latest = latest_commit(&engine.log).await?;
    let (pending, over): (Vec<_>, Vec<_>) =
        stored.into_iter().partition(|stored| stored.intent.may_commit(latest.sequence));
    report.left = pending.len();
    // A handle that announced several sequences may have ended after some of its commits.
    if over.is_empty() && !pending.iter().any(|stored| stored.intent.may_be_committed(latest.sequence)) {
        return Ok(report);
    }
    let inspection = MirrorInspection::read(mirror, &latest).await?;
    let mut intents = Vec::with_capacity(over.len());
    for stored in over {
        let mut resolved = resolve_intent(engine, &inspection, stored).await?;
        if let Some(problem) = resolved.problem.take() {
            return Err(problem.into());
        }
        intents.push(resolved);
    }
    (report.swept, _) = complete_intents(mirror, &latest, intents).await?;
    Ok(report)
}

/// Classifies the datasets of an intent and decides about all of them at once. One dataset about which nothing can be proved
/// aborts the intent.
pub(super) async fn resolve_intent(
    engine: &Engine,
    inspection: &MirrorInspection<'_>,
    stored: StoredIntent,
) -> Result<ResolvedIntent> {
    let mut tables = Vec::with_capacity(stored.intent.tables.len());
    let mut problem = None;
    for plan in &stored.intent.tables {
        let state = match inspection.target(&plan.table_path) {
            Some(target) => inspection.state(target).await?,
            // The type was dropped: it has no dataset to publish.
            None if stored.intent.sequence.is_some() => DatasetState { is_current: true, ..DatasetState::default() },
            None => {
                let (object, table) = (stored.key.to_string(), plan.table_path.clone());
                let reason = "which is not a mirror dataset of 'main'".to_owned();
                problem = Some(RecoveryError::Unproved { object, table, problem: reason });
                continue;
            }
        };
        tables.push(AuditTable {
            table_key: plan.table_key.clone(),
            table_path: plan.table_path.clone(),
            classification: classify(state, Some(plan)),
            found_version: state.latest,
            final_version: state.latest,
        });
    }
    let commit = find_commit(engine, inspection.latest, &stored).await?;
    let decision = match (&problem, &commit) {
        (Some(_), _) => RecoveryDecision::Abort,
        (None, Some(_)) => RecoveryDecision::RollForward,
        (None, None) => RecoveryDecision::RollBack,
    };
    Ok(ResolvedIntent { stored, decision, commit, tables, problem })
}

/// Returns the commit of `main` that contains the operation of an intent. It has the announced sequence or a later one.
async fn find_commit(engine: &Engine, latest: &CommitRecord, stored: &StoredIntent) -> Result<Option<String>> {
    let first = stored.intent.sequence.unwrap_or(0);
    let mut history = pin!(engine.log.history(Arc::new(latest.clone())));
    while let Some(record) = history.try_next().await? {
        if record.sequence < first {
            break;
        }
        if record.operations.iter().any(|operation| operation.id == stored.intent.operation_id) {
            return Ok(Some(record.commit.to_string()));
        }
    }
    Ok(None)
}

/// Publishes `latest`, then puts an audit entry and deletes the intent for each of `intents`. It can be repeated after a crash
/// at any point.
pub(super) async fn complete_intents(
    mirror: &Mirror,
    latest: &CommitRecord,
    intents: Vec<ResolvedIntent>,
) -> Result<(Vec<AuditEntry>, HashMap<String, u64>)> {
    let published = mirror.publish(latest).await?;
    let store = mirror.engine().log.store();
    let mut entries = Vec::with_capacity(intents.len());
    for ResolvedIntent { stored: StoredIntent { key, intent }, decision, commit, tables, .. } in intents {
        let entry = AuditEntry {
            audit_id: key.name().trim_end_matches(".json").to_owned(),
            operation_id: Some(intent.operation_id.to_string()),
            operation_actor_id: intent.actor_id,
            decision,
            commit,
            ..AuditEntry::new(store, RECOVERY_ACTOR, latest, tables, &published)
        };
        entry.put(store).await?;
        delete_intent(store, &key).await?;
        tracing::info!(intent = %key, %decision, "completed an intent");
        entries.push(entry);
    }
    Ok((entries, published))
}

/// Sweeps every `period` while a handle keeps the mirror open.
pub(crate) fn sweep_every(mirror: &Mirror, period: Duration) {
    let (upgrade, env) = (mirror.downgrade(), mirror.engine().env().clone());
    tokio::spawn(async move {
        loop {
            env.sleep(period).await;
            let Some(mirror) = upgrade() else { return };
            if let Err(error) = sweep(&mirror).await {
                tracing::warn!(%error, "background sweep failed");
            }
        }
    });
}
