//! How many requests went to a store, by verb. The layer sits above the backend and sees every one.

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

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verb {
    /// A whole object, overwriting.
    Put,
    /// A whole object under a condition: put-if-absent, or an update of a known version.
    PutIfAbsent,
    /// Begin, complete or abort an upload in parts.
    Multipart,
    /// One part of an upload.
    Part,
    /// The content of an object or of a range of it.
    Get,
    /// The description of an object.
    Head,
    /// One listing, whatever number of pages it takes.
    List,
    /// One deleted name; a store may take many in one request.
    Delete,
    /// A copy or a rename within the store.
    Copy,
}

impl Verb {
    /// Every verb, in the order in which they are shown.
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

    /// The name shown to people.
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

/// A snapshot of the requests made so far. Subtract two to learn what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts {
    by_verb: [u64; Verb::ALL.len()],
    bytes_read: u64,
}

impl Counts {
    /// The number of requests of one kind.
    pub fn of(&self, verb: Verb) -> u64 {
        self.by_verb[verb as usize]
    }

    /// The bytes of contents and of ranges of them that were asked for.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The number of requests of all kinds.
    pub fn total(&self) -> u64 {
        self.by_verb.iter().sum()
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            by_verb: std::array::from_fn(|at| self.by_verb[at].saturating_sub(earlier.by_verb[at])),
            bytes_read: self.bytes_read.saturating_sub(earlier.bytes_read),
        }
    }
}

impl fmt::Display for Counts {
    /// `put 2, get 5`; verbs that were not used are left out, and nothing at all reads `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for verb in Verb::ALL.into_iter().filter(|verb| self.of(*verb) > 0) {
            write!(f, "{separator}{} {}", verb.name(), self.of(verb))?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// The running totals, shared between the layer and the store that shows them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_verb: [AtomicU64; Verb::ALL.len()],
    bytes_read: AtomicU64,
}

impl Tally {
    fn add(&self, verb: Verb) {
        self.by_verb[verb as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            by_verb: std::array::from_fn(|at| self.by_verb[at].load(Ordering::Relaxed)),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
        }
    }
}

/// What several ranges of one object cost the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeCost {
    /// One call reads them all: a folder, or memory.
    OneCall,
    /// One request per group of neighbouring ranges: anything behind a network.
    PerGroup,
}

/// The layer that counts.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: Arc<dyn ObjectStore>,
    tally: Arc<Tally>,
    ranges: RangeCost,
}

impl CountingStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, tally: Arc<Tally>, ranges: RangeCost) -> Self {
        Self { inner, tally, ranges }
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
        self.tally.add(if conditional { Verb::PutIfAbsent } else { Verb::Put });
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.tally.add(Verb::Multipart);
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(CountingUpload { inner, tally: Arc::clone(&self.tally) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            self.tally.add(Verb::Head);
            return self.inner.get_opts(location, options).await;
        }
        self.tally.add(Verb::Get);
        let result = self.inner.get_opts(location, options).await?;
        self.tally.read(result.range.end.saturating_sub(result.range.start));
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.ranges {
            RangeCost::OneCall => {
                self.tally.add(Verb::Get);
                self.tally.read(ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum());
                self.inner.get_ranges(location, ranges).await
            }
            RangeCost::PerGroup => {
                coalesce_ranges(ranges, |range| self.get_range(location, range), OBJECT_STORE_COALESCE_DEFAULT).await
            }
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let tally = Arc::clone(&self.tally);
        let counted = locations.inspect(move |location| {
            if location.is_ok() {
                tally.add(Verb::Delete);
            }
        });
        self.inner.delete_stream(counted.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.tally.add(Verb::List);
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.tally.add(Verb::List);
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.tally.add(Verb::List);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.tally.add(Verb::Copy);
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.tally.add(Verb::Copy);
        self.inner.rename_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
    tally: Arc<Tally>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.tally.add(Verb::Part);
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.tally.add(Verb::Multipart);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.tally.add(Verb::Multipart);
        self.inner.abort().await
    }
}
