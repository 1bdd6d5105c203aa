//! Multipart uploads: one staged file, filled at known offsets, published when it is complete.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::publish::{PutCondition, StagedFile};
use super::store::{LocalRoot, invalid_request, io_failure, run_blocking};
use crate::sync_batch::SyncMode;

/// An upload that no reader sees before it is complete. A drop removes its file.
#[derive(Debug)]
pub(super) struct LocalUpload {
    state: Arc<UploadState>,
    /// The offset of the next part.
    offset: u64,
}

#[derive(Debug)]
struct UploadState {
    root: Arc<LocalRoot>,
    target: std::path::PathBuf,
    /// The file; `None` after the upload is completed or aborted.
    staged: Mutex<Option<Arc<StagedFile>>>,
    written: AtomicU64,
}

impl LocalUpload {
    pub(super) fn begin(root: Arc<LocalRoot>, target: std::path::PathBuf) -> Result<Self> {
        let staged = StagedFile::create(&target, &root.folders, &root.names)?;
        let staged = Mutex::new(Some(Arc::new(staged)));
        Ok(Self { state: Arc::new(UploadState { root, target, staged, written: AtomicU64::new(0) }), offset: 0 })
    }
}

impl UploadState {
    fn staged(&self) -> Result<Arc<StagedFile>> {
        let staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        staged.clone().ok_or_else(|| invalid_request(&self.target, "the upload is complete or aborted".into()))
    }

    fn write(&self, mut offset: u64, data: &PutPayload) -> Result<()> {
        let staged = self.staged()?;
        for piece in data {
            write_all_at(&staged.file, piece, offset).map_err(|e| io_failure("write", &self.target, e))?;
            offset += piece.len() as u64;
        }
        self.written.fetch_add(data.content_length() as u64, Ordering::AcqRel);
        Ok(())
    }

    fn complete(&self, expected: u64) -> Result<PutResult> {
        let written = self.written.load(Ordering::Acquire);
        if written != expected {
            return Err(invalid_request(
                &self.target,
                format!("the upload has {written} of {expected} bytes. Wait for all parts before you complete it"),
            ));
        }
        let taken = self.staged.lock().unwrap_or_else(PoisonError::into_inner).take();
        let staged = taken.ok_or_else(|| invalid_request(&self.target, "the upload is complete or aborted".into()))?;
        let staged = Arc::into_inner(staged)
            .ok_or_else(|| invalid_request(&self.target, "a part is still being written".into()))?;
        self.root.publish(staged, &self.target, PutCondition::Overwrite, &SyncMode::Immediate)
    }
}

#[async_trait]
impl MultipartUpload for LocalUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.offset;
        self.offset += data.content_length() as u64;
        let state = Arc::clone(&self.state);
        Box::pin(run_blocking(move || state.write(offset, &data)))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (state, expected) = (Arc::clone(&self.state), self.offset);
        run_blocking(move || state.complete(expected)).await
    }

    async fn abort(&mut self) -> Result<()> {
        let state = Arc::clone(&self.state);
        run_blocking(move || {
            let staged = state.staged.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(staged);
            Ok::<(), Error>(())
        })
        .await
    }
}

#[cfg(unix)]
fn write_all_at(file: &std::fs::File, data: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, data, offset)
}

#[cfg(windows)]
fn write_all_at(file: &std::fs::File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
    while !data.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, data, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                data = &data[written..];
                offset += written as u64;
            }
        }
    }
    Ok(())
}
