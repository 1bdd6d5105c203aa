//! From a failing input to a small one: halves are left out, then quarters, down to single characters, for as long as it still fails.

/// Attempts after which the smallest so far will do.
const ATTEMPTS: usize = 3_000;

/// A small part of `input` that `fails` too; `input` itself fails.
pub(super) fn shrink(input: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<char> = input.chars().collect();
    let mut attempts = 0;
    let mut length = kept.len().div_ceil(2);
    while length > 0 {
        let before = kept.len();
        let mut at = 0;
        while at < kept.len() && attempts < ATTEMPTS {
            attempts += 1;
            let end = (at + length).min(kept.len());
            let without: String = kept[..at].iter().chain(&kept[end..]).collect();
            if fails(&without) {
                kept.drain(at..end);
            } else {
                at = end;
            }
        }
        // What could not be left out before may be superfluous now.
        if kept.len() == before || attempts >= ATTEMPTS {
            length /= 2;
        }
    }
    kept.into_iter().collect()
}
