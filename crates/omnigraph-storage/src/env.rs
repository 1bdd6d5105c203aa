//! Clock, randomness, ids and sleep: the only sources of difference between two runs of the same code.
//!
//! A seeded [`Env`] makes a run reproducible.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use ulid::Ulid;

/// Start of a logical clock in Unix microseconds: 2024-01-01T00:00:00Z. Any fixed instant works.
const LOGICAL_START_MICROS: i64 = 1_704_067_200_000_000;
/// Advance of a logical clock with each reading.
const LOGICAL_TICK_MICROS: i64 = 1_000;

/// The only source of time, randomness and ids. Clones share their state.
///
/// The operating system seeds the generator. The hasher of the standard library would need no dependency, but it only resists
/// hash flooding. Ids must not repeat across processes and hosts.
#[derive(Clone)]
pub struct Env {
    shared: Arc<Mutex<EnvState>>,
}

struct EnvState {
    clock: EnvClock,
    random: StdRng,
    last_ulid: Option<Ulid>,
}

enum EnvClock {
    System,
    Logical { micros: i64 },
}

impl Env {
    /// Creates an environment with the clock and the randomness of the operating system.
    pub fn system() -> Self {
        Self::new(EnvClock::System, StdRng::from_os_rng())
    }

    /// Creates a deterministic environment: the same seed and the same sequence of calls give the same results.
    ///
    /// Its clock is logical. Each reading advances it by a millisecond. [`Env::sleep`] advances it by the requested time and
    /// returns at once. Processes that must not generate the same ids need different seeds.
    pub fn seeded(seed: u64) -> Self {
        Self::new(EnvClock::Logical { micros: LOGICAL_START_MICROS }, StdRng::seed_from_u64(seed))
    }

    fn new(clock: EnvClock, random: StdRng) -> Self {
        Self { shared: Arc::new(Mutex::new(EnvState { clock, random, last_ulid: None })) }
    }

    /// Returns the time in microseconds since the Unix epoch.
    pub fn now_micros(&self) -> i64 {
        self.state().clock.read()
    }

    /// Returns the time in milliseconds since the Unix epoch.
    pub fn now_millis(&self) -> i64 {
        self.now_micros().div_euclid(1000)
    }

    /// Generates an id. Within one environment each id is greater than its predecessor, also after the clock steps back.
    pub fn ulid(&self) -> Ulid {
        let mut state = self.state();
        let millis = u64::try_from(state.clock.read() / 1_000).unwrap_or(0);
        let fresh = Ulid::from_parts(millis, state.random_u128());
        let next = match state.last_ulid {
            Some(last) if fresh.timestamp_ms() <= last.timestamp_ms() => {
                // An overflow of the 80 random bits borrows from the next millisecond, which keeps the order.
                last.increment().unwrap_or_else(|| Ulid::from_parts(last.timestamp_ms() + 1, state.random_u128()))
            }
            _ => fresh,
        };
        state.last_ulid = Some(next);
        next
    }

    /// Returns 64 random bits.
    pub fn random_u64(&self) -> u64 {
        self.state().random.next_u64()
    }

    /// Waits for `duration`. A logical clock advances instead, and the task yields.
    #[expect(clippy::disallowed_methods, reason = "the implementation that other code calls")]
    pub async fn sleep(&self, duration: Duration) {
        if self.state().clock.skip(duration) {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(duration).await;
        }
    }

    /// Locks the state. A poisoned lock is usable, because each step leaves a valid state.
    fn state(&self) -> MutexGuard<'_, EnvState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EnvState {
    fn random_u128(&mut self) -> u128 {
        (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64())
    }
}

impl EnvClock {
    fn read(&mut self) -> i64 {
        match self {
            Self::System => system_micros(),
            Self::Logical { micros } => {
                *micros = micros.saturating_add(LOGICAL_TICK_MICROS);
                *micros
            }
        }
    }

    /// Advances a logical clock. Returns false for the system clock.
    fn skip(&mut self, duration: Duration) -> bool {
        match self {
            Self::System => false,
            Self::Logical { micros } => {
                *micros = micros.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
                true
            }
        }
    }
}

/// Reads the system clock. A time that does not fit is clamped: a broken clock must not stop a database.
#[expect(clippy::disallowed_methods, reason = "the implementation that other code calls")]
fn system_micros() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.state().clock {
            EnvClock::System => "system",
            EnvClock::Logical { .. } => "seeded",
        };
        f.debug_tuple("Env").field(&kind).finish()
    }
}

impl Default for Env {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_never_repeat() {
        for env in [Env::system(), Env::seeded(7)] {
            let ids: Vec<Ulid> = (0..5_000).map(|_| env.ulid()).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let run = |seed| {
            let env = Env::seeded(seed);
            (env.now_micros(), env.ulid(), env.random_u64(), env.now_micros())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[tokio::test]
    async fn a_logical_sleep_moves_the_clock_and_takes_no_time() {
        let env = Env::seeded(0);
        let before = env.now_micros();
        env.sleep(Duration::from_secs(3_600)).await;
        assert!(env.now_micros() - before >= 3_600_000_000);
    }
}
