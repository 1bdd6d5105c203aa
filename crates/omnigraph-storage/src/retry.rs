//! Bounded retries of transient failures: exponential backoff with full jitter.

use std::time::Duration;

use crate::error::ErrorClass;
use crate::{Env, RetryPolicy};

/// The attempts of one request.
pub(crate) struct RetryState<'a> {
    policy: RetryPolicy,
    env: &'a Env,
    attempts: u32,
}

impl<'a> RetryState<'a> {
    /// Begins the first attempt.
    pub(crate) fn new(policy: RetryPolicy, env: &'a Env) -> Self {
        Self { policy, env, attempts: 1 }
    }

    /// Returns the number of attempts so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Waits and begins another attempt. Returns false if no attempt is left.
    pub(crate) async fn retry(&mut self) -> bool {
        if self.attempts >= self.policy.max_attempts {
            return false;
        }
        let wait = self.backoff();
        self.attempts += 1;
        self.env.sleep(wait).await;
        true
    }

    /// Waits and begins another attempt if `error` is transient.
    pub(crate) async fn retry_after(&mut self, error: &object_store::Error) -> bool {
        ErrorClass::new(error) == ErrorClass::Transient && self.retry().await
    }

    /// Returns a random wait between zero and the current limit. Full jitter spreads writers that failed at the same time.
    fn backoff(&self) -> Duration {
        let doublings = (self.attempts - 1).min(16);
        let limit = self.policy.base_backoff.saturating_mul(1 << doublings).min(self.policy.max_backoff);
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.env.random_u64() % nanos.saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attempts_end_and_waits_stay_below_the_limit() {
        let policy = RetryPolicy {
            max_attempts: 40,
            base_backoff: Duration::from_millis(10),
            max_backoff: Duration::from_millis(50),
        };
        let env = Env::seeded(3);
        let mut state = RetryState::new(policy, &env);
        let mut waits = Vec::new();
        loop {
            let wait = state.backoff();
            let limit = Duration::from_millis(10 << (state.attempts() - 1).min(8)).min(policy.max_backoff);
            assert!(wait <= limit, "{wait:?} of at most {limit:?}");
            waits.push(wait);
            if !state.retry().await {
                break;
            }
        }
        assert_eq!(state.attempts(), 40);
        waits.dedup();
        assert!(waits.len() > 30, "waits differ");
    }

    #[tokio::test]
    async fn one_attempt_is_the_least() {
        let policy = RetryPolicy { max_attempts: 0, ..RetryPolicy::default() };
        assert!(!RetryState::new(policy, &Env::seeded(0)).retry().await);
    }
}
