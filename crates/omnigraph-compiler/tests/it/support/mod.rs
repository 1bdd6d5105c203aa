//! Shared code of the tests.

pub(crate) mod cases;
pub(crate) mod describe;

/// Ids that are the same in every run.
pub(crate) mod mint {
    /// Counts up from `first`.
    pub(crate) fn counting(first: u128) -> impl FnMut() -> ulid::Ulid {
        let mut next = first;
        move || {
            let id = ulid::Ulid::from(next);
            next += 1;
            id
        }
    }
}
