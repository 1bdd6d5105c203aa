//! How a head differs from what the newest commit of `main` calls for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is found of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Classification {
    /// It shows what is called for.
    NoMovement,
    /// It shows an older commit, or there is none yet: publication is pending.
    Behind,
    /// It moved exactly from where to where the intent planned.
    RolledPastExpected,
    /// Somebody else moved it by one version, not as planned.
    UnexpectedAtP1,
    /// Somebody else moved it by several versions.
    UnexpectedMultistep,
}

/// What is done about all heads of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// The operation is published: its heads are brought forward to the newest commit.
    RollForward,
    /// It is not and can never be: heads that moved are brought back to the newest commit.
    RollBack,
    /// Neither can be proved: nothing is done, and the operator is asked.
    Abort,
}

/// The versions that an intent planned for a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) expected: u64,
    pub(super) planned: u64,
}

/// The versions that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The newest version, 0 if there is none.
    pub(super) newest: u64,
    /// The newest one that we wrote, 0 if there is none.
    pub(super) ours: u64,
    /// Whether the newest shows what is called for.
    pub(super) shows: bool,
}

pub(super) fn classify(found: Found, plan: Option<Plan>) -> Classification {
    let Found { newest, ours, shows } = found;
    let planned = plan.is_some_and(|plan| plan.planned == newest && plan.expected < newest);
    if newest == ours {
        return match (shows, planned) {
            (true, true) => Classification::RolledPastExpected,
            (true, false) => Classification::NoMovement,
            (false, _) => Classification::Behind,
        };
    }
    if planned && plan.is_some_and(|plan| plan.expected == ours) {
        return Classification::RolledPastExpected;
    }
    if newest - ours == 1 { Classification::UnexpectedAtP1 } else { Classification::UnexpectedMultistep }
}

impl fmt::Display for Classification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_word() {
        let plan = |expected, planned| Some(Plan { expected, planned });
        let found = |newest, ours, shows| Found { newest, ours, shows };
        for (found, plan, word) in [
            (found(3, 3, true), None, Classification::NoMovement),
            (found(3, 3, true), plan(3, 4), Classification::NoMovement),
            (found(4, 4, true), plan(3, 4), Classification::RolledPastExpected),
            (found(7, 7, true), plan(3, 4), Classification::NoMovement),
            (found(3, 3, false), plan(3, 4), Classification::Behind),
            (found(0, 0, false), plan(0, 1), Classification::Behind),
            (found(4, 3, false), plan(3, 4), Classification::RolledPastExpected),
            (found(4, 3, false), plan(2, 9), Classification::UnexpectedAtP1),
            (found(4, 3, true), None, Classification::UnexpectedAtP1),
            (found(6, 3, false), plan(3, 4), Classification::UnexpectedMultistep),
            (found(2, 0, false), None, Classification::UnexpectedMultistep),
        ] {
            assert_eq!(classify(found, plan), word, "{found:?} {plan:?}");
        }
    }
}
