//! The load pipeline: read and decode in parallel, collect in order, compare ids, stage, commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_history::{BranchRecord, CommitKind};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::decode::{DecodeContext, DecodedPiece, decode_piece};
use super::error_collector::ErrorCollector;
use super::key_tracker::{KeyTracker, TrackedKeys};
use super::request::LoadProgressFn;
use super::row_origin::InputFiles;
use super::source::{InputPiece, InputReader};
use super::table_sink::TableSink;
use super::temporary_folder::{FolderGuard, TemporaryFolder};
use super::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
use crate::error::{ConstraintViolation, Error, ErrorReport, Result, RowError, RowOrigin};
use crate::index::key::KeySet;
use crate::snapshot::{Engine, Snapshot};
use crate::write::commit::{
    GraphWriter, IdempotencyKey, PrestagedWrite, StagedTable, StagedWrite, WriteCondition, WriteMode, WriteOutcome,
    WriteRequest,
};
use crate::write::constraints::RowPlans;

/// Pieces that are read ahead of the decoders.
const PIECES_AHEAD: usize = 2;

/// A load whose rows are staged.
pub(crate) struct StagedLoad {
    /// The write; none if the input has no rows.
    write: Option<StagedWrite>,
    counts: LoadCounts,
    rejected: u64,
    files: InputFiles,
    report_limit: usize,
    actor: Option<String>,
    condition: Option<WriteCondition>,
    key: Option<IdempotencyKey>,
}

/// Reads, checks and stages the rows of `request`. `base` is the state that the load will probably be committed on.
pub(crate) async fn stage(engine: &Engine, base: &Snapshot, request: LoadRequest) -> Result<StagedLoad> {
    let plans = Arc::new(RowPlans::new(base.catalog())?);
    let (mode, report_limit) = (request.mode, request.report_limit);
    let folder = request.temporary_folder.map(|parent| {
        let name = format!("omnigraph-load-{}", engine.env().ulid().to_string().to_lowercase());
        Arc::new(TemporaryFolder::new(&parent, &name))
    });
    let _guard = FolderGuard(folder.clone());
    let tolerated = request.error_policy.as_ref().map_or(0, |policy| policy.max_errors);
    let context = DecodeContext {
        plans: Arc::clone(&plans),
        env: engine.env().clone(),
        now_millis: engine.env().now_millis(),
        max_errors: tolerated.saturating_add(report_limit as u64),
    };
    let (reader, bytes_read) = InputReader::new(request.source, Arc::clone(&plans), folder.clone());
    let mut collector = LoadCollector {
        base,
        files: InputFiles::default(),
        errors: ErrorCollector::new(report_limit, request.error_policy),
        tracker: KeyTracker::new(&plans, folder),
        sinks: plans.types.iter().map(|_| None).collect(),
        progress: ProgressReporter { callback: request.progress, bytes_read, rows: 0 },
    };
    if let Err(error) = collector.collect(&plans, decoded_pieces(reader, context)).await {
        return Err(collector.errors.fail(error));
    }
    let LoadCollector { files, errors, tracker, sinks, .. } = collector;
    let (files, mut tracked) = compare_keys(Arc::clone(&plans), mode, files, tracker, report_limit).await?;
    let rejected = errors.finish(std::mem::replace(&mut tracked.conflicts, ErrorReport::empty()))?;
    let counts = LoadCounts::new(&plans, &tracked);
    let write = if counts.is_empty() {
        None
    } else {
        Some(StagedWrite {
            schema: base.record().schema.clone(),
            kind: CommitKind::Load,
            actor: request.actor.clone(),
            endpoint_lookups: std::mem::take(&mut tracked.endpoint_lookups),
            swap: None,
            tables: staged_tables(&plans, mode, tracked, sinks).await?,
        })
    };
    let key = request.idempotency_key.map(|key| IdempotencyKey { key, request: format!("load {}", mode.as_str()) });
    let (actor, condition) = (request.actor, request.condition);
    Ok(StagedLoad { write, counts, rejected, files, report_limit, actor, condition, key })
}

/// Compares ids with each other and with endpoints, on a thread for blocking work.
async fn compare_keys(
    plans: Arc<RowPlans>,
    mode: LoadMode,
    files: InputFiles,
    tracker: KeyTracker,
    report_limit: usize,
) -> Result<(InputFiles, TrackedKeys)> {
    let comparison = move || {
        let tracked = tracker.finish(&plans, mode, &files, report_limit)?;
        Ok((files, tracked))
    };
    let compared = tokio::task::spawn_blocking(comparison).await;
    compared.map_err(|error| Error::internal(format!("the comparison of ids panicked: {error}")))?
}

impl StagedLoad {
    /// Commits the load on `branch`.
    pub(crate) async fn commit(
        self,
        engine: &Engine,
        writer: &GraphWriter,
        branch: &Arc<BranchRecord>,
    ) -> Result<LoadReceipt> {
        let Self { write, counts, rejected, files, report_limit, actor, condition, key } = self;
        let Some(write) = write else { return Ok(counts.into_receipt(rejected, None)) };
        let response = serde_json::to_value(&counts).map_err(|error| Error::internal(error.to_string()))?;
        let op = Arc::new(PrestagedWrite { staged: Arc::new(write), response: Arc::new(response) });
        let outcome = writer.submit(engine, branch, WriteRequest { op, actor, condition, key }).await;
        let outcome = outcome.map_err(|error| with_input_lines(error, &files, report_limit))?;
        let counts = LoadCounts::deserialize(outcome.response.as_ref());
        let counts = counts.map_err(|error| Error::internal(error.to_string()))?;
        Ok(counts.into_receipt(rejected, Some(outcome)))
    }
}

/// Turns constraint violations into errors of input lines, up to `report_limit`. Other errors are returned unchanged.
fn with_input_lines(error: Error, files: &InputFiles, report_limit: usize) -> Error {
    let mut report = match error {
        Error::Constraint(report) => report,
        other => return other,
    };
    // Constraint by constraint, and for each in the order of the input.
    let codes: Vec<&str> = report.errors.iter().map(|violation| violation.code).collect();
    let rank = |violation: &ConstraintViolation| codes.iter().position(|code| *code == violation.code);
    report.errors.sort_by_cached_key(|violation| (rank(violation), violation.rows.first().copied()));
    let errors = report.errors.iter().map(|violation| row_error(violation, files));
    let Some(mut errors) = errors.collect::<Option<Vec<RowError>>>() else { return Error::Constraint(report) };
    errors.truncate(report_limit.max(1));
    Error::Data(Box::new(ErrorReport { errors, total: report.total, complete: true }))
}

/// Returns a violation as an error of its first line; none if no line violates the constraint.
fn row_error(violation: &ConstraintViolation, files: &InputFiles) -> Option<RowError> {
    let lines = violation.rows.iter().filter_map(|origin| match origin {
        RowOrigin::Input(line) => Some(*line),
        RowOrigin::Stored { .. } | RowOrigin::Staged(_) => None,
    });
    let mut lines = lines.fuse();
    let first = lines.next()?;
    let file = files.get(first)?;
    let others: String = lines.map(|other| format!(" (the other is at {})", files.format(other, file))).collect();
    let message = format!("{}: {}{others}", file.unit.format(first.line), violation.message);
    Some(*RowError::new(violation.code, message).with_location(&file.name, first.line, ""))
}

/// Reads and decodes pieces in parallel, and returns them in the order of the input.
fn decoded_pieces(mut reader: InputReader, context: DecodeContext) -> impl Stream<Item = Result<DecodedPiece>> + use<> {
    let (sender, mut receiver) = mpsc::channel::<Result<InputPiece>>(PIECES_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        while let Some(piece) = reader.next_piece().transpose() {
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                break;
            }
        }
    });
    let context = Arc::new(context);
    let pieces = futures::stream::poll_fn(move |task| receiver.poll_recv(task));
    // A reader that panics closes the channel like one that has read everything: the input must not pass for complete.
    let end = futures::stream::once(reading).filter_map(|read| async move {
        read.err().map(|error| Err::<InputPiece, Error>(Error::internal(format!("a reader panicked: {error}"))))
    });
    let decoded = pieces.chain(end).map(move |piece| {
        let context = Arc::clone(&context);
        async move {
            let piece = piece?;
            let task = tokio::task::spawn_blocking(move || decode_piece(&context, &piece));
            task.await.map_err(|error| Error::internal(format!("a decoder panicked: {error}")))?
        }
    });
    let decoders = std::thread::available_parallelism().map_or(2, usize::from);
    decoded.buffered(decoders)
}

/// The collector of decoded rows.
struct LoadCollector<'a> {
    base: &'a Snapshot,
    files: InputFiles,
    errors: ErrorCollector,
    tracker: KeyTracker,
    /// The sinks by type.
    sinks: Vec<Option<TableSink>>,
    progress: ProgressReporter,
}

impl LoadCollector<'_> {
    /// Collects all rows, or stops when the error report is full.
    async fn collect(&mut self, plans: &RowPlans, pieces: impl Stream<Item = Result<DecodedPiece>>) -> Result<()> {
        let mut pieces = std::pin::pin!(pieces);
        while let Some(piece) = pieces.try_next().await? {
            self.files.add(&piece.file);
            for error in piece.errors {
                self.errors.reject(error)?;
            }
            if self.errors.is_full() {
                return Ok(());
            }
            for group in piece.groups {
                self.tracker.add(plans, &piece.file, &group)?;
                self.progress.rows += group.lines.len() as u64;
                // A load that fails needs only the errors of further rows.
                if self.errors.is_tolerable() {
                    self.sink(plans, group.ty).await?.push(group.batch).await?;
                }
            }
            self.progress.report();
        }
        Ok(())
    }

    async fn sink(&mut self, plans: &RowPlans, ty: usize) -> Result<&mut TableSink> {
        let sink = &mut self.sinks[ty];
        if sink.is_none() {
            let table = self.base.table(&plans.types[ty].path).await?;
            *sink = Some(TableSink::new(self.base.engine.tables.clone(), table));
        }
        sink.as_mut().ok_or_else(|| Error::internal("a type without a sink"))
    }
}

async fn staged_tables(
    plans: &RowPlans,
    mode: LoadMode,
    tracked: TrackedKeys,
    sinks: Vec<Option<TableSink>>,
) -> Result<Vec<StagedTable>> {
    let mut tables = Vec::new();
    for ((plan, sink), keys) in plans.types.iter().zip(sinks).zip(tracked.types) {
        let Some(sink) = sink else { continue };
        tables.push(StagedTable {
            path: plan.path.clone(),
            label: plan.label(),
            mode: match mode {
                LoadMode::Append => WriteMode::Insert,
                LoadMode::Merge => WriteMode::Upsert,
                LoadMode::Overwrite => WriteMode::Replace,
            },
            count: keys.remaining_rows(),
            rows: sink.finish(&keys.superseded).await?,
            keys: keys.ids,
            removed: KeySet::default(),
            reused_fragments: Vec::new(),
            constraint_inputs: Some(Arc::new(keys.constraint_inputs)),
        });
    }
    Ok(tables)
}

/// The numbers of loaded rows by type.
#[derive(Debug, Deserialize, Serialize)]
struct LoadCounts {
    nodes: Vec<LoadedType>,
    edges: Vec<LoadedType>,
}

impl LoadCounts {
    fn new(plans: &RowPlans, tracked: &TrackedKeys) -> Self {
        let mut counts = Self { nodes: Vec::new(), edges: Vec::new() };
        for (plan, keys) in plans.types.iter().zip(&tracked.types).filter(|(_, keys)| keys.remaining_rows() > 0) {
            let loaded = LoadedType { name: plan.name.clone(), rows: keys.remaining_rows() };
            if plan.is_edge() { counts.edges.push(loaded) } else { counts.nodes.push(loaded) }
        }
        counts
    }

    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }

    fn into_receipt(self, rejected: u64, outcome: Option<WriteOutcome>) -> LoadReceipt {
        let Self { nodes, edges } = self;
        let (retries, replayed) = outcome.as_ref().map_or((0, false), |outcome| (outcome.retries, outcome.replayed));
        let commit = outcome.and_then(|outcome| outcome.record).map(Into::into);
        LoadReceipt { branch_created: false, commit, nodes, edges, rejected, retries, replayed }
    }
}

struct ProgressReporter {
    callback: Option<LoadProgressFn>,
    bytes_read: Arc<AtomicU64>,
    rows: u64,
}

impl ProgressReporter {
    fn report(&self) {
        if let Some(callback) = &self.callback {
            callback(LoadProgress { bytes_read: self.bytes_read.load(Ordering::Relaxed), rows: self.rows });
        }
    }
}
