//! From one schema to another: what has to be done, how dangerous it is, and what cannot be done.
//!
//! - `step` the steps and their JSON
//! - `safety` tiers, and which types may become which
//! - `diff` types and properties
//! - `rules` keys, uniqueness, indexes, ranges, checks
//! - `explain` one line of text for each step
//!
//! The planner compares two catalogues by identity, so a rename is a rename because the ids say so. It never looks at data:
//! a step that depends on data says so with its tier, and the engine validates it when the plan is applied.

mod diff;
mod explain;
mod rules;
mod safety;
mod step;

pub use safety::Tier;
pub use step::{Constraint, Direction, DropMode, Plan, Step, TypeKind};

use crate::catalog::{self, Catalog};
use crate::diagnostic::{Diagnostic, Severity};
use crate::pg::Schema;

/// The steps from `old` to `new`. `new` must have been built with `old` as its predecessor, or everything looks new.
/// `drops` says what becomes of the data of what is dropped.
#[must_use]
pub fn plan(old: &Catalog, new: &Catalog, drops: DropMode) -> Plan {
    let mut steps = diff::Diff { old, new, drops, steps: Vec::new() }.run();
    if steps.is_empty() && old != new && catalog::fingerprint(old) != catalog::fingerprint(new) {
        steps.push(diff::unclassified());
    }
    let supported = !steps.iter().any(|step| matches!(step, Step::UnsupportedChange { .. }));
    Plan { supported, steps }
}

/// A desired schema's catalogue, the steps to it, and what is wrong with it.
pub type Preview = (Option<(Catalog, Plan)>, Vec<Diagnostic>);

/// Builds the catalogue of a desired schema on top of the accepted one and plans the way to it. Renames that lead nowhere
/// are among the diagnostics, not among the steps.
pub fn plan_schema(old: &Catalog, desired: &Schema, drops: DropMode, mint: &mut dyn FnMut() -> ulid::Ulid) -> Preview {
    let (built, diagnostics) = catalog::build(desired, Some(old), mint);
    let usable = !diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let planned = built.filter(|_| usable).map(|new| {
        let plan = plan(old, &new, drops);
        (new, plan)
    });
    (planned, diagnostics)
}
