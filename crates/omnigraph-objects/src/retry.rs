//! Bounded repetition of requests that failed for a reason that may pass.

use std::time::Duration;

use crate::error::Class;
use crate::{Ambient, RetryPolicy};

/// The attempts of one request.
pub(crate) struct Attempts<'a> {
    policy: RetryPolicy,
    ambient: &'a Ambient,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// Begins with the first attempt.
    pub(crate) fn new(policy: RetryPolicy, ambient: &'a Ambient) -> Self {
        Self { policy, ambient, made: 1 }
    }

    /// How many attempts were begun.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Waits and begins another attempt; false when there is none left.
    pub(crate) async fn again(&mut self) -> bool {
        if self.made >= self.policy.attempts {
            return false;
        }
        let wait = self.wait();
        self.made += 1;
        self.ambient.sleep(wait).await;
        true
    }

    /// As [`Attempts::again`], when `error` may pass by itself.
    pub(crate) async fn again_after(&mut self, error: &object_store::Error) -> bool {
        Class::of(error) == Class::Transient && self.again().await
    }

    /// Anything from nothing to the doubled base: random over the whole span, so that writers who failed together do
    /// not come back together.
    fn wait(&self) -> Duration {
        let doublings = (self.made - 1).min(16);
        let ceiling = self.policy.base.saturating_mul(1 << doublings).min(self.policy.cap);
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.ambient.random_u64() % nanos.saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attempts_end_and_waits_stay_below_their_ceiling() {
        let policy = RetryPolicy { attempts: 40, base: Duration::from_millis(10), cap: Duration::from_millis(50) };
        let ambient = Ambient::seeded(3);
        let mut attempts = Attempts::new(policy, &ambient);
        let mut waits = Vec::new();
        loop {
            let wait = attempts.wait();
            let ceiling = Duration::from_millis(10 << (attempts.made() - 1).min(8)).min(policy.cap);
            assert!(wait <= ceiling, "{wait:?} of at most {ceiling:?}");
            waits.push(wait);
            if !attempts.again().await {
                break;
            }
        }
        assert_eq!(attempts.made(), 40);
        waits.dedup();
        assert!(waits.len() > 30, "waits differ");
    }

    #[tokio::test]
    async fn one_attempt_is_the_least() {
        let policy = RetryPolicy { attempts: 0, ..RetryPolicy::default() };
        assert!(!Attempts::new(policy, &Ambient::seeded(0)).again().await);
    }
}
