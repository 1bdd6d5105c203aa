//! Differences in the constraints of one type, compared by meaning under the new names.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::{MigrationStep, SafetyTier, TypeConstraint, TypeKind};
use crate::catalog::{
    CheckConstraint, DistanceMetric, EdgeType, IndexSpec, NodeType, NumberLiteral, RangeConstraint, TextAnalyzer,
    UniqueConstraint,
};

/// The constraints of a type, borrowed from it.
#[derive(PartialEq)]
pub(super) struct ConstraintSet<'a> {
    key: Option<&'a [String]>,
    uniques: &'a [UniqueConstraint],
    indexes: &'a [IndexSpec],
    ranges: &'a [RangeConstraint],
    checks: &'a [CheckConstraint],
}

impl<'a> ConstraintSet<'a> {
    pub(super) fn from_node(ty: &'a NodeType) -> Self {
        let (key, uniques, indexes) = (ty.key.as_deref(), &*ty.uniques, &*ty.indexes);
        Self { key, uniques, indexes, ranges: &ty.ranges, checks: &ty.checks }
    }

    pub(super) fn from_edge(ty: &'a EdgeType) -> Self {
        let (key, uniques, indexes) = (ty.key.as_deref(), &*ty.uniques, &*ty.indexes);
        Self { key, uniques, indexes, ranges: &ty.ranges, checks: &ty.checks }
    }

    /// Returns `true` if the key names `property`.
    pub(super) fn keyed_by(&self, property: &str) -> bool {
        self.key.is_some_and(|key| key.iter().any(|name| name == property))
    }

    /// Returns the constraints by identity, with translated names. Names that `translate` does not contain (dropped properties,
    /// endpoints of an edge) are kept.
    fn entries(&self, translate: &HashMap<&str, &str>) -> BTreeMap<String, ConstraintEntry> {
        let name = |old: &String| translate.get(old.as_str()).map_or_else(|| old.clone(), |new| (*new).to_owned());
        let names = |old: &[String]| old.iter().map(name).collect::<Vec<_>>();
        let plain = |constraint| ConstraintEntry { constraint, metric: None, analyzer: None };
        let key = self.key.iter().map(|key| plain(TypeConstraint::Key(names(key))));
        let uniques = self.uniques.iter().map(|unique| plain(TypeConstraint::Unique(names(&unique.properties))));
        let indexes = self.indexes.iter().map(|index| ConstraintEntry {
            constraint: TypeConstraint::Index(names(&index.properties)),
            metric: index.metric,
            analyzer: index.analyzer.clone(),
        });
        let ranges = self.ranges.iter().map(|range| {
            plain(TypeConstraint::Range(RangeConstraint { property: name(&range.property), ..range.clone() }))
        });
        let checks = self.checks.iter().map(|check| {
            plain(TypeConstraint::Check(CheckConstraint { property: name(&check.property), ..check.clone() }))
        });
        key.chain(uniques).chain(indexes).chain(ranges).chain(checks).map(|entry| (entry.identity(), entry)).collect()
    }
}

/// A constraint with the options of its index.
#[derive(Clone, PartialEq)]
struct ConstraintEntry {
    constraint: TypeConstraint,
    metric: Option<DistanceMetric>,
    analyzer: Option<TextAnalyzer>,
}

impl ConstraintEntry {
    /// Returns the identity of a constraint: everything except the order of names and the message. The first character orders
    /// keys before uniqueness, indexes, ranges and checks.
    fn identity(&self) -> String {
        let set = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.join(",")
        };
        let bound = |number: Option<NumberLiteral>| number.map(NumberLiteral::canonical_text).unwrap_or_default();
        match &self.constraint {
            TypeConstraint::Key(names) => format!("0 {}", set(names)),
            TypeConstraint::Unique(names) => format!("1 {}", set(names)),
            TypeConstraint::Index(names) => {
                // An explicit default equals an omitted one.
                let (metric, analyzer) = (self.metric.unwrap_or_default(), self.analyzer.clone().unwrap_or_default());
                format!("2 {} {} {}", set(names), metric.word(), analyzer.0)
            }
            TypeConstraint::Range(range) => {
                format!("3 {} {}..{}", range.property, bound(range.min), bound(range.max))
            }
            TypeConstraint::Check(check) => format!("4 {} {}", check.property, check.pattern),
        }
    }

    fn message(&self) -> Option<&str> {
        match &self.constraint {
            TypeConstraint::Range(range) => range.message.as_deref(),
            TypeConstraint::Check(check) => check.message.as_deref(),
            _ => None,
        }
    }
}

/// Steps for one type's constraints. Drops precede the drops of properties.
pub(super) struct ConstraintSteps {
    pub(super) drops: Vec<MigrationStep>,
    pub(super) adds: Vec<MigrationStep>,
}

/// Compares `old`, its names translated, with `new`.
pub(super) fn compare(
    type_kind: TypeKind,
    type_name: &str,
    old: &ConstraintSet<'_>,
    new: &ConstraintSet<'_>,
    translate: &HashMap<&str, &str>,
) -> ConstraintSteps {
    let (old, new) = (old.entries(translate), new.entries(&HashMap::new()));
    let type_name = type_name.to_owned();
    let drops = old.iter().filter(|(identity, _)| !new.contains_key(*identity)).map(|(_, entry)| {
        MigrationStep::DropConstraint { type_kind, type_name: type_name.clone(), constraint: entry.constraint.clone() }
    });
    let mut adds = Vec::new();
    for (identity, entry) in &new {
        let constraint = entry.constraint.clone();
        match old.get(identity) {
            Some(before) if before.message() == entry.message() => {}
            Some(_) => adds.push(MigrationStep::ChangeMessage { type_kind, type_name: type_name.clone(), constraint }),
            None => adds.push(MigrationStep::AddConstraint {
                type_kind,
                type_name: type_name.clone(),
                tier: tier(&constraint, &old),
                constraint,
                metric: entry.metric,
                analyzer: entry.analyzer.clone(),
            }),
        }
    }
    ConstraintSteps { drops: drops.collect(), adds }
}

/// Returns the tier of a new constraint. An index is safe, and so is a constraint that an old one implies.
fn tier(constraint: &TypeConstraint, old: &BTreeMap<String, ConstraintEntry>) -> SafetyTier {
    let implied = match constraint {
        TypeConstraint::Index(_) => true,
        TypeConstraint::Key(_) | TypeConstraint::Check(_) => false,
        TypeConstraint::Unique(names) => old.values().any(|entry| match &entry.constraint {
            TypeConstraint::Unique(fewer) => fewer.iter().all(|name| names.contains(name)),
            _ => false,
        }),
        TypeConstraint::Range(wider) => old.values().any(|entry| match &entry.constraint {
            TypeConstraint::Range(narrower) => narrower.property == wider.property && contains(wider, narrower),
            _ => false,
        }),
    };
    if implied { SafetyTier::Safe } else { SafetyTier::Validated }
}

fn contains(wider: &RangeConstraint, narrower: &RangeConstraint) -> bool {
    let below = match (wider.min, narrower.min) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => wide.compare(narrow) != Ordering::Greater,
    };
    let above = match (wider.max, narrower.max) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => wide.compare(narrow) != Ordering::Less,
    };
    below && above
}
