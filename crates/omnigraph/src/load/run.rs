//! The pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_log::CommitKind;
use tokio::sync::mpsc;

use super::decode::{Context, Decoded, decode};
use super::findings::Findings;
use super::place::Files;
use super::sink::Sink;
use super::sort::{DeleteAtEnd, TemporaryFolder};
use super::source::{Piece, Reader};
use super::tracker::{Seen, Tracker};
use super::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
use crate::error::{Error, Result};
use crate::snapshot::{Shared, Snapshot};
use crate::validate::RowPlans;
use crate::write::{Existing, StagedTable, StagedWrite};

/// Pieces read ahead of the decoders.
const PIECES_AHEAD: usize = 2;

/// A load whose rows are staged.
pub(crate) struct Staging {
    /// What is to be published; nothing if there was no row.
    pub(crate) write: Option<StagedWrite>,
    /// What will have been done then.
    pub(crate) receipt: LoadReceipt,
}

/// Reads, judges and stages everything that `request` names. `base` is the state that it will probably be published on.
pub(crate) async fn stage(shared: &Shared, base: &Snapshot, request: LoadRequest) -> Result<Staging> {
    let plan = Arc::new(RowPlans::new(base.catalog())?);
    let origin = request.source.name();
    let folder = request.temporary.map(|place| {
        let name = format!("omnigraph-load-{}", shared.ambient().ulid().to_string().to_lowercase());
        Arc::new(TemporaryFolder::new(&place, &name))
    });
    let _guard = DeleteAtEnd(folder.clone());
    let most_reported = request.most_reported;
    let tolerated = request.tolerance.as_ref().map_or(0, |tolerance| tolerance.bad_rows);
    let context = Context {
        plan: Arc::clone(&plan),
        ambient: shared.ambient().clone(),
        now_millis: shared.ambient().now_micros().div_euclid(1000),
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
    let complete = !findings.enough();
    let compare = {
        let (plan, mode) = (Arc::clone(&plan), request.mode);
        move || tracker.finish(&plan, mode, &files, most_reported)
    };
    let compared = tokio::task::spawn_blocking(compare).await;
    let mut seen = compared.map_err(|error| Error::internal(format!("comparing ids: {error}")))??;
    let faults = std::mem::take(&mut seen.faults);
    let rejected = findings.settle((faults, seen.fault_count), complete)?;
    let receipt = receipt(&plan, &seen, rejected);
    if receipt.total() == 0 {
        return Ok(Staging { write: None, receipt });
    }
    let write = StagedWrite {
        schema: base.commit().schema.clone(),
        kind: CommitKind::Load,
        actor: request.actor,
        origin,
        ends: std::mem::take(&mut seen.ends),
        tables: staged_tables(&plan, request.mode, seen, sinks).await?,
    };
    Ok(Staging { write: Some(write), receipt })
}

/// Reads and decodes in parallel, and hands on in the order of the input.
fn decoded_pieces(mut reader: Reader, context: Context) -> impl Stream<Item = Result<Decoded>> + use<> {
    let (sender, mut receiver) = mpsc::channel::<Result<Piece>>(PIECES_AHEAD);
    tokio::task::spawn_blocking(move || {
        while let Some(piece) = reader.next_piece().transpose() {
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                break;
            }
        }
    });
    let context = Arc::new(context);
    let pieces = futures::stream::poll_fn(move |task| receiver.poll_recv(task));
    let decoded = pieces.map(move |piece| {
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
    let seen = seen.rows.into_iter().zip(seen.keys).zip(seen.superseded);
    for ((ty, sink), ((rows, keys), superseded)) in plan.types.iter().zip(sinks).zip(seen) {
        let Some(sink) = sink else { continue };
        tables.push(StagedTable {
            path: ty.path.clone(),
            describe: ty.describe(),
            replace: mode == LoadMode::Overwrite,
            existing: if mode == LoadMode::Append { Existing::Refuse } else { Existing::Replace },
            count: rows - superseded.len() as u64,
            rows: sink.finish(&superseded).await?,
            keys,
        });
    }
    Ok(tables)
}

fn receipt(plan: &RowPlans, seen: &Seen, rejected: u64) -> LoadReceipt {
    let rows = seen.rows.iter().zip(&seen.superseded).map(|(rows, superseded)| rows - superseded.len() as u64);
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for (ty, rows) in plan.types.iter().zip(rows).filter(|(_, rows)| *rows > 0) {
        let loaded = LoadedType { name: ty.name.clone(), rows };
        if ty.is_edge() { edges.push(loaded) } else { nodes.push(loaded) }
    }
    LoadReceipt { branch_created: false, commit: None, nodes, edges, rejected, retries: 0 }
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
