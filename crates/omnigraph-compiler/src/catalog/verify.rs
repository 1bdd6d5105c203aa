//! Consistency checks of a catalog that was read rather than built.

use std::collections::HashSet;

use super::{
    ANALYZERS, Catalog, CheckConstraint, IndexSpec, InterfaceType, NodeType, NumberLiteral, Property, RangeConstraint,
    UniqueConstraint,
};
use crate::types::{MAX_DIMENSION, PropType, ScalarType};

/// A contradiction inside a catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct CatalogInconsistency {
    /// The type or property concerned, as `node T` or `node T.p`.
    pub place: String,
    /// Description of the contradiction.
    pub problem: String,
}

type VerifyResult = Result<(), CatalogInconsistency>;

fn inconsistency(place: &str, problem: impl Into<String>) -> CatalogInconsistency {
    CatalogInconsistency { place: place.to_owned(), problem: problem.into() }
}

fn ensure(holds: bool, place: &str, problem: &str) -> VerifyResult {
    if holds { Ok(()) } else { Err(inconsistency(place, problem)) }
}

impl Catalog {
    /// Checks that all names resolve, all rules fit their columns, and no id is used twice.
    ///
    /// # Errors
    /// The first contradiction, in the order of the catalog.
    pub fn verify(&self) -> Result<(), CatalogInconsistency> {
        self.verify_ids()?;
        self.verify_patterns()?;
        for (name, ty) in &self.interfaces {
            let place = format!("interface {name}");
            ensure(*name == ty.name, &place, "its key in the catalog differs from its name")?;
            verify_properties(&place, &ty.properties, &["id"])?;
        }
        for (name, ty) in &self.nodes {
            let place = format!("node {name}");
            ensure(*name == ty.name, &place, "its key in the catalog differs from its name")?;
            verify_properties(&place, &ty.properties, &["id"])?;
            self.verify_interfaces(&place, ty)?;
            let rules = ConstraintVerifier { place: &place, properties: by_name(&ty.properties), edge: false };
            rules.verify(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks)?;
        }
        let mut folded = HashSet::new();
        for (name, ty) in &self.edges {
            let place = format!("edge {name}");
            ensure(*name == ty.name, &place, "its key in the catalog differs from its name")?;
            ensure(folded.insert(name.to_ascii_lowercase()), &place, "its name collides with another edge's")?;
            for end in [&ty.from, &ty.to] {
                ensure(self.nodes.contains_key(end), &place, &format!("endpoint: node type `{end}` not found"))?;
            }
            for card in [ty.card, ty.card_in] {
                ensure(
                    card.max.is_none_or(|max| card.min <= max),
                    &place,
                    "a cardinality's minimum exceeds its maximum",
                )?;
            }
            verify_properties(&place, &ty.properties, &["id", "src", "dst", "from", "to"])?;
            let rules = ConstraintVerifier { place: &place, properties: by_name(&ty.properties), edge: true };
            rules.verify(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks)?;
        }
        Ok(())
    }

    fn verify_ids(&self) -> VerifyResult {
        let nodes = self.nodes.values().map(|ty| (&ty.name, ty.id, Some(ty.table), &ty.properties));
        let edges = self.edges.values().map(|ty| (&ty.name, ty.id, Some(ty.table), &ty.properties));
        let interfaces = self.interfaces.values().map(|ty| (&ty.name, ty.id, None, &ty.properties));
        let (mut types, mut tables, mut properties) = (HashSet::new(), HashSet::new(), HashSet::new());
        for (name, id, table, owned) in interfaces.chain(nodes).chain(edges) {
            ensure(is_name(name, |c| c.is_ascii_uppercase()), name, "invalid name")?;
            ensure(types.insert(id), name, "its type id is used twice")?;
            ensure(table.is_none_or(|table| tables.insert(table)), name, "its table id is used twice")?;
            for property in owned {
                ensure(properties.insert(property.id), name, "a property id is used twice")?;
            }
        }
        Ok(())
    }

    /// Checks every distinct pattern once: compiling one costs more than the other checks of its type.
    fn verify_patterns(&self) -> VerifyResult {
        let nodes = self.nodes.values().map(|ty| (&ty.name, &ty.checks));
        let edges = self.edges.values().map(|ty| (&ty.name, &ty.checks));
        let mut known = HashSet::new();
        for (name, checks) in nodes.chain(edges) {
            for pattern in checks.iter().map(|check| check.pattern.as_str()) {
                let valid = !known.insert(pattern) || regex::Regex::new(pattern).is_ok();
                ensure(valid, name, "invalid regular expression in a check")?;
            }
        }
        Ok(())
    }

    fn verify_interfaces(&self, place: &str, node: &NodeType) -> VerifyResult {
        let own = by_name(&node.properties);
        for name in &node.implements {
            let InterfaceType { properties, .. } = self
                .interfaces
                .get(name)
                .ok_or_else(|| inconsistency(place, format!("interface `{name}` not found")))?;
            for wanted in properties {
                let fits = own.get(wanted.name.as_str()).is_some_and(|present| present.ty == wanted.ty);
                ensure(fits, place, &format!("it lacks `{}` of interface `{name}`", wanted.name))?;
            }
        }
        Ok(())
    }
}

type PropertiesByName<'a> = std::collections::HashMap<&'a str, &'a Property>;

fn by_name(properties: &[Property]) -> PropertiesByName<'_> {
    properties.iter().map(|property| (property.name.as_str(), property)).collect()
}

fn verify_properties(place: &str, properties: &[Property], taken: &[&str]) -> VerifyResult {
    let known = by_name(properties);
    ensure(known.len() == properties.len(), place, "it has a property twice")?;
    for property in properties {
        let place = format!("{place}.{}", property.name);
        let named = is_name(&property.name, |c| c.is_ascii_lowercase() || c == '_');
        ensure(named && !taken.contains(&property.name.as_str()), &place, "invalid or reserved name")?;
        verify_type(&place, &property.ty)?;
        let default = property.default.as_ref();
        ensure(default.is_none_or(|default| default.fits(&property.ty)), &place, "its default is of another type")?;
        if let Some(embed) = &property.embed {
            ensure(property.ty.is_vector(), &place, "invalid embedding: the property is not a vector")?;
            // The source text of an interface's vector may be a property of the implementing types.
            let source = known.get(embed.source.as_str());
            let fits = source.is_none_or(|source| source.ty.scalar == ScalarType::String && !source.ty.list);
            let present = source.is_some() || place.starts_with("interface ");
            ensure(fits && present, &place, "invalid embedding: source text not found")?;
        }
    }
    Ok(())
}

fn is_name(name: &str, first: impl Fn(char) -> bool) -> bool {
    name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn verify_type(place: &str, ty: &PropType) -> VerifyResult {
    if let ScalarType::Vector(dimension) = ty.scalar {
        ensure((1..=MAX_DIMENSION).contains(&dimension), place, "its dimension is out of range")?;
        ensure(!ty.list, place, "it is a list of vectors")?;
    }
    ensure(!(ty.list && ty.is_shapeless()), place, "invalid item type of a list")?;
    if let Some(words) = &ty.enum_values {
        ensure(ty.scalar == ScalarType::String && !words.is_empty(), place, "invalid enum: no words, or not a String")?;
        ensure(words.windows(2).all(|pair| pair[0] < pair[1]), place, "its enum is not sorted")?;
    }
    Ok(())
}

/// Verifier of the constraints of one type.
struct ConstraintVerifier<'a> {
    place: &'a str,
    properties: PropertiesByName<'a>,
    edge: bool,
}

impl ConstraintVerifier<'_> {
    fn verify(
        &self,
        key: &Option<Vec<String>>,
        uniques: &[UniqueConstraint],
        indexes: &[IndexSpec],
        ranges: &[RangeConstraint],
        checks: &[CheckConstraint],
    ) -> VerifyResult {
        if let Some(names) = key {
            self.verify_key(names)?;
        }
        for names in uniques.iter().map(|unique| &unique.properties) {
            self.names(names, |ty| !ty.list && !ty.is_shapeless() && !ty.is_vector())?;
        }
        for index in indexes {
            self.verify_index(index)?;
        }
        for range in ranges {
            self.names(std::slice::from_ref(&range.property), PropType::is_number)?;
            let finite = |bound: Option<NumberLiteral>| !matches!(bound, Some(NumberLiteral::Float(float)) if !float.is_finite());
            ensure(finite(range.min) && finite(range.max), self.place, "invalid range: a bound is not finite")?;
            let ordered = match (range.min, range.max) {
                (Some(min), Some(max)) => min.compare(max).is_le(),
                (None, None) => false,
                _ => true,
            };
            ensure(ordered, self.place, "invalid range: no bounds, or the minimum exceeds the maximum")?;
        }
        for check in checks {
            self.names(std::slice::from_ref(&check.property), |ty| ty.scalar == ScalarType::String && !ty.list)?;
        }
        Ok(())
    }

    fn verify_key(&self, names: &[String]) -> VerifyResult {
        let ends = ["@src", "@dst"];
        if self.edge {
            let both = ends.iter().all(|end| names.iter().any(|name| name == end));
            ensure(both, self.place, "its key lacks an endpoint of the edge")?;
        }
        let own: Vec<String> =
            names.iter().filter(|name| !(self.edge && ends.contains(&name.as_str()))).cloned().collect();
        ensure(self.edge || !own.is_empty(), self.place, "its key is empty")?;
        if own.is_empty() {
            return Ok(());
        }
        self.names(&own, |ty| !ty.nullable && !ty.list && !ty.is_shapeless() && !ty.is_vector())
    }

    fn verify_index(&self, index: &IndexSpec) -> VerifyResult {
        let single = index.properties.len() == 1;
        self.names(&index.properties, |ty| !ty.list && !ty.is_shapeless() && (single || !ty.is_vector()))?;
        let only = index.properties.first().and_then(|name| self.properties.get(name.as_str())).map(|found| &found.ty);
        let only = only.filter(|_| single);
        ensure(
            index.metric.is_none() || only.is_some_and(PropType::is_vector),
            self.place,
            "invalid metric: the property is not a vector",
        )?;
        let text = only.is_some_and(|ty| ty.scalar == ScalarType::String && ty.enum_values.is_none());
        let known = index.analyzer.as_ref().is_none_or(|analyzer| text && ANALYZERS.contains(&analyzer.0.as_str()));
        ensure(known, self.place, "invalid analyzer: unknown, or the property is not a String")
    }

    /// Checks that all names are properties of a fitting type or endpoints of an edge, without repetition.
    fn names(&self, names: &[String], fits: impl Fn(&PropType) -> bool) -> VerifyResult {
        ensure(!names.is_empty(), self.place, "a rule names nothing")?;
        let mut seen = HashSet::new();
        for name in names {
            ensure(seen.insert(name), self.place, &format!("a rule names `{name}` twice"))?;
            match self.properties.get(name.as_str()) {
                Some(property) => {
                    ensure(fits(&property.ty), self.place, &format!("a rule does not fit the type of `{name}`"))?;
                }
                None => {
                    let end = self.edge && matches!(name.as_str(), "src" | "dst");
                    ensure(end, self.place, &format!("property `{name}` of a rule not found"))?;
                }
            }
        }
        Ok(())
    }
}
