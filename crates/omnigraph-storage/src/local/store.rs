//! The `ObjectStore` over a folder: paths, errors, and one blocking call per request.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode, Result,
};

use super::Disk;
use super::file_cache::FileCache;
use super::fsync::FolderTree;
use super::publish::{PutCondition, StagedNames};
use super::upload::LocalUpload;
use crate::sync_batch::SyncMode;
use crate::{Durability, Env};

/// Concurrent deletions of one stream.
const DELETE_CONCURRENCY: usize = 10;
/// The name of this store in errors.
const STORE_NAME: &str = "folder";

/// Objects as files below one folder. The first write creates the folder.
#[derive(Debug, Clone)]
pub(crate) struct LocalStore {
    root: Arc<LocalRoot>,
}

/// The folder and its parts, used by blocking calls.
#[derive(Debug)]
pub(super) struct LocalRoot {
    folder: PathBuf,
    pub(super) folders: FolderTree,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) open_files: FileCache,
    pub(super) names: StagedNames,
}

impl LocalStore {
    /// Creates a store for the objects below `folder`, an absolute path.
    pub(crate) fn new(folder: PathBuf, durability: Durability, disk: Arc<dyn Disk>, env: &Env) -> Self {
        let folders = FolderTree::new(folder.clone(), durability, Arc::clone(&disk));
        let (open_files, names) = (FileCache::default(), StagedNames::new(env));
        Self { root: Arc::new(LocalRoot { folder, folders, disk, open_files, names }) }
    }

    /// Opens the file system of the root for a sync batch, if writes are synced.
    pub(crate) fn file_system(&self) -> Option<File> {
        if self.root.folders.is_synced() { self.root.disk.file_system(&self.root.folder) } else { None }
    }

    /// Makes an existing object durable.
    pub(crate) async fn sync_object(&self, location: &Path) -> Result<()> {
        let path = self.root.file_path(location)?;
        self.run(move |root| root.sync_object(&path)).await
    }

    /// Removes an empty folder. A missing or non-empty folder is not an error.
    pub(crate) async fn remove_folder_if_empty(&self, location: &Path) {
        let Ok(folder) = self.root.folder_path(location) else { return };
        let removed =
            self.run(move |_| std::fs::remove_dir(&folder).map_err(|e| io_failure("remove", &folder, e))).await;
        if let Err(error) = removed {
            tracing::trace!(%error, "an empty folder was not removed");
        }
    }

    /// Removes staged files that were last written before `cutoff`. Returns their number.
    pub(crate) async fn remove_abandoned(&self, cutoff: i64) -> Result<u64> {
        self.run(move |root| root.remove_abandoned(cutoff)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<LocalRoot>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = Arc::clone(&self.root);
        run_blocking(move || work(&root)).await
    }

    fn not_implemented(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}

/// Runs `work` on a thread for blocking calls. It completes even if the caller's future is dropped.
pub(super) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await?,
        Err(_) => work(),
    }
}

impl LocalRoot {
    /// Returns the path of a location, segment by segment and byte for byte. Checks the segments again, because no path may leave
    /// the root.
    pub(super) fn folder_path(&self, location: &Path) -> Result<PathBuf> {
        let mut path = self.folder.clone();
        for part in location.parts() {
            let segment = part.as_ref();
            let plain = !matches!(segment, "" | "." | "..") && !segment.contains(std::path::is_separator);
            if !plain || segment.contains('\0') {
                return Err(io_failure("use", &path.join(segment), io::ErrorKind::InvalidInput.into()));
            }
            path.push(segment);
        }
        Ok(path)
    }

    pub(super) fn file_path(&self, location: &Path) -> Result<PathBuf> {
        if location.as_ref().is_empty() {
            return Err(invalid_request(&self.folder, "the root holds no object".into()));
        }
        self.folder_path(location)
    }
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "folder {}", self.root.folder.display())
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let condition = match opts.mode {
            PutMode::Overwrite => PutCondition::Overwrite,
            PutMode::Create => PutCondition::Create,
            PutMode::Update(_) => return Err(self.not_implemented("put_opts with PutMode::Update")),
        };
        if !opts.attributes.is_empty() {
            return Err(self.not_implemented("put_opts with attributes"));
        }
        let path = self.root.file_path(location)?;
        let sync = SyncMode::from_extensions(&opts.extensions);
        self.run(move |root| root.put(&path, &payload, condition, &sync)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        if !opts.attributes.is_empty() {
            return Err(self.not_implemented("put_multipart_opts with attributes"));
        }
        let path = self.root.file_path(location)?;
        let upload = self.run(move |root| LocalUpload::begin(Arc::clone(root), path)).await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let path = self.root.file_path(location)?;
        // A probe for the newest record mostly reads a missing object. The check takes a microsecond on this thread; another
        // thread would take many times that.
        if options.range.is_none() {
            self.root.require_existing(&path)?;
        }
        let location = location.clone();
        self.run(move |root| root.get(location, &path, &options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.root.file_path(location)?;
        let ranges = ranges.to_vec();
        self.run(move |root| root.get_ranges(&path, &ranges)).await
    }

    /// Syncs each folder once, at the end of the stream. A caller that drains the stream has durable deletions.
    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let touched: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let (store, seen) = (self.clone(), Arc::clone(&touched));
        let deletions = locations.map(move |location| {
            let (store, seen) = (store.clone(), Arc::clone(&seen));
            async move {
                let location = location?;
                let path = store.root.file_path(&location)?;
                store
                    .run(move |root| {
                        root.remove(&path)?;
                        seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
                        Ok(location)
                    })
                    .await
            }
        });
        let store = self.clone();
        let syncs = futures::stream::once(async move {
            let removed = std::mem::take(&mut *touched.lock().unwrap_or_else(PoisonError::into_inner));
            store.run(move |root| root.sync_parents(removed.iter())).await
        });
        deletions.buffered(DELETE_CONCURRENCY).chain(syncs.filter_map(async |synced| synced.err().map(Err))).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let found = async move { store.run(move |root| root.walk(&prefix)).await };
        futures::stream::once(found)
            .map_ok(|metas| futures::stream::iter(metas.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or_default();
        self.run(move |root| root.level(&prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let condition = match options.mode {
            CopyMode::Overwrite => PutCondition::Overwrite,
            CopyMode::Create => PutCondition::Create,
        };
        let (from, to) = (self.root.file_path(from)?, self.root.file_path(to)?);
        self.run(move |root| root.copy(&from, &to, condition)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let condition = match options.target_mode {
            RenameTargetMode::Overwrite => PutCondition::Overwrite,
            RenameTargetMode::Create => PutCondition::Create,
        };
        let (from, to) = (self.root.file_path(from)?, self.root.file_path(to)?);
        self.run(move |root| root.rename(&from, &to, condition)).await
    }
}

/// A failed system call on a path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
struct IoFailure {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Converts an error of the operating system. The path is in every message.
pub(super) fn io_failure(action: &'static str, path: &FsPath, source: io::Error) -> Error {
    let kind = source.kind();
    let shown = path.display().to_string();
    let failure = Box::new(IoFailure { action, path: path.to_owned(), source });
    match kind {
        io::ErrorKind::NotFound => Error::NotFound { path: shown, source: failure },
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: shown, source: failure },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { path: shown, source: failure }
        }
        io::ErrorKind::Unsupported => Error::NotSupported { source: failure },
        _ => Error::Generic { store: STORE_NAME, source: failure },
    }
}

/// Converts an error of a lookup. As in an object store, a folder and a path through a file are "not found".
pub(super) fn lookup_failure(action: &'static str, path: &FsPath, source: io::Error) -> Error {
    let source = match source.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => io::ErrorKind::NotFound.into(),
        _ => source,
    };
    io_failure(action, path, source)
}

/// Returns the error of a request that is invalid for this object.
pub(super) fn invalid_request(path: &FsPath, reason: String) -> Error {
    Error::Generic { store: STORE_NAME, source: format!("{}: {reason}", path.display()).into() }
}
