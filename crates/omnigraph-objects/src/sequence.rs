//! Numbered records: append at a number, find the newest without a listing.

use bytes::Bytes;

use crate::{Key, Put, Result, Store, Unsettled};

/// Records under one prefix, numbered without gaps, each created once and never changed.
///
/// Record `n` is the object `<prefix>/<n as 20 digits>.json`. Finding the newest uses GETs only and rests on two
/// promises of the callers: `n + 1` is appended only by those who have seen `n`, and no record from the first number on
/// is ever deleted.
#[derive(Debug, Clone)]
pub struct Sequence {
    store: Store,
    prefix: Key,
    first: u64,
}

/// The newest record that a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its content, if the probe read it; `None` when it is the one that the caller said it knew.
    pub record: Option<Bytes>,
}

impl Sequence {
    /// The records below `prefix`, counted from zero.
    pub fn new(store: Store, prefix: Key) -> Self {
        Self { store, prefix, first: 0 }
    }

    /// The same records, of which none lies below `first`: it was never written, or is deleted.
    #[must_use]
    pub fn starting_at(self, first: u64) -> Self {
        Self { first, ..self }
    }

    /// The name of record `number`.
    ///
    /// # Errors
    /// [`crate::Error::InvalidKey`] when the prefix leaves no room for it.
    pub fn key(&self, number: u64) -> Result<Key> {
        self.prefix.join(&format!("{number:020}.json"))
    }

    /// Creates record `number` if there is none, as [`Store::put_if_absent`] does: the content must be unique to this
    /// write. Two writers of one number: one is told [`Put::Written`], the other gets the winner's record.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn append(&self, number: u64, content: Bytes) -> Result<Put> {
        self.store.put_if_absent(&self.key(number)?, content).await
    }

    /// As [`Sequence::append`], and before the record has its name, all that was put into `unsettled` is durable.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn append_after(&self, number: u64, content: Bytes, unsettled: &Unsettled) -> Result<Put> {
        self.store.put_if_absent_after(&self.key(number)?, content, unsettled).await
    }

    /// The content of record `number`, `None` if there is none.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read(&self, number: u64) -> Result<Option<Bytes>> {
        self.store.read(&self.key(number)?).await
    }

    /// The newest record, `None` if there is none at all.
    ///
    /// `after` is the number of a record that the caller has seen; then a head that has not moved costs one GET. Without
    /// it the search begins at the hint, if there is one, or at the first number. Records that others append meanwhile
    /// may or may not be found.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn probe(&self, after: Option<u64>) -> Result<Option<Head>> {
        let start = match after {
            Some(number) => Some(Head { number, record: None }),
            None => self.cold_start().await?,
        };
        match start {
            Some(known) => self.climb(known).await.map(Some),
            None => Ok(None),
        }
    }

    /// A record to climb from: where the hint points if that exists, else the first.
    async fn cold_start(&self) -> Result<Option<Head>> {
        if let Some(number) = self.read_hint().await
            && let Some(record) = self.read(number).await?
        {
            return Ok(Some(Head { number, record: Some(record) }));
        }
        let record = self.read(self.first).await?;
        Ok(record.map(|record| Head { number: self.first, record: Some(record) }))
    }

    /// From a record that exists to the newest: strides that double while they land on records, then halve. Sound
    /// because records have no gaps: where one is missing, all later ones are.
    async fn climb(&self, known: Head) -> Result<Head> {
        let mut low = known;
        let mut stride = 1_u64;
        let mut high = loop {
            let Some(next) = low.number.checked_add(stride) else { break u64::MAX };
            match self.read(next).await? {
                Some(record) => low = Head { number: next, record: Some(record) },
                None => break next,
            }
            stride = stride.saturating_mul(2);
        };
        // Invariant: `low` exists and `high` did not when it was looked at.
        while high - low.number > 1 {
            let middle = low.number + (high - low.number) / 2;
            match self.read(middle).await? {
                Some(record) => low = Head { number: middle, record: Some(record) },
                None => high = middle,
            }
        }
        Ok(low)
    }

    /// Leaves a note where to start looking. Best effort: a lost or wrong hint costs requests, never an answer.
    pub async fn write_hint(&self, number: u64) {
        let Ok(key) = self.hint() else { return };
        if let Err(error) = self.store.put(&key, Bytes::from(number.to_string())).await {
            tracing::debug!(%error, "the hint of a sequence was not written");
        }
    }

    /// The number in the hint, if there is one that could be right. What keeps it from being read is no concern.
    async fn read_hint(&self) -> Option<u64> {
        let content = self.store.read(&self.hint().ok()?).await.ok()??;
        let number: u64 = std::str::from_utf8(&content).ok()?.trim().parse().ok()?;
        (number >= self.first).then_some(number)
    }

    fn hint(&self) -> Result<Key> {
        self.prefix.join("hint")
    }
}
