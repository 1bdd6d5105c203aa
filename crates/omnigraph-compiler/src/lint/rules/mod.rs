//! Rules over a whole file, one per file.

mod never_set;

use super::Finding;
use crate::catalog::Catalog;
use crate::compile::CompiledFile;
use crate::diagnostic::Code;

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The code of its findings.
    pub code: Code,
    /// What it looks for.
    pub doc: &'static str,
    /// Adds what it finds.
    pub check: fn(&CompiledFile, &Catalog, &mut Vec<Finding>),
}

/// Every rule.
pub static RULES: &[Rule] = &[never_set::RULE];
