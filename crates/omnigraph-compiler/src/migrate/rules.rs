//! What changes in the rules of one type: constraints are sets, compared by what they mean under the new names.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::{Constraint, Step, Tier, TypeKind};
use crate::catalog::{Analyzer, Check, EdgeType, Index, Metric, NodeType, Number, Range, Unique};

/// The rules of a type, borrowed from it.
#[derive(PartialEq)]
pub(super) struct Rules<'a> {
    key: Option<&'a [String]>,
    uniques: &'a [Unique],
    indexes: &'a [Index],
    ranges: &'a [Range],
    checks: &'a [Check],
}

impl<'a> Rules<'a> {
    pub(super) fn of_node(ty: &'a NodeType) -> Self {
        let (key, uniques, indexes) = (ty.key.as_deref(), &*ty.uniques, &*ty.indexes);
        Self { key, uniques, indexes, ranges: &ty.ranges, checks: &ty.checks }
    }

    pub(super) fn of_edge(ty: &'a EdgeType) -> Self {
        let (key, uniques, indexes) = (ty.key.as_deref(), &*ty.uniques, &*ty.indexes);
        Self { key, uniques, indexes, ranges: &ty.ranges, checks: &ty.checks }
    }

    /// Whether the key names `property`.
    pub(super) fn keyed_by(&self, property: &str) -> bool {
        self.key.is_some_and(|key| key.iter().any(|name| name == property))
    }

    /// Every rule under the text that identifies it, names translated. Names that `translate` does not know, of dropped
    /// properties and of an edge's ends, stay as they are.
    fn entries(&self, translate: &HashMap<&str, &str>) -> BTreeMap<String, Entry> {
        let name = |old: &String| translate.get(old.as_str()).map_or_else(|| old.clone(), |new| (*new).to_owned());
        let names = |old: &[String]| old.iter().map(name).collect::<Vec<_>>();
        let plain = |constraint| Entry { constraint, metric: None, analyzer: None };
        let key = self.key.iter().map(|key| plain(Constraint::Key(names(key))));
        let uniques = self.uniques.iter().map(|unique| plain(Constraint::Unique(names(&unique.properties))));
        let indexes = self.indexes.iter().map(|index| Entry {
            constraint: Constraint::Index(names(&index.properties)),
            metric: index.metric,
            analyzer: index.analyzer.clone(),
        });
        let ranges = self
            .ranges
            .iter()
            .map(|range| plain(Constraint::Range(Range { property: name(&range.property), ..range.clone() })));
        let checks = self
            .checks
            .iter()
            .map(|check| plain(Constraint::Check(Check { property: name(&check.property), ..check.clone() })));
        key.chain(uniques).chain(indexes).chain(ranges).chain(checks).map(|entry| (entry.identity(), entry)).collect()
    }
}

/// A rule with what its index, if it is one, is made with.
#[derive(Clone, PartialEq)]
struct Entry {
    constraint: Constraint,
    metric: Option<Metric>,
    analyzer: Option<Analyzer>,
}

impl Entry {
    /// What makes two rules the same: everything but the order of names and the words for whoever violates it. The first
    /// character orders keys before uniqueness, indexes, ranges and checks.
    fn identity(&self) -> String {
        let set = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.join(",")
        };
        match &self.constraint {
            Constraint::Key(names) => format!("0 {}", set(names)),
            Constraint::Unique(names) => format!("1 {}", set(names)),
            Constraint::Index(names) => {
                // What is declared and what holds without a declaration are the same.
                let (metric, analyzer) = (self.metric.unwrap_or_default(), self.analyzer.clone().unwrap_or_default());
                format!("2 {} {} {}", set(names), metric.word(), analyzer.0)
            }
            Constraint::Range(range) => {
                format!("3 {} {}..{}", range.property, number_text(range.min), number_text(range.max))
            }
            Constraint::Check(check) => format!("4 {} {}", check.property, check.pattern),
        }
    }

    fn message(&self) -> Option<&str> {
        match &self.constraint {
            Constraint::Range(range) => range.message.as_deref(),
            Constraint::Check(check) => check.message.as_deref(),
            _ => None,
        }
    }
}

/// `1` and `1.0` bound the same values.
fn number_text(number: Option<Number>) -> String {
    match number {
        None => String::new(),
        Some(Number::Float(float)) if float.fract() == 0.0 && float.abs() < 9.0e15 => format!("{}", float as i64),
        Some(number) => number.to_string(),
    }
}

/// The steps for one type's rules: first what goes, so that a dropped property leaves nothing behind, later what comes.
pub(super) struct RuleSteps {
    pub(super) drops: Vec<Step>,
    pub(super) adds: Vec<Step>,
}

/// Compares `old`, its names translated, with `new`.
pub(super) fn compare(
    type_kind: TypeKind,
    type_name: &str,
    old: &Rules<'_>,
    new: &Rules<'_>,
    translate: &HashMap<&str, &str>,
) -> RuleSteps {
    let (old, new) = (old.entries(translate), new.entries(&HashMap::new()));
    let type_name = type_name.to_owned();
    let drops = old.iter().filter(|(identity, _)| !new.contains_key(*identity)).map(|(_, entry)| {
        Step::DropConstraint { type_kind, type_name: type_name.clone(), constraint: entry.constraint.clone() }
    });
    let mut adds = Vec::new();
    for (identity, entry) in &new {
        let constraint = entry.constraint.clone();
        match old.get(identity) {
            Some(before) if before.message() == entry.message() => {}
            Some(_) => adds.push(Step::ChangeMessage { type_kind, type_name: type_name.clone(), constraint }),
            None => adds.push(Step::AddConstraint {
                type_kind,
                type_name: type_name.clone(),
                tier: tier(&constraint, &old),
                constraint,
                metric: entry.metric,
                analyzer: entry.analyzer.clone(),
            }),
        }
    }
    RuleSteps { drops: drops.collect(), adds }
}

/// An index is derived, and what an old rule already guarantees needs no look at the data.
fn tier(constraint: &Constraint, old: &BTreeMap<String, Entry>) -> Tier {
    let implied = match constraint {
        Constraint::Index(_) => true,
        Constraint::Key(_) | Constraint::Check(_) => false,
        Constraint::Unique(names) => old.values().any(|entry| match &entry.constraint {
            Constraint::Unique(fewer) => fewer.iter().all(|name| names.contains(name)),
            _ => false,
        }),
        Constraint::Range(wider) => old.values().any(|entry| match &entry.constraint {
            Constraint::Range(narrower) => narrower.property == wider.property && contains(wider, narrower),
            _ => false,
        }),
    };
    if implied { Tier::Safe } else { Tier::Validated }
}

fn contains(wider: &Range, narrower: &Range) -> bool {
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
