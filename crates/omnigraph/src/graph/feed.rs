//! The change feed.

use super::Omnigraph;
use crate::diff::ChangeFilter;
use crate::error::Result;
use crate::feed::{self, Baseline, FeedPage, FeedRequest};

impl Omnigraph {
    /// The next changes of a branch, commit after commit.
    ///
    /// # Errors
    ///
    /// [`crate::Error::FeedGap`] if history that is asked for is no longer there: then only a new baseline helps.
    pub async fn changes(&self, request: FeedRequest) -> Result<FeedPage> {
        let branch = self.shared.log.branch(&request.branch).await?;
        feed::poll(&self.shared, &branch, request).await
    }

    /// The state of a branch, and the cursor with which the feed goes on behind it.
    ///
    /// # Errors
    ///
    /// If there is no such branch.
    pub async fn baseline(&self, branch: &str, filter: ChangeFilter) -> Result<Baseline> {
        let branch = self.shared.log.branch(branch).await?;
        feed::baseline(&self.shared, &branch, filter).await
    }
}
