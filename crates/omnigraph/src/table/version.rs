//! The ids of detached versions.

/// Lance's mark of a detached version.
const DETACHED: u64 = 1 << 63;
/// 2025-01-01T00:00:00Z in Unix microseconds; microseconds since then fit 51 bits until 2096.
const EPOCH_MICROS: i64 = 1_735_689_600_000_000;

/// A fresh id, greater than `parent`'s.
///
/// `detached bit | 51 bits of microseconds | 10 random bits | 00`. Monotone along a line of versions, which parts of
/// Lance rely on; unlikely to be minted twice, and a second one loses the put-if-absent and mints again. The two low
/// bits stay 0, so that `id + 1`, which Lance computes in places, never is the id of another version.
pub(super) fn mint(parent: Option<u64>, now_micros: i64, random: u64) -> u64 {
    let micros = now_micros.saturating_sub(EPOCH_MICROS).max(0).unsigned_abs() & ((1 << 51) - 1);
    let fresh = DETACHED | (micros << 12) | ((random & 0x3ff) << 2);
    match parent {
        // Behind the clock of whoever made the parent, children of one parent are told apart by more random bits: time does not.
        Some(parent) if fresh <= parent => parent.saturating_add(4 + ((random & 0xf_ffff) << 2)),
        _ => fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_detached_and_grow() {
        let now = 1_800_000_000_000_000;
        let first = mint(None, now, u64::MAX);
        assert!(first & DETACHED != 0 && first & 3 == 0);
        assert!(mint(Some(first), now, 0) > first, "a clock that stands still");
        assert!(mint(Some(first), now - 1_000_000, 0) > first, "a clock that runs backwards");
        assert!(mint(Some(first), now + 1, 0) > first);
        assert_ne!(mint(Some(first), 0, 1), mint(Some(first), 0, 2), "two children under a clock that is behind");
        assert!(mint(None, 0, 0) & DETACHED != 0, "a clock before the epoch");
    }
}
