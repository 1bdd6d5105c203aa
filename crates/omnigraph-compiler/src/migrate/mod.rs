//! Migration plans: steps from one schema to another, with their safety tiers.
//!
//! - `step` the steps, their JSON and safety tiers
//! - `diff` types and properties
//! - `rules` keys, uniqueness, indexes, ranges, checks
//! - `explain` one line of text for each step
//!
//! The planner compares two catalogs by id, so it detects renames. It never reads data: a step that depends on data has the tier
//! `validated`, and the engine validates it when it applies the plan.

mod diff;
mod explain;
mod rules;
mod step;

pub use crate::catalog::TypeKind;
pub use step::{CardinalitySide, DropMode, MigrationPlan, MigrationStep, SafetyTier, TypeConstraint};

use crate::catalog::{self, Catalog};
use crate::diagnostic::Diagnostic;
use crate::pg::SchemaDocument;

/// Plans the steps from `old` to `new`. `new` must have been built with `old` as its predecessor, or all types look new. `drops`
/// sets the mode of drop steps.
#[must_use]
pub fn plan(old: &Catalog, new: &Catalog, drops: DropMode) -> MigrationPlan {
    let mut steps = diff::CatalogDiff { old, new, drops, steps: Vec::new() }.run();
    if steps.is_empty() && old != new && catalog::fingerprint(old) != catalog::fingerprint(new) {
        steps.push(diff::unclassified());
    }
    let supported = !steps.iter().any(|step| matches!(step, MigrationStep::UnsupportedChange { .. }));
    MigrationPlan { supported, steps }
}

/// Outcome of planning a migration to a desired schema.
#[derive(Clone, Debug)]
pub struct SchemaPreview {
    /// The planned migration; `None` when a diagnostic is an error.
    pub planned: Option<PlannedSchema>,
    /// Findings about the desired schema.
    pub diagnostics: Vec<Diagnostic>,
}

/// A desired schema and the way to it.
#[derive(Clone, Debug)]
pub struct PlannedSchema {
    /// The catalog of the desired schema.
    pub catalog: Catalog,
    /// The steps to it.
    pub plan: MigrationPlan,
}

/// Builds the catalog of a desired schema on top of the accepted one and plans the migration to it. Invalid rename hints are
/// among the diagnostics, not among the steps.
pub fn plan_schema(
    old: &Catalog,
    desired: &SchemaDocument,
    drops: DropMode,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> SchemaPreview {
    let (built, diagnostics) = catalog::build(desired, Some(old), mint);
    let usable = !diagnostics.iter().any(Diagnostic::is_error);
    let planned = built.filter(|_| usable).map(|catalog| PlannedSchema { plan: plan(old, &catalog, drops), catalog });
    SchemaPreview { planned, diagnostics }
}
