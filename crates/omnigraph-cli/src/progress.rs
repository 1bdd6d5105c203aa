//! The bar of a load: bytes of the input as it is stored, rows so far, rows per second, the time that is left. On stderr, and only for a person.

use std::sync::Arc;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use omnigraph::LoadProgress;

const KNOWN_SIZE: &str = "{spinner} {binary_bytes} of {binary_total_bytes} {wide_bar} {msg}";
const UNKNOWN_SIZE: &str = "{spinner} {binary_bytes} {msg}";
/// Redraws of the bar per second.
const REDRAWS: u8 = 10;

/// What a load calls while it runs.
pub(crate) type Report = Arc<dyn Fn(LoadProgress) + Send + Sync>;

/// A bar on the terminal. It disappears when it is dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar for an input of that many bytes, if known.
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
        let bar = ProgressBar::with_draw_target(bytes, target);
        let template = if bytes.is_some() { KNOWN_SIZE } else { UNKNOWN_SIZE };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar }
    }

    /// What to hand to the load.
    pub(crate) fn report(&self) -> Report {
        let bar = self.bar.clone();
        Arc::new(move |progress: LoadProgress| {
            bar.set_position(progress.bytes_read);
            let rows = HumanCount(progress.rows);
            let message = match bar.length() {
                Some(length) if progress.bytes_read >= length => format!("{rows} rows, writing"),
                _ => {
                    let rate = HumanCount(per_second(progress.rows, bar.elapsed().as_secs_f64()));
                    let left = bar.length().map(|_| format!(", {} left", HumanDuration(bar.eta())));
                    format!("{rows} rows, {rate} rows/s{}", left.unwrap_or_default())
                }
            };
            bar.set_message(message);
        })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate to look at"
)]
fn per_second(rows: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (rows as f64 / seconds) as u64 } else { 0 }
}
