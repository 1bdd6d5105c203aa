//! L201: a nullable property that no update of its type ever sets.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Rule};
use crate::catalog::{Catalog, Property};
use crate::compile::CompiledFile;
use crate::diagnostic::{Code, Severity};
use crate::ir::{Operation, StatementKind};
use crate::lint::{Finding, valid};

pub(super) const RULE: Rule = Rule {
    code: Code::L201,
    doc: "a nullable property of a type that the file updates, which none of these updates sets",
    check: Check::File(check),
};

/// What the updates of one type do.
#[derive(Default)]
struct Updates {
    queries: BTreeSet<String>,
    set: BTreeSet<String>,
}

fn check(file: &CompiledFile, catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut updates: BTreeMap<String, Updates> = BTreeMap::new();
    for (query, operation) in valid(file) {
        let Operation::Mutation(mutation) = operation else { continue };
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
            findings.push(Finding {
                type_name: Some(ty.clone()),
                property: Some(property.name.clone()),
                query_names: updates.queries.iter().cloned().collect(),
                ..Finding::new(Severity::Warning, Code::L201, message)
            });
        }
    }
    findings
}

/// The properties of a type that an update may set.
fn properties<'c>(catalog: &'c Catalog, ty: &str) -> Vec<&'c Property> {
    let (properties, key) = match (catalog.nodes.get(ty), catalog.edges.get(ty)) {
        (Some(node), _) => (&node.properties, &node.key),
        (None, Some(edge)) => (&edge.properties, &edge.key),
        (None, None) => return Vec::new(),
    };
    let keyed = |name: &String| key.as_ref().is_some_and(|key| key.contains(name));
    properties.iter().filter(|property| !keyed(&property.name)).collect()
}
