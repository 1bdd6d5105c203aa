//! The rules, one per file. What the type checker warns of is reported too, and needs no rule.

mod hardcoded;
mod never_set;

use super::Finding;
use crate::catalog::Catalog;
use crate::compile::{CompiledFile, CompiledQuery};
use crate::diagnostic::{Code, Diagnostic};

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The code of its findings.
    pub code: Code,
    /// What it looks for.
    pub doc: &'static str,
    /// What it judges, and how.
    pub check: Check,
}

/// What a rule judges.
#[derive(Clone, Copy)]
pub enum Check {
    /// One query at a time.
    Query(fn(&CompiledQuery) -> Option<Diagnostic>),
    /// A whole file.
    File(fn(&CompiledFile, &Catalog) -> Vec<Finding>),
}

/// Every rule.
pub static RULES: &[Rule] = &[hardcoded::RULE, never_set::RULE];
