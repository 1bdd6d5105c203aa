//! Clock, randomness and ids: everything that would make two runs of the same code differ comes through here.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use ulid::Ulid;

/// Where a logical clock starts: 2024-01-01T00:00:00Z, in Unix microseconds. Any fixed instant does.
const LOGICAL_START: i64 = 1_704_067_200_000_000;

/// How far a logical clock advances each time it is read, in microseconds.
const LOGICAL_TICK: i64 = 1_000;

/// The one source of time, randomness and ids. Clones share their state.
///
/// Randomness comes from a generator that the operating system seeds. The hasher state of the standard library would
/// need no dependency, but it promises only to resist hash flooding; ids must never repeat across processes and hosts.
#[derive(Clone)]
pub struct Ambient {
    shared: Arc<Mutex<State>>,
}

struct State {
    clock: Clock,
    random: StdRng,
    last_ulid: Option<Ulid>,
}

enum Clock {
    System,
    Logical { micros: i64 },
}

impl Ambient {
    /// The real clock and randomness from the operating system.
    pub fn system() -> Self {
        Self::with(Clock::System, StdRng::from_os_rng())
    }

    /// A deterministic instance: the same seed and the same sequence of calls give the same answers.
    ///
    /// Its clock is logical: each reading advances it by a millisecond, and [`Ambient::sleep`] advances it by the time
    /// asked for and returns at once. Two parties that must not mint the same ids need different seeds.
    pub fn seeded(seed: u64) -> Self {
        Self::with(Clock::Logical { micros: LOGICAL_START }, StdRng::seed_from_u64(seed))
    }

    fn with(clock: Clock, random: StdRng) -> Self {
        Self { shared: Arc::new(Mutex::new(State { clock, random, last_ulid: None })) }
    }

    /// The time now, in microseconds since the Unix epoch.
    pub fn now_micros(&self) -> i64 {
        self.state().clock.read()
    }

    /// The time now, in milliseconds since the Unix epoch.
    pub fn now_millis(&self) -> i64 {
        self.now_micros().div_euclid(1000)
    }

    /// A fresh id. Within one instance each id is greater than the one before, also when the clock steps back.
    pub fn ulid(&self) -> Ulid {
        let mut state = self.state();
        let millis = u64::try_from(state.clock.read() / 1_000).unwrap_or(0);
        let fresh = Ulid::from_parts(millis, state.random_u128());
        let next = match state.last_ulid {
            Some(last) if fresh.timestamp_ms() <= last.timestamp_ms() => {
                // The random part is full once in 2^80: borrow from the next millisecond, which keeps the order.
                last.increment().unwrap_or_else(|| Ulid::from_parts(last.timestamp_ms() + 1, state.random_u128()))
            }
            _ => fresh,
        };
        state.last_ulid = Some(next);
        next
    }

    /// Sixty-four random bits.
    pub fn random_u64(&self) -> u64 {
        self.state().random.next_u64()
    }

    /// Waits for `duration`; a logical clock is moved forward instead, and other tasks get a turn.
    #[expect(clippy::disallowed_methods, reason = "this is what everybody else is to call")]
    pub async fn sleep(&self, duration: Duration) {
        if self.state().clock.skip(duration) {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(duration).await;
        }
    }

    /// A poisoned lock is taken over: every state in here is valid after every step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn random_u128(&mut self) -> u128 {
        (u128::from(self.random.next_u64()) << 64) | u128::from(self.random.next_u64())
    }
}

impl Clock {
    fn read(&mut self) -> i64 {
        match self {
            Self::System => system_micros(),
            Self::Logical { micros } => {
                *micros = micros.saturating_add(LOGICAL_TICK);
                *micros
            }
        }
    }

    /// Advances a logical clock; returns false for the system clock, which nobody advances.
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

/// Times before the epoch or past the year 290000 are clamped: a broken clock must not stop a database.
#[expect(clippy::disallowed_methods, reason = "this is what everybody else is to call")]
fn system_micros() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.state().clock {
            Clock::System => "system",
            Clock::Logical { .. } => "seeded",
        };
        f.debug_tuple("Ambient").field(&kind).finish()
    }
}

impl Default for Ambient {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_never_repeat() {
        for ambient in [Ambient::system(), Ambient::seeded(7)] {
            let ids: Vec<Ulid> = (0..5_000).map(|_| ambient.ulid()).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let run = |seed| {
            let ambient = Ambient::seeded(seed);
            (ambient.now_micros(), ambient.ulid(), ambient.random_u64(), ambient.now_micros())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[tokio::test]
    async fn a_logical_sleep_moves_the_clock_and_takes_no_time() {
        let ambient = Ambient::seeded(0);
        let before = ambient.now_micros();
        ambient.sleep(Duration::from_secs(3_600)).await;
        assert!(ambient.now_micros() - before >= 3_600_000_000);
    }
}
