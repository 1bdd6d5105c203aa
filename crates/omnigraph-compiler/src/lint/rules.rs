//! Lint rules. Warnings of the type checker are reported too and need no rule here.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileFinding, valid};
use crate::catalog::{Catalog, Property};
use crate::compile::{CompiledFile, CompiledQuery};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::gq::ast::AstBody;
use crate::ir::{QueryOperation, StatementKind};

/// A rule.
#[derive(Clone, Copy)]
pub struct LintRule {
    /// The code of its findings.
    pub code: Code,
    /// Description of the findings.
    pub doc: &'static str,
    /// Scope and implementation.
    pub check: LintCheck,
}

/// Scope and implementation of a rule.
#[derive(Clone, Copy)]
pub enum LintCheck {
    /// A check of one query.
    Query(fn(&CompiledQuery) -> Option<Diagnostic>),
    /// A check of a whole file.
    File(fn(&CompiledFile, &Catalog) -> Vec<FileFinding>),
}

/// Every rule.
pub static RULES: &[LintRule] = &[
    LintRule { code: Code::L101, doc: "a mutation that declares no parameters", check: LintCheck::Query(check_params) },
    LintRule {
        code: Code::L201,
        doc: "a nullable property of a type that the file updates, which none of these updates sets",
        check: LintCheck::File(check_never_set),
    },
];

/// Reports a mutation without parameters, which does the same on every call.
fn check_params(query: &CompiledQuery) -> Option<Diagnostic> {
    let hardcoded = matches!(query.decl.body, AstBody::Mutation(_)) && query.decl.params.is_empty();
    let message = "mutation declares no params; hardcoded mutations are easy to miss";
    hardcoded.then(|| Diagnostic::warning(Code::L101, query.decl.name.span(), message))
}

/// Updates of one type.
#[derive(Default)]
struct TypeUpdates {
    queries: BTreeSet<String>,
    set: BTreeSet<String>,
}

fn check_never_set(file: &CompiledFile, catalog: &Catalog) -> Vec<FileFinding> {
    let mut findings = Vec::new();
    let mut updates: BTreeMap<String, TypeUpdates> = BTreeMap::new();
    for (query, operation) in valid(file) {
        let QueryOperation::Mutation(mutation) = operation else { continue };
        for statement in &mutation.statements {
            let StatementKind::Update(update) = &statement.kind else { continue };
            let entry = updates.entry(statement.ty.name.clone()).or_default();
            entry.queries.insert(query.decl.name.text.clone());
            entry.set.extend(update.assignments.iter().map(|assignment| assignment.property.name.clone()));
        }
    }
    for (ty, updates) in updates {
        for property in properties(catalog, &ty) {
            let settable = property.ty.nullable && property.embed.is_none() && !updates.set.contains(&property.name);
            if !settable {
                continue;
            }
            let message =
                format!("{ty}.{} exists in the schema, may be null, and no update query sets it", property.name);
            findings.push(FileFinding {
                type_name: Some(ty.clone()),
                property: Some(property.name.clone()),
                query_names: updates.queries.iter().cloned().collect(),
                ..FileFinding::new(Severity::Warning, Code::L201, message)
            });
        }
    }
    findings
}

/// Returns the properties of a type that an update may set.
fn properties<'c>(catalog: &'c Catalog, ty: &str) -> Vec<&'c Property> {
    let (properties, key) = match (catalog.nodes.get(ty), catalog.edges.get(ty)) {
        (Some(node), _) => (&node.properties, &node.key),
        (None, Some(edge)) => (&edge.properties, &edge.key),
        (None, None) => return Vec::new(),
    };
    let keyed = |name: &String| key.as_ref().is_some_and(|key| key.contains(name));
    properties.iter().filter(|property| !keyed(&property.name)).collect()
}
