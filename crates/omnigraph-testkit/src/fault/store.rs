//! The layer that passes every call through a fault injector.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryFutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};
use omnigraph_storage::RequestVerb;

use super::FaultInjector;

/// A store that injects the faults of a [`FaultInjector`] into the calls of another.
#[derive(Debug)]
pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    faults: FaultInjector,
}

impl FaultStore {
    /// Creates a layer over `inner`.
    pub fn new(inner: Arc<dyn ObjectStore>, faults: FaultInjector) -> Self {
        Self { inner, faults }
    }

    fn list_call(
        &self,
        prefix: Option<&Path>,
        found: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let work = self.faults.call(RequestVerb::List, text(prefix), found.try_collect::<Vec<_>>());
        let listed = work.map_ok(|metas| futures::stream::iter(metas.into_iter().map(Ok)));
        futures::stream::once(listed).try_flatten().boxed()
    }
}

fn text(prefix: Option<&Path>) -> &str {
    prefix.map_or("", AsRef::as_ref)
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faults over {}", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for FaultStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, mut opts: PutOptions) -> Result<PutResult> {
        let verb = if matches!(opts.mode, PutMode::Overwrite) { RequestVerb::Put } else { RequestVerb::PutIfAbsent };
        if self.faults.ignores_conditions() {
            opts.mode = PutMode::Overwrite;
        }
        self.faults.call(verb, location.as_ref(), self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let begin = self.inner.put_multipart_opts(location, opts);
        let inner = self.faults.call(RequestVerb::Multipart, location.as_ref(), begin).await?;
        Ok(Box::new(FaultUpload::new(inner, self.faults.clone(), location.to_string())))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let verb = if options.head { RequestVerb::Head } else { RequestVerb::Get };
        self.faults.call(verb, location.as_ref(), self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.faults.call(RequestVerb::Get, location.as_ref(), self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (inner, faults) = (Arc::clone(&self.inner), self.faults.clone());
        let deletions = locations.then(move |location| {
            let (inner, faults) = (Arc::clone(&inner), faults.clone());
            async move {
                let location = location?;
                faults.call(RequestVerb::Delete, location.as_ref(), inner.delete(&location)).await?;
                Ok(location)
            }
        });
        deletions.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_call(prefix, self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_call(prefix, self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.faults.call(RequestVerb::List, text(prefix), self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.faults.call(RequestVerb::Copy, to.as_ref(), self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.faults.call(RequestVerb::Copy, to.as_ref(), self.inner.rename_opts(from, to, options)).await
    }
}

/// An upload in parts: beginning, each part, completion and abortion are calls of their own.
#[derive(Debug)]
struct FaultUpload {
    inner: Box<dyn MultipartUpload>,
    faults: FaultInjector,
    path: String,
}

impl FaultUpload {
    fn new(inner: Box<dyn MultipartUpload>, faults: FaultInjector, path: String) -> Self {
        Self { inner, faults, path }
    }
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        Box::pin(self.faults.call(RequestVerb::Part, &self.path, self.inner.put_part(data)))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.faults.call(RequestVerb::Multipart, &self.path, self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.faults.call(RequestVerb::Multipart, &self.path, self.inner.abort()).await
    }
}
