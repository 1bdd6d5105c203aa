//! Uploads in parts under faults: beginning, each part, completion and abortion are calls of their own.

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use omnigraph_objects::Verb;

use super::Faults;

#[derive(Debug)]
pub(super) struct FaultUpload {
    inner: Box<dyn MultipartUpload>,
    faults: Faults,
    path: String,
}

impl FaultUpload {
    pub(super) fn new(inner: Box<dyn MultipartUpload>, faults: Faults, path: String) -> Self {
        Self { inner, faults, path }
    }
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        Box::pin(self.faults.call(Verb::Part, &self.path, self.inner.put_part(data)))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.faults.call(Verb::Multipart, &self.path, self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.faults.call(Verb::Multipart, &self.path, self.inner.abort()).await
    }
}
