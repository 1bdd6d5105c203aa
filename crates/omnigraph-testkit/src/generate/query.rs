//! Random queries.

use rand::rngs::StdRng;

use super::CaseSize;
use super::model::{PropertyKind, RandomSchema};
use super::scope::{QueryGenerator, ScopeVariableKind};

/// The kind of a column, which decides if rows can be ordered by it or joined in a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Number,
    Text,
    Condition,
    Other,
}

/// Generates a query called `q`, without parameters.
pub(super) fn query(rng: StdRng, schema: &RandomSchema, size: CaseSize) -> String {
    let mut generator = QueryGenerator { rng, schema, size, variables: Vec::new(), names: 0 };
    let text = match generator.random_below(10) {
        0 => generator.union(),
        1..=3 => generator.grouped(),
        _ => generator.plain(),
    };
    format!("query q() {{\n{text}\n}}")
}

impl QueryGenerator<'_> {
    fn body(&mut self, clauses: &[String], distinct: bool, columns: &[String]) -> String {
        let named = columns.iter().enumerate().map(|(index, column)| format!("    {column} as c{index}"));
        let columns = named.collect::<Vec<_>>().join(",\n");
        let distinct = if distinct { "distinct " } else { "" };
        format!("  match {{\n    {}\n  }}\n  return {distinct}{{\n{columns}\n  }}", clauses.join("\n    "))
    }

    fn plain(&mut self) -> String {
        let clauses = self.clauses();
        let distinct = self.chance(0.2);
        let mut columns = Vec::new();
        for _ in 0..=self.random_below(3) {
            let column = self.column();
            columns.push(column);
        }
        let (kinds, texts): (Vec<ColumnKind>, Vec<String>) = columns.into_iter().unzip();
        let body = self.body(&clauses, distinct, &texts);
        let having = match kinds.iter().position(|kind| *kind == ColumnKind::Number) {
            Some(index) if self.chance(0.15) => format!("\n  having c{index} > 0"),
            _ => String::new(),
        };
        let variables = if distinct { Vec::new() } else { self.properties() };
        let by: Vec<String> = variables
            .into_iter()
            .filter(|(_, property)| property.kind != PropertyKind::Tags)
            .map(|(written, _)| written)
            .collect();
        let order = self.order(&kinds, &by);
        format!("{body}{having}{order}")
    }

    /// A column of a query that does not group.
    fn column(&mut self) -> (ColumnKind, String) {
        let nodes: Vec<String> = self.nodes().into_iter().map(|(name, _)| name).collect();
        let paths: Vec<String> = self
            .variables
            .iter()
            .filter(|variable| variable.kind == ScopeVariableKind::Path)
            .map(|variable| variable.name.clone())
            .collect();
        if let Some(path) = self.pick(&paths)
            && self.chance(0.4)
        {
            return match self.random_below(4) {
                0 => (ColumnKind::Other, path),
                1 => (ColumnKind::Number, format!("length({path})")),
                2 => (ColumnKind::Number, format!("cost({path})")),
                _ => (ColumnKind::Number, format!("size(nodes({path}))")),
            };
        }
        let node = self.pick(&nodes).unwrap_or_default();
        match self.random_below(12) {
            0 | 1 => (ColumnKind::Text, format!("{node}.@id")),
            2 => (ColumnKind::Text, format!("{node}.@type")),
            3 => (ColumnKind::Other, node),
            4 | 5 => (ColumnKind::Number, self.number(2)),
            6 | 7 => (ColumnKind::Text, self.text(2)),
            8 => (ColumnKind::Condition, self.condition(2)),
            9 if self.size.depth > 0 => (ColumnKind::Number, self.aggregate_value(1)),
            10 => (ColumnKind::Other, self.day()),
            _ => match self.property(&[
                PropertyKind::Tags,
                PropertyKind::I64,
                PropertyKind::DateTime,
                PropertyKind::F32,
                PropertyKind::Bool,
            ]) {
                Some(property) => (ColumnKind::Other, property),
                None => (ColumnKind::Text, format!("{node}.@id")),
            },
        }
    }

    fn grouped(&mut self) -> String {
        let clauses = self.clauses();
        let (mut kinds, mut texts) = (Vec::new(), Vec::new());
        for _ in 0..self.random_below(3) {
            let key = self.group_key();
            if !texts.contains(&key) {
                kinds.push(ColumnKind::Other);
                texts.push(key);
            }
        }
        for _ in 0..=self.random_below(3) {
            let (kind, aggregate) = self.aggregate();
            kinds.push(kind);
            texts.push(aggregate);
        }
        let body = self.body(&clauses, false, &texts);
        let having = match kinds.iter().position(|kind| *kind == ColumnKind::Number) {
            Some(index) if self.chance(0.3) => format!("\n  having c{index} >= 1"),
            _ => String::new(),
        };
        let order = self.order(&kinds, &[]);
        format!("{body}{having}{order}")
    }

    fn group_key(&mut self) -> String {
        let nodes: Vec<String> = self.nodes().into_iter().map(|(name, _)| name).collect();
        let node = self.pick(&nodes).unwrap_or_default();
        match self.random_below(4) {
            0 => node,
            1 => format!("{node}.@id"),
            2 => match self.property(&[PropertyKind::I32]) {
                Some(property) => format!("({property} > 1)"),
                None => format!("{node}.@type"),
            },
            _ => self
                .property(&[
                    PropertyKind::Text,
                    PropertyKind::Color,
                    PropertyKind::I32,
                    PropertyKind::Bool,
                    PropertyKind::Date,
                ])
                .unwrap_or_else(|| format!("{node}.@id")),
        }
    }

    fn aggregate(&mut self) -> (ColumnKind, String) {
        let distinct = if self.chance(0.3) { "distinct " } else { "" };
        let nodes: Vec<String> = self.nodes().into_iter().map(|(name, _)| name).collect();
        let node = self.pick(&nodes).unwrap_or_default();
        let number = self.property(&[PropertyKind::I32, PropertyKind::F64, PropertyKind::F32]);
        let any = self.property(&[PropertyKind::Text, PropertyKind::I32, PropertyKind::Date, PropertyKind::Bool]);
        match (self.random_below(8), number, any) {
            (0 | 1, _, _) => (ColumnKind::Number, "count(*)".to_owned()),
            (2, _, _) => (ColumnKind::Number, format!("count({distinct}{node})")),
            (3 | 4, Some(number), _) => {
                let function = self.word(&["sum", "avg", "min", "max"]);
                (ColumnKind::Number, format!("{function}({number})"))
            }
            (5, _, Some(any)) => (ColumnKind::Number, format!("count({distinct}{any})")),
            (6, _, Some(any)) => (ColumnKind::Other, format!("collect({distinct}{any})")),
            (7, _, _) => (ColumnKind::Other, format!("collect({distinct}{node})")),
            _ => (ColumnKind::Number, format!("count({node})")),
        }
    }

    fn union(&mut self) -> String {
        let word = self.word(&["union", "union all"]);
        let mut bodies = Vec::new();
        for _ in 0..2 {
            self.variables.clear();
            let clauses = self.clauses();
            let (number, text) = (self.number(1), self.text(1));
            bodies.push(self.body(&clauses, false, &[number, text]));
        }
        let order = self.order(&[ColumnKind::Number, ColumnKind::Text], &[]);
        format!("{}{order}", bodies.join(&format!("\n  {word}\n")))
    }

    /// Perhaps an order, perhaps a page of the result.
    fn order(&mut self, kinds: &[ColumnKind], by: &[String]) -> String {
        let orderable = kinds.iter().enumerate().filter(|(_, kind)| **kind != ColumnKind::Other);
        let mut keys: Vec<String> = orderable.map(|(index, _)| format!("c{index}")).collect();
        keys.extend(by.iter().cloned());
        let mut out = String::new();
        if self.chance(0.5)
            && let Some(first) = self.pick(&keys)
        {
            let direction = self.word(&["", " desc", " asc"]);
            out.push_str(&format!("\n  order {{ {first}{direction}"));
            if let Some(second) = self.pick(&keys)
                && second != first
                && self.chance(0.5)
            {
                out.push_str(&format!(", {second} desc"));
            }
            out.push_str(" }");
        }
        if self.chance(0.25) {
            out.push_str(&format!("\n  limit {}", self.random_below(6)));
            if self.chance(0.3) {
                out.push_str(&format!("\n  offset {}", self.random_below(3)));
            }
        }
        out
    }
}
