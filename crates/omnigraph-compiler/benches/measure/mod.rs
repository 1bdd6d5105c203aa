//! Shared code of both benches: sizes and time measurement.
//!
//! Time is the CPU time of the thread, where the system reports it (Linux). On a busy machine a run of a second is always
//! interrupted and one of a millisecond never, so clock time per line would seem to grow.
//!
//! The work is linear: instructions per line are the same from 1,000 lines to 100,000 (`valgrind --tool=cachegrind`). The time
//! per line still grows, two- to fourfold, where the result no longer fits a cache: first the one of the core, then the shared
//! one.

use std::time::{Duration, Instant};

/// Default numbers of lines.
const SIZES: &[usize] = &[1_000, 10_000, 100_000];

/// Number of runs; the fastest counts.
const RUNS: usize = 5;

/// Returns the numbers of lines to measure.
pub(crate) fn sizes() -> Vec<usize> {
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if named.is_empty() { SIZES.to_vec() } else { named }
}

/// Returns the least time `work` takes.
pub(crate) fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    (0..RUNS)
        .map(|_| {
            let (clock, before) = (Instant::now(), on_processor());
            std::hint::black_box(work());
            match (before, on_processor()) {
                (Some(before), Some(after)) => after.saturating_sub(before),
                _ => clock.elapsed(),
            }
        })
        .min()
        .unwrap_or_default()
}

/// Returns the CPU time of this thread.
fn on_processor() -> Option<Duration> {
    // The kernel updates the number when the thread yields.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
