//! What both benches share: the sizes to measure, and how long something takes.
//!
//! Time is that which the thread spends on a processor, where the system tells (Linux). On a machine that does other work
//! too, a run of a second is always interrupted and one of a millisecond never, so that clock time per line would seem to grow.
//!
//! What is linear is the work: instructions per line are the same from 1,000 lines to 100,000 (`valgrind --tool=cachegrind` tells). The time per
//! line still grows, two- to fourfold, where what a source becomes no longer fits a cache: first the one of the core, then the shared one.

use std::time::{Duration, Instant};

/// Lines of the sources measured, unless the arguments name others.
const SIZES: &[usize] = &[1_000, 10_000, 100_000];

/// Runs of which the fastest counts.
const RUNS: usize = 5;

/// The numbers of lines to measure.
pub(crate) fn sizes() -> Vec<usize> {
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if named.is_empty() { SIZES.to_vec() } else { named }
}

/// The least time `work` takes.
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

/// How long this thread has run so far.
fn on_processor() -> Option<Duration> {
    // The kernel brings the number up to date when the thread gives way.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
