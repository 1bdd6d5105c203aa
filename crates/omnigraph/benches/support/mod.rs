//! Data files of plain Lance as the baseline of benches, and the memory of this process.

#![allow(dead_code, reason = "each bench uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use lance_core::cache::LanceCache;
use lance_core::datatypes::Schema;
use lance_encoding::decoder::{DecoderPlugins, FilterExpression};
use lance_file::reader::{FileReader, FileReaderOptions};
use lance_file::version::ConcreteFileVersion;
use lance_file::writer::FileWriterOptions;
use lance_io::ReadBatchParams;
use lance_io::object_store::ObjectStore;
use lance_io::scheduler::{ScanScheduler, SchedulerConfig};
use lance_io::utils::CachedFileSize;
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::io::manifest::read_manifest;
use object_store::path::Path as StorePath;

const BATCH_ROWS: u32 = 8192;
const READAHEAD: u32 = 16;

/// Writes batches to one data file. Checks nothing.
pub(crate) async fn write_lance_file(path: &Path, batches: impl Iterator<Item = RecordBatch>) {
    let mut batches = batches.peekable();
    let schema = Schema::try_from(batches.peek().unwrap().schema().as_ref()).unwrap();
    let object = ObjectStore::local().create(&StorePath::from_absolute_path(path).unwrap()).await.unwrap();
    let options = FileWriterOptions::default();
    let mut writer = lance_file::versions::create_writer(ConcreteFileVersion::V2_2, object, schema, options).unwrap();
    for batch in batches {
        writer.write_batch(&batch).await.unwrap();
    }
    writer.finish().await.unwrap();
}

/// Reads every data file of a table that has one version and no deleted rows.
pub(crate) async fn read_lance_files(table: &Path) -> Vec<RecordBatch> {
    let store = Arc::new(ObjectStore::local());
    let config = SchedulerConfig::max_bandwidth(&store);
    let scheduler = ScanScheduler::new(store, config);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(table.join("data")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut batches = Vec::new();
    for file in files {
        let path = StorePath::from_absolute_path(file).unwrap();
        let file = scheduler.open_file(&path, &CachedFileSize::unknown()).await.unwrap();
        let (plugins, cache) = (Arc::<DecoderPlugins>::default(), LanceCache::no_cache());
        let reader = FileReader::try_open(file, None, plugins, &cache, FileReaderOptions::default()).await.unwrap();
        let all = (ReadBatchParams::RangeFull, FilterExpression::no_filter());
        let stream = reader.read_stream(all.0, BATCH_ROWS, READAHEAD, all.1).await.unwrap();
        batches.extend(stream.try_collect::<Vec<_>>().await.unwrap());
    }
    batches
}

/// Returns the paths of the data files of one version of a table.
pub(crate) async fn data_files(table: &Path, version: u64) -> Vec<PathBuf> {
    let folder = StorePath::from_absolute_path(table).unwrap();
    let path = ManifestNamingScheme::V2.manifest_path(&folder, version);
    let manifest = read_manifest(&ObjectStore::local(), &path, None).await.unwrap();
    let files = manifest.fragments.iter().flat_map(|fragment| &fragment.files);
    files.map(|file| table.join("data").join(&file.path)).collect()
}

/// Returns the peak memory of this process as the kernel counts it.
pub(crate) fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
