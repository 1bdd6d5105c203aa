//! Request counts by verb. The counting layer is above the backend and sees every request.

use std::fmt;
use std::ops::{Range, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result, UploadPart, coalesce_ranges,
};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RequestVerb {
    /// An unconditional write of a whole object.
    Put,
    /// A conditional write of a whole object: put-if-absent, or an update of a known version.
    PutIfAbsent,
    /// The begin, completion or abort of a multipart upload.
    Multipart,
    /// One part of a multipart upload.
    Part,
    /// The content of an object or of a range of it.
    Get,
    /// The metadata of an object.
    Head,
    /// One listing of any number of pages.
    List,
    /// One deleted name. A store may delete many in one request.
    Delete,
    /// A copy or a rename within the store.
    Copy,
}

impl RequestVerb {
    /// Every verb in display order.
    pub const ALL: [Self; 9] = [
        Self::Put,
        Self::PutIfAbsent,
        Self::Multipart,
        Self::Part,
        Self::Get,
        Self::Head,
        Self::List,
        Self::Delete,
        Self::Copy,
    ];

    /// Returns the display name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::PutIfAbsent => "put_if_absent",
            Self::Multipart => "multipart",
            Self::Part => "part",
            Self::Get => "get",
            Self::Head => "head",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Copy => "copy",
        }
    }
}

/// Request counts at one moment. The difference of two counts the requests between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RequestCounts {
    by_verb: [u64; RequestVerb::ALL.len()],
    bytes_read: u64,
}

impl RequestCounts {
    /// Returns the number of requests of one verb.
    pub fn count(&self, verb: RequestVerb) -> u64 {
        self.by_verb[verb as usize]
    }

    /// Returns the requested bytes of whole objects and of ranges.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Returns the number of requests of all verbs.
    pub fn total(&self) -> u64 {
        self.by_verb.iter().sum()
    }
}

impl Sub for RequestCounts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            by_verb: std::array::from_fn(|index| self.by_verb[index].saturating_sub(earlier.by_verb[index])),
            bytes_read: self.bytes_read.saturating_sub(earlier.bytes_read),
        }
    }
}

impl fmt::Display for RequestCounts {
    /// Prints `put 2, get 5`. Verbs without requests are left out; no requests at all print `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for verb in RequestVerb::ALL.into_iter().filter(|verb| self.count(*verb) > 0) {
            write!(f, "{separator}{} {}", verb.name(), self.count(verb))?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// The running counters, shared by the counting layer and the store that reports them.
#[derive(Debug, Default)]
pub(crate) struct RequestCounters {
    by_verb: [AtomicU64; RequestVerb::ALL.len()],
    bytes_read: AtomicU64,
}

impl RequestCounters {
    fn add(&self, verb: RequestVerb) {
        self.by_verb[verb as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn add_bytes(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> RequestCounts {
        RequestCounts {
            by_verb: std::array::from_fn(|index| self.by_verb[index].load(Ordering::Relaxed)),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
        }
    }
}

/// The requests that a read of several ranges of one object makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeCost {
    /// One call reads all ranges: a folder, or memory.
    OneCall,
    /// One request reads a group of adjacent ranges: a store behind a network.
    PerGroup,
}

/// The counting layer.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: Arc<dyn ObjectStore>,
    counters: Arc<RequestCounters>,
    ranges: RangeCost,
}

impl CountingStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, counters: Arc<RequestCounters>, ranges: RangeCost) -> Self {
        Self { inner, counters, ranges }
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let conditional = !matches!(opts.mode, PutMode::Overwrite);
        self.counters.add(if conditional { RequestVerb::PutIfAbsent } else { RequestVerb::Put });
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.counters.add(RequestVerb::Multipart);
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(CountingUpload { inner, counters: Arc::clone(&self.counters) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            self.counters.add(RequestVerb::Head);
            return self.inner.get_opts(location, options).await;
        }
        self.counters.add(RequestVerb::Get);
        let result = self.inner.get_opts(location, options).await?;
        self.counters.add_bytes(result.range.end.saturating_sub(result.range.start));
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.ranges {
            RangeCost::OneCall => {
                self.counters.add(RequestVerb::Get);
                self.counters.add_bytes(ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum());
                self.inner.get_ranges(location, ranges).await
            }
            RangeCost::PerGroup => {
                coalesce_ranges(ranges, |range| self.get_range(location, range), OBJECT_STORE_COALESCE_DEFAULT).await
            }
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let counters = Arc::clone(&self.counters);
        let counted = locations.inspect(move |location| {
            if location.is_ok() {
                counters.add(RequestVerb::Delete);
            }
        });
        self.inner.delete_stream(counted.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.counters.add(RequestVerb::List);
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.counters.add(RequestVerb::List);
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.counters.add(RequestVerb::List);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.counters.add(RequestVerb::Copy);
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.counters.add(RequestVerb::Copy);
        self.inner.rename_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
    counters: Arc<RequestCounters>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.counters.add(RequestVerb::Part);
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.counters.add(RequestVerb::Multipart);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.counters.add(RequestVerb::Multipart);
        self.inner.abort().await
    }
}
