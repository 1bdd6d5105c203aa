//! The pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_log::{BranchRecord, CommitKind};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::decode::{Context, Decoded, data_error, decode};
use super::findings::Findings;
use super::place::{Files, Place};
use super::sink::Sink;
use super::sort::{DeleteAtEnd, TemporaryFolder};
use super::source::{Piece, Reader};
use super::tracker::{Seen, Tracker};
use super::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
use crate::error::{DataError, Error, Result, RuleError};
use crate::keys::KeySet;
use crate::snapshot::{Shared, Snapshot};
use crate::validate::RowPlans;
use crate::write::{
    Existing, Fixed, IdempotencyKey, Publication, StagedTable, StagedWrite, Submission, WriteCondition, Writer,
};

/// Pieces read ahead of the decoders.
const PIECES_AHEAD: usize = 2;

/// A load whose rows are staged.
pub(crate) struct Staging {
    /// What is to be published; nothing if there was no row.
    write: Option<StagedWrite>,
    counts: Counts,
    rejected: u64,
    files: Files,
    most_reported: usize,
    actor: Option<String>,
    condition: Option<WriteCondition>,
    key: Option<IdempotencyKey>,
}

/// Reads, judges and stages everything that `request` names. `base` is the state that it will probably be published on.
pub(crate) async fn stage(shared: &Shared, base: &Snapshot, request: LoadRequest) -> Result<Staging> {
    let plan = Arc::new(RowPlans::new(base.catalog())?);
    let (mode, most_reported) = (request.mode, request.most_reported);
    let folder = request.temporary.map(|place| {
        let name = format!("omnigraph-load-{}", shared.ambient().ulid().to_string().to_lowercase());
        Arc::new(TemporaryFolder::new(&place, &name))
    });
    let _guard = DeleteAtEnd(folder.clone());
    let tolerated = request.tolerance.as_ref().map_or(0, |tolerance| tolerance.bad_rows);
    let context = Context {
        plan: Arc::clone(&plan),
        ambient: shared.ambient().clone(),
        now_millis: shared.ambient().now_millis(),
        most_faults: tolerated.saturating_add(most_reported as u64),
    };
    let (reader, bytes_read) = Reader::new(request.source, Arc::clone(&plan), folder.clone());
    let mut collected = Collected {
        base,
        files: Files::default(),
        findings: Findings::new(most_reported, request.tolerance),
        tracker: Tracker::new(&plan, folder),
        sinks: plan.types.iter().map(|_| None).collect(),
        progress: Progress { report: request.progress, bytes_read, rows: 0 },
    };
    if let Err(error) = collected.take_all(&plan, decoded_pieces(reader, context)).await {
        return Err(collected.findings.fail(error));
    }
    let Collected { files, findings, tracker, sinks, .. } = collected;
    let (files, mut seen) = compare(Arc::clone(&plan), mode, files, tracker, most_reported).await?;
    let complete = !findings.enough();
    let rejected = findings.settle((std::mem::take(&mut seen.faults), seen.fault_count), complete)?;
    let counts = Counts::of(&plan, &seen);
    let write = if counts.is_empty() {
        None
    } else {
        Some(StagedWrite {
            schema: base.commit().schema.clone(),
            kind: CommitKind::Load,
            actor: request.actor.clone(),
            ends: std::mem::take(&mut seen.ends),
            adoption: None,
            tables: staged_tables(&plan, mode, seen, sinks).await?,
        })
    };
    let key = request.idempotency_key.map(|key| IdempotencyKey { key, request: format!("load {}", mode.as_str()) });
    let (actor, condition) = (request.actor, request.condition);
    Ok(Staging { write, counts, rejected, files, most_reported, actor, condition, key })
}

/// Compares ids with each other and with ends, away from the threads that others wait on.
async fn compare(
    plan: Arc<RowPlans>,
    mode: LoadMode,
    files: Files,
    tracker: Tracker,
    most_reported: usize,
) -> Result<(Files, Seen)> {
    let comparison = move || {
        let seen = tracker.finish(&plan, mode, &files, most_reported)?;
        Ok((files, seen))
    };
    let compared = tokio::task::spawn_blocking(comparison).await;
    compared.map_err(|error| Error::internal(format!("the comparison of ids died: {error}")))?
}

impl Staging {
    /// Makes a commit of it on `branch`.
    pub(crate) async fn publish(
        self,
        shared: &Shared,
        writer: &Writer,
        branch: &Arc<BranchRecord>,
    ) -> Result<LoadReceipt> {
        let Self { write, counts, rejected, files, most_reported, actor, condition, key } = self;
        let Some(write) = write else { return Ok(counts.receipt(rejected, None)) };
        let answer = serde_json::to_value(&counts).map_err(|error| Error::internal(error.to_string()))?;
        let job = Arc::new(Fixed { staged: Arc::new(write), answer: Arc::new(answer) });
        let submission = Submission { job, actor, condition, key };
        let published = writer.submit(shared, branch, submission).await;
        let publication = published.map_err(|error| placed(error, &files, most_reported))?;
        let counts =
            Counts::deserialize(publication.answer.as_ref()).map_err(|error| Error::internal(error.to_string()))?;
        Ok(counts.receipt(rejected, Some(publication)))
    }
}

/// Broken rules with the lines that break them, and no more of them than are asked for.
fn placed(error: Error, files: &Files, most_reported: usize) -> Error {
    let mut broken = match error {
        Error::Rule(broken) => broken,
        other => return other,
    };
    // One rule after the other, and of each in the order of the input.
    let codes: Vec<&str> = broken.errors.iter().map(|rule| rule.code).collect();
    let turn = |rule: &RuleError| codes.iter().position(|code| *code == rule.code);
    broken.errors.sort_by_cached_key(|rule| (turn(rule), rule.places.first().copied()));
    let faults: Option<Vec<DataError>> = broken.errors.iter().map(|rule| fault(rule, files)).collect();
    let Some(mut faults) = faults else { return Error::Rule(broken) };
    faults.truncate(most_reported.max(1));
    Error::of_faults(faults, broken.total).unwrap_or(Error::Rule(broken))
}

/// A broken rule with the lines that break it; none if no line does.
fn fault(rule: &RuleError, files: &Files) -> Option<DataError> {
    let (first, others) = rule.places.split_first()?;
    let first = Place(*first);
    let file = files.of(first)?;
    let others = others.iter().map(|other| format!(" (the other is at {})", files.told(Place(*other), file)));
    let message = format!("{}: {}{}", file.unit.at(first.number()), rule.message, others.collect::<String>());
    Some(data_error(rule.code, message, &file.name, first.number(), 0, ""))
}

/// Reads and decodes in parallel, and hands on in the order of the input.
fn decoded_pieces(mut reader: Reader, context: Context) -> impl Stream<Item = Result<Decoded>> + use<> {
    let (sender, mut receiver) = mpsc::channel::<Result<Piece>>(PIECES_AHEAD);
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
    // A reader that dies closes the channel as one does that has read all: the input must not pass for complete.
    let end = futures::stream::once(reading).filter_map(|read| async move {
        read.err().map(|error| Err::<Piece, Error>(Error::internal(format!("a reader died: {error}"))))
    });
    let decoded = pieces.chain(end).map(move |piece| {
        let context = Arc::clone(&context);
        async move {
            let piece = piece?;
            let task = tokio::task::spawn_blocking(move || decode(&context, &piece));
            task.await.map_err(|error| Error::internal(format!("a decoder died: {error}")))?
        }
    });
    let decoders = std::thread::available_parallelism().map_or(2, usize::from);
    decoded.buffered(decoders)
}

/// What becomes of decoded rows.
struct Collected<'a> {
    base: &'a Snapshot,
    files: Files,
    findings: Findings,
    tracker: Tracker,
    /// By type.
    sinks: Vec<Option<Sink>>,
    progress: Progress,
}

impl Collected<'_> {
    /// Takes all rows, or as many as make a difference.
    async fn take_all(&mut self, plan: &RowPlans, pieces: impl Stream<Item = Result<Decoded>>) -> Result<()> {
        let mut pieces = std::pin::pin!(pieces);
        while let Some(decoded) = pieces.try_next().await? {
            self.files.note(&decoded.file);
            for fault in decoded.faults {
                self.findings.reject(fault)?;
            }
            if self.findings.enough() {
                return Ok(());
            }
            for group in decoded.groups {
                self.tracker.note(plan, &decoded.file, &group)?;
                self.progress.rows += group.lines.len() as u64;
                // Of a load that fails only the faults still matter.
                if self.findings.tolerable() {
                    self.sink(plan, group.ty).await?.push(group.batch).await?;
                }
            }
            self.progress.tell();
        }
        Ok(())
    }

    async fn sink(&mut self, plan: &RowPlans, ty: usize) -> Result<&mut Sink> {
        let sink = &mut self.sinks[ty];
        if sink.is_none() {
            let table = self.base.table(&plan.types[ty].path).await?;
            *sink = Some(Sink::new(self.base.shared.tables.clone(), table));
        }
        sink.as_mut().ok_or_else(|| Error::internal("a type without a sink"))
    }
}

async fn staged_tables(
    plan: &RowPlans,
    mode: LoadMode,
    seen: Seen,
    sinks: Vec<Option<Sink>>,
) -> Result<Vec<StagedTable>> {
    let mut tables = Vec::new();
    let seen = seen.rows.into_iter().zip(seen.keys).zip(seen.superseded).zip(seen.facts);
    for ((ty, sink), (((rows, keys), superseded), facts)) in plan.types.iter().zip(sinks).zip(seen) {
        let Some(sink) = sink else { continue };
        tables.push(StagedTable {
            path: ty.path.clone(),
            describe: ty.describe(),
            replace: mode == LoadMode::Overwrite,
            existing: if mode == LoadMode::Append { Existing::Refuse } else { Existing::Replace },
            count: rows - superseded.len() as u64,
            rows: sink.finish(&superseded).await?,
            keys,
            removed: KeySet::default(),
            carried: Vec::new(),
            facts: Some(Arc::new(facts)),
        });
    }
    Ok(tables)
}

/// Rows by type.
#[derive(Debug, Deserialize, Serialize)]
struct Counts {
    nodes: Vec<LoadedType>,
    edges: Vec<LoadedType>,
}

impl Counts {
    fn of(plan: &RowPlans, seen: &Seen) -> Self {
        let rows = seen.rows.iter().zip(&seen.superseded).map(|(rows, superseded)| rows - superseded.len() as u64);
        let mut counts = Self { nodes: Vec::new(), edges: Vec::new() };
        for (ty, rows) in plan.types.iter().zip(rows).filter(|(_, rows)| *rows > 0) {
            let loaded = LoadedType { name: ty.name.clone(), rows };
            if ty.is_edge() { counts.edges.push(loaded) } else { counts.nodes.push(loaded) }
        }
        counts
    }

    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }

    fn receipt(self, rejected: u64, publication: Option<Publication>) -> LoadReceipt {
        let Self { nodes, edges } = self;
        let (retries, replayed) = publication.as_ref().map_or((0, false), |done| (done.retries, done.replayed));
        let commit = publication.and_then(|done| done.record);
        LoadReceipt { branch_created: false, commit, nodes, edges, rejected, retries, replayed }
    }
}

struct Progress {
    report: Option<Arc<dyn Fn(LoadProgress) + Send + Sync>>,
    bytes_read: Arc<AtomicU64>,
    rows: u64,
}

impl Progress {
    fn tell(&self) {
        if let Some(report) = &self.report {
            report(LoadProgress { bytes_read: self.bytes_read.load(Ordering::Relaxed), rows: self.rows });
        }
    }
}
