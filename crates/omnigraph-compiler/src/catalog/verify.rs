//! What must hold of a catalogue that was read rather than built.

use std::collections::HashSet;

use super::{ANALYZERS, Catalog, Check, Index, Interface, NodeType, Number, Property, Range, Unique};
use crate::types::{PropType, Scalar};

/// A catalogue contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Inconsistency {
    /// The type or property concerned, as `node T` or `node T.p`.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

type Verdict = Result<(), Inconsistency>;

fn wrong(place: &str, problem: impl Into<String>) -> Inconsistency {
    Inconsistency { place: place.to_owned(), problem: problem.into() }
}

fn ensure(holds: bool, place: &str, problem: &str) -> Verdict {
    if holds { Ok(()) } else { Err(wrong(place, problem)) }
}

impl Catalog {
    /// Checks that every name leads somewhere, every rule fits what it is about, and no id is used twice.
    ///
    /// # Errors
    /// The first contradiction, in the order of the catalogue.
    pub fn verify(&self) -> Result<(), Inconsistency> {
        self.verify_ids()?;
        self.verify_patterns()?;
        for (name, ty) in &self.interfaces {
            let place = format!("interface {name}");
            ensure(*name == ty.name, &place, "it is filed under another name")?;
            verify_properties(&place, &ty.properties, &["id"])?;
        }
        for (name, ty) in &self.nodes {
            let place = format!("node {name}");
            ensure(*name == ty.name, &place, "it is filed under another name")?;
            verify_properties(&place, &ty.properties, &["id"])?;
            self.verify_interfaces(&place, ty)?;
            let rules = Rules { place: &place, properties: by_name(&ty.properties), edge: false };
            rules.verify(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks)?;
        }
        let mut folded = HashSet::new();
        for (name, ty) in &self.edges {
            let place = format!("edge {name}");
            ensure(*name == ty.name, &place, "it is filed under another name")?;
            ensure(folded.insert(name.to_ascii_lowercase()), &place, "its name collides with another edge's")?;
            for end in [&ty.from, &ty.to] {
                ensure(self.nodes.contains_key(end), &place, &format!("its end `{end}` is no node type"))?;
            }
            for card in [ty.card, ty.card_in] {
                ensure(
                    card.max.is_none_or(|max| card.min <= max),
                    &place,
                    "a cardinality's minimum exceeds its maximum",
                )?;
            }
            verify_properties(&place, &ty.properties, &["id", "src", "dst", "from", "to"])?;
            let rules = Rules { place: &place, properties: by_name(&ty.properties), edge: true };
            rules.verify(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks)?;
        }
        Ok(())
    }

    fn verify_ids(&self) -> Verdict {
        let nodes = self.nodes.values().map(|ty| (&ty.name, ty.id, Some(ty.table), &ty.properties));
        let edges = self.edges.values().map(|ty| (&ty.name, ty.id, Some(ty.table), &ty.properties));
        let interfaces = self.interfaces.values().map(|ty| (&ty.name, ty.id, None, &ty.properties));
        let (mut types, mut tables, mut properties) = (HashSet::new(), HashSet::new(), HashSet::new());
        for (name, id, table, owned) in interfaces.chain(nodes).chain(edges) {
            ensure(is_name(name, |c| c.is_ascii_uppercase()), name, "its name is none")?;
            ensure(types.insert(id), name, "its type id is used twice")?;
            ensure(table.is_none_or(|table| tables.insert(table)), name, "its table id is used twice")?;
            for property in owned {
                ensure(properties.insert(property.id), name, "a property id is used twice")?;
            }
        }
        Ok(())
    }

    /// Every pattern once: compiling one costs more than everything else about its type.
    fn verify_patterns(&self) -> Verdict {
        let nodes = self.nodes.values().map(|ty| (&ty.name, &ty.checks));
        let edges = self.edges.values().map(|ty| (&ty.name, &ty.checks));
        let mut known = HashSet::new();
        for (name, checks) in nodes.chain(edges) {
            for pattern in checks.iter().map(|check| check.pattern.as_str()) {
                let valid = !known.insert(pattern) || regex::Regex::new(pattern).is_ok();
                ensure(valid, name, "a check's pattern is no regular expression")?;
            }
        }
        Ok(())
    }

    fn verify_interfaces(&self, place: &str, node: &NodeType) -> Verdict {
        let own = by_name(&node.properties);
        for name in &node.implements {
            let Interface { properties, .. } = self
                .interfaces
                .get(name)
                .ok_or_else(|| wrong(place, format!("it implements `{name}`, which does not exist")))?;
            for wanted in properties {
                let fits = own.get(wanted.name.as_str()).is_some_and(|present| present.ty == wanted.ty);
                ensure(fits, place, &format!("it lacks `{}` of interface `{name}`", wanted.name))?;
            }
        }
        Ok(())
    }
}

type ByName<'a> = std::collections::HashMap<&'a str, &'a Property>;

fn by_name(properties: &[Property]) -> ByName<'_> {
    properties.iter().map(|property| (property.name.as_str(), property)).collect()
}

fn verify_properties(place: &str, properties: &[Property], taken: &[&str]) -> Verdict {
    let known = by_name(properties);
    ensure(known.len() == properties.len(), place, "it has a property twice")?;
    for property in properties {
        let place = format!("{place}.{}", property.name);
        let named = is_name(&property.name, |c| c.is_ascii_lowercase() || c == '_');
        ensure(named && !taken.contains(&property.name.as_str()), &place, "its name is none or is reserved")?;
        verify_type(&place, &property.ty)?;
        let default = property.default.as_ref();
        ensure(default.is_none_or(|default| default.fits(&property.ty)), &place, "its default is of another type")?;
        if let Some(embed) = &property.embed {
            let vector = matches!(property.ty.scalar, Scalar::Vector(_)) && !property.ty.list;
            ensure(vector, &place, "it is computed from text and is no vector")?;
            // An interface's vector may take its text from whatever implements the interface.
            let source = known.get(embed.source.as_str());
            let fits = source.is_none_or(|source| source.ty.scalar == Scalar::String && !source.ty.list);
            let present = source.is_some() || place.starts_with("interface ");
            ensure(fits && present, &place, "the text it is computed from does not exist")?;
        }
    }
    Ok(())
}

fn is_name(name: &str, first: impl Fn(char) -> bool) -> bool {
    name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn verify_type(place: &str, ty: &PropType) -> Verdict {
    if let Scalar::Vector(dimension) = ty.scalar {
        ensure((1..=i32::MAX as u32).contains(&dimension), place, "its dimension is out of range")?;
        ensure(!ty.list, place, "it is a list of vectors")?;
    }
    let shapeless = matches!(ty.scalar, Scalar::Blob | Scalar::Json);
    ensure(!(ty.list && shapeless), place, "it is a list of what lists cannot hold")?;
    if let Some(words) = &ty.enum_values {
        ensure(ty.scalar == Scalar::String && !words.is_empty(), place, "its enum is empty or not of words")?;
        ensure(words.windows(2).all(|pair| pair[0] < pair[1]), place, "its enum is not sorted")?;
    }
    Ok(())
}

/// The rules of one type and what they may name.
struct Rules<'a> {
    place: &'a str,
    properties: ByName<'a>,
    edge: bool,
}

impl Rules<'_> {
    fn verify(
        &self,
        key: &Option<Vec<String>>,
        uniques: &[Unique],
        indexes: &[Index],
        ranges: &[Range],
        checks: &[Check],
    ) -> Verdict {
        if let Some(names) = key {
            self.verify_key(names)?;
        }
        for names in uniques.iter().map(|unique| &unique.properties) {
            self.names(names, |ty| !ty.list && !is_shapeless(ty) && !is_vector(ty))?;
        }
        for index in indexes {
            self.verify_index(index)?;
        }
        for range in ranges {
            self.names(std::slice::from_ref(&range.property), PropType::is_number)?;
            let finite = |bound: Option<Number>| !matches!(bound, Some(Number::Float(float)) if !float.is_finite());
            ensure(finite(range.min) && finite(range.max), self.place, "a range has a bound that is no number")?;
            let ordered = match (range.min, range.max) {
                (Some(min), Some(max)) => min.compare(max).is_le(),
                (None, None) => false,
                _ => true,
            };
            ensure(ordered, self.place, "a range has no bounds or none that anything can meet")?;
        }
        for check in checks {
            self.names(std::slice::from_ref(&check.property), |ty| ty.scalar == Scalar::String && !ty.list)?;
        }
        Ok(())
    }

    fn verify_key(&self, names: &[String]) -> Verdict {
        let ends = ["@src", "@dst"];
        if self.edge {
            let both = ends.iter().all(|end| names.iter().any(|name| name == end));
            ensure(both, self.place, "its key lacks an end of the edge")?;
        }
        let own: Vec<String> =
            names.iter().filter(|name| !(self.edge && ends.contains(&name.as_str()))).cloned().collect();
        ensure(self.edge || !own.is_empty(), self.place, "its key is empty")?;
        if own.is_empty() {
            return Ok(());
        }
        self.names(&own, |ty| !ty.nullable && !ty.list && !is_shapeless(ty) && !is_vector(ty))
    }

    fn verify_index(&self, index: &Index) -> Verdict {
        let single = index.properties.len() == 1;
        self.names(&index.properties, |ty| !ty.list && !is_shapeless(ty) && (single || !is_vector(ty)))?;
        let only = index.properties.first().and_then(|name| self.properties.get(name.as_str())).map(|found| &found.ty);
        let only = only.filter(|_| single);
        ensure(index.metric.is_none() || only.is_some_and(is_vector), self.place, "a metric stands on no vector")?;
        let text = only.is_some_and(|ty| ty.scalar == Scalar::String && ty.enum_values.is_none());
        let known = index.analyzer.as_ref().is_none_or(|analyzer| text && ANALYZERS.contains(&analyzer.0.as_str()));
        ensure(known, self.place, "an analyzer is unknown or stands on no text")
    }

    /// Every name is a property of a fitting type, or an end of an edge; none stands twice.
    fn names(&self, names: &[String], fits: impl Fn(&PropType) -> bool) -> Verdict {
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
                    ensure(end, self.place, &format!("a rule names `{name}`, which does not exist"))?;
                }
            }
        }
        Ok(())
    }
}

fn is_vector(ty: &PropType) -> bool {
    matches!(ty.scalar, Scalar::Vector(_)) && !ty.list
}

fn is_shapeless(ty: &PropType) -> bool {
    matches!(ty.scalar, Scalar::Blob | Scalar::Json)
}
