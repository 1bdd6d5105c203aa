//! Numbered records: append by put-if-absent, and find the newest record by galloping search instead of a listing.

use bytes::Bytes;

use crate::{Key, PutOutcome, Result, Store, SyncBatch};

/// Records below one prefix, numbered without gaps. Each is created once and never changed.
///
/// Record `n` is the object `<prefix>/<n as 20 digits>.json`. The search for the newest record uses GET requests only. It relies
/// on two guarantees of the callers: only a writer that has read record `n` appends `n + 1`, and no record from the first number
/// on is ever deleted.
#[derive(Debug, Clone)]
pub struct RecordSequence {
    store: Store,
    prefix: Key,
    first: u64,
}

/// The newest record that a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceHead {
    /// The number of the record.
    pub number: u64,
    /// The content, if the probe read it. `None` for the record that the caller knew.
    pub record: Option<Bytes>,
}

impl RecordSequence {
    /// Creates a handle to the records below `prefix`, numbered from zero.
    pub fn new(store: Store, prefix: Key) -> Self {
        Self { store, prefix, first: 0 }
    }

    /// Sets the first number. Records below it were never written, or are deleted.
    #[must_use]
    pub fn starting_at(self, first: u64) -> Self {
        Self { first, ..self }
    }

    /// Returns the key of record `number`.
    ///
    /// # Errors
    /// [`crate::Error::InvalidKey`] if the prefix is too long.
    pub fn key(&self, number: u64) -> Result<Key> {
        self.prefix.join(&format!("{number:020}.json"))
    }

    /// Creates record `number` with [`Store::put_if_absent`]. The content must be unique to this write. Of two writers of one
    /// number, one gets [`PutOutcome::Written`] and the other gets the record of the winner.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn append(&self, number: u64, content: Bytes) -> Result<PutOutcome> {
        self.store.put_if_absent(&self.key(number)?, content).await
    }

    /// Creates record `number` with [`Store::put_if_absent_with_barrier`].
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn append_with_barrier(&self, number: u64, content: Bytes, batch: &SyncBatch) -> Result<PutOutcome> {
        self.store.put_if_absent_with_barrier(&self.key(number)?, content, batch).await
    }

    /// Reads the content of record `number`, `None` if it does not exist.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read(&self, number: u64) -> Result<Option<Bytes>> {
        self.store.read(&self.key(number)?).await
    }

    /// Finds the newest record, `None` if there are no records.
    ///
    /// `known` is the number of a record that the caller has read. If it is still the newest, the probe makes one GET request.
    /// Without it the search begins at the hint or at the first number. The probe may miss records that are appended
    /// concurrently.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn probe(&self, known: Option<u64>) -> Result<Option<SequenceHead>> {
        let start = match known {
            Some(number) => Some(SequenceHead { number, record: None }),
            None => self.search_start().await?,
        };
        match start {
            Some(start) => self.gallop(start).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads the record of the hint, or else the first record.
    async fn search_start(&self) -> Result<Option<SequenceHead>> {
        if let Some(number) = self.read_hint().await
            && let Some(record) = self.read(number).await?
        {
            return Ok(Some(SequenceHead { number, record: Some(record) }));
        }
        let record = self.read(self.first).await?;
        Ok(record.map(|record| SequenceHead { number: self.first, record: Some(record) }))
    }

    /// Finds the newest record from an existing one by galloping search: the stride doubles while records exist, then a binary
    /// search narrows the gap. Correct because records have no gaps.
    async fn gallop(&self, start: SequenceHead) -> Result<SequenceHead> {
        let mut low = start;
        let mut stride = 1_u64;
        let mut high = loop {
            let Some(next) = low.number.checked_add(stride) else { break u64::MAX };
            match self.read(next).await? {
                Some(record) => low = SequenceHead { number: next, record: Some(record) },
                None => break next,
            }
            stride = stride.saturating_mul(2);
        };
        // Invariant: `low` exists, and `high` did not exist when it was read.
        while high - low.number > 1 {
            let middle = low.number + (high - low.number) / 2;
            match self.read(middle).await? {
                Some(record) => low = SequenceHead { number: middle, record: Some(record) },
                None => high = middle,
            }
        }
        Ok(low)
    }

    /// Writes the hint for later probes, best effort. A lost or wrong hint costs requests and changes no result.
    pub async fn write_hint(&self, number: u64) {
        let Ok(key) = self.hint_key() else { return };
        if let Err(error) = self.store.put(&key, Bytes::from(number.to_string())).await {
            tracing::debug!(%error, "the hint of a sequence was not written");
        }
    }

    /// Reads the number of the hint if it is plausible. Ignores errors.
    async fn read_hint(&self) -> Option<u64> {
        let content = self.store.read(&self.hint_key().ok()?).await.ok()??;
        let number: u64 = std::str::from_utf8(&content).ok()?.trim().parse().ok()?;
        (number >= self.first).then_some(number)
    }

    fn hint_key(&self) -> Result<Key> {
        self.prefix.join("hint")
    }
}
