//! The store over a folder: paths, and one blocking call per request.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
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
use super::failure::{failure, refused};
use super::folders::Folders;
use super::handles::Handles;
use super::publish::Target;
use super::staged::Names;
use super::upload::LocalUpload;
use crate::unsettled::Settling;
use crate::{Ambient, Durability};

/// How many deletions of one stream run at a time.
const DELETIONS: usize = 10;

/// Objects as files below one folder. The folder is made by the first write.
#[derive(Debug, Clone)]
pub(crate) struct LocalStore {
    root: Arc<Root>,
}

/// What the blocking side of a request works with.
#[derive(Debug)]
pub(super) struct Root {
    folder: PathBuf,
    pub(super) folders: Folders,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) handles: Handles,
    pub(super) names: Names,
}

impl LocalStore {
    /// The objects below `folder`, an absolute path.
    pub(crate) fn new(folder: PathBuf, durability: Durability, disk: Arc<dyn Disk>, ambient: &Ambient) -> Self {
        let folders = Folders::new(folder.clone(), durability, Arc::clone(&disk));
        Self { root: Arc::new(Root { folder, folders, disk, handles: Handles::default(), names: Names::new(ambient) }) }
    }

    /// The file system of the root, where its files may be synced together.
    pub(crate) fn file_system(&self) -> Option<File> {
        if self.root.folders.is_full() { self.root.disk.file_system(&self.root.folder) } else { None }
    }

    /// Makes an object durable whose writer never heard whether it is.
    pub(crate) async fn settle(&self, location: &Path) -> Result<()> {
        let path = self.root.file_path(location)?;
        self.run(move |root| root.settle_object(&path)).await
    }

    /// Removes a folder in which nothing is. That it is gone, or has something in it again, is as good.
    pub(crate) async fn remove_folder_if_empty(&self, location: &Path) {
        let Ok(folder) = self.root.folder_path(location) else { return };
        let removed = self.run(move |_| std::fs::remove_dir(&folder).map_err(|e| failure("remove", &folder, e))).await;
        if let Err(error) = removed {
            tracing::trace!(%error, "an empty folder was not removed");
        }
    }

    /// Removes what processes left behind that ended in the middle of a write, if last written to before `cutoff`.
    pub(crate) async fn remove_abandoned(&self, cutoff: i64) -> Result<u64> {
        self.run(move |root| root.remove_abandoned(cutoff)).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Arc<Root>) -> Result<T> + Send + 'static) -> Result<T> {
        let root = Arc::clone(&self.root);
        blocking(move || work(&root)).await
    }
}

/// Runs `work` where it may block. It runs to its end even if the caller goes away, so nothing stops half-way.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await?,
        Err(_) => work(),
    }
}

impl Root {
    /// Segments as they are, byte for byte. A path cannot hold dot segments; that is checked again here, because
    /// everything rests on never leaving the root.
    pub(super) fn folder_path(&self, location: &Path) -> Result<PathBuf> {
        let mut path = self.folder.clone();
        for part in location.parts() {
            let segment = part.as_ref();
            let plain = !matches!(segment, "" | "." | "..") && !segment.contains(std::path::is_separator);
            if !plain || segment.contains('\0') {
                return Err(failure("use", &path.join(segment), std::io::ErrorKind::InvalidInput.into()));
            }
            path.push(segment);
        }
        Ok(path)
    }

    pub(super) fn file_path(&self, location: &Path) -> Result<PathBuf> {
        if location.as_ref().is_empty() {
            return Err(refused(&self.folder, "the root holds no object".into()));
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
        let mode = match opts.mode {
            PutMode::Overwrite => Target::Any,
            PutMode::Create => Target::Free,
            PutMode::Update(_) => return Err(self.not_implemented("put_opts with PutMode::Update")),
        };
        if !opts.attributes.is_empty() {
            return Err(self.not_implemented("put_opts with attributes"));
        }
        let path = self.root.file_path(location)?;
        let settling = Settling::of(&opts.extensions);
        self.run(move |root| root.put(&path, &payload, mode, &settling)).await
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
        // Whoever probes for the newest record asks for what is mostly not there. To look takes a microsecond; to have
        // another thread look takes many times that.
        if options.range.is_none() {
            self.root.must_be_there(&path)?;
        }
        let location = location.clone();
        self.run(move |root| root.get(location, &path, &options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.root.file_path(location)?;
        let ranges = ranges.to_vec();
        self.run(move |root| root.get_ranges(&path, &ranges)).await
    }

    /// Folders are synced once, when the stream ends: a caller that drains it has durable deletions.
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
            store.run(move |root| root.settle_folders(removed.iter())).await
        });
        deletions.buffered(DELETIONS).chain(syncs.filter_map(async |synced| synced.err().map(Err))).boxed()
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
        let mode = match options.mode {
            CopyMode::Overwrite => Target::Any,
            CopyMode::Create => Target::Free,
        };
        let (from, to) = (self.root.file_path(from)?, self.root.file_path(to)?);
        self.run(move |root| root.copy(&from, &to, mode)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let mode = match options.target_mode {
            RenameTargetMode::Overwrite => Target::Any,
            RenameTargetMode::Create => Target::Free,
        };
        let (from, to) = (self.root.file_path(from)?, self.root.file_path(to)?);
        self.run(move |root| root.rename(&from, &to, mode)).await
    }
}

impl LocalStore {
    fn not_implemented(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}
