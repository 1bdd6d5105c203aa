//! Identities that are the same in every run.

/// Counts up from `first`.
pub(crate) fn counting(first: u128) -> impl FnMut() -> ulid::Ulid {
    let mut next = first;
    move || {
        let id = ulid::Ulid::from(next);
        next += 1;
        id
    }
}
