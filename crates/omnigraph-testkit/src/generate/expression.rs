//! Random expressions of a type, in parentheses, so that no expression is ambiguous.

use super::model::{COLORS, PropertyKind, RandomNodeType};
use super::rows::text;
use super::scope::{QueryGenerator, ScopeVariableKind};

impl QueryGenerator<'_> {
    /// Returns a property of one of these types, as `$x.name`.
    pub(super) fn property(&mut self, kinds: &[PropertyKind]) -> Option<String> {
        let fitting: Vec<String> = self
            .properties()
            .into_iter()
            .filter(|(_, property)| kinds.contains(&property.kind))
            .map(|(written, _)| written)
            .collect();
        self.pick(&fitting)
    }

    /// Returns an expression of type Bool.
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.chance(0.4) {
            return match self.random_below(4) {
                0 => format!("({} and {})", self.condition(depth - 1), self.condition(depth - 1)),
                1 => format!("({} or {})", self.condition(depth - 1), self.condition(depth - 1)),
                2 => format!("(not {})", self.condition(depth - 1)),
                _ => self.null_test(),
            };
        }
        match self.random_below(8) {
            0 | 1 => {
                let op = self.comparison();
                format!("({} {op} {})", self.number(depth), self.number(depth.min(1)))
            }
            2 => {
                let op = self.word(&["=", "!=", "<", ">=", "contains", "starts_with", "ends_with"]);
                format!("({} {op} {})", self.text(depth), self.text(0))
            }
            3 => self.membership(),
            4 => {
                self.property(&[PropertyKind::Bool]).map_or_else(|| self.null_test(), |flag| format!("({flag} = true)"))
            }
            5 => self.temporal_comparison(),
            6 => self.identity(),
            _ => self.null_test(),
        }
    }

    fn comparison(&mut self) -> &'static str {
        self.word(&["=", "!=", "<", "<=", ">", ">="])
    }

    fn null_test(&mut self) -> String {
        let test = self.word(&["is null", "is not null"]);
        match self.property(&[
            PropertyKind::Text,
            PropertyKind::I32,
            PropertyKind::F64,
            PropertyKind::Date,
            PropertyKind::Tags,
            PropertyKind::Color,
        ]) {
            Some(property) => format!("({property} {test})"),
            None => format!("({} {test})", self.text(0)),
        }
    }

    fn membership(&mut self) -> String {
        if let Some(tags) = self.property(&[PropertyKind::Tags])
            && self.chance(0.6)
        {
            let item = self.text(0);
            return format!("({tags} contains {item})");
        }
        if let Some(color) = self.property(&[PropertyKind::Color])
            && self.chance(0.5)
        {
            let (a, b) = (self.word(&COLORS), self.word(&COLORS));
            return format!("({color} in [\"{a}\", \"{b}\"])");
        }
        format!("({} in [1, 2, 2.5, 4])", self.number(0))
    }

    fn temporal_comparison(&mut self) -> String {
        let op = self.comparison();
        match (self.property(&[PropertyKind::Date]), self.property(&[PropertyKind::DateTime])) {
            (Some(day), _) if self.chance(0.5) => {
                let other = self.day();
                format!("({day} {op} {other})")
            }
            (_, Some(at)) => format!("({at} {op} datetime(\"2024-05-02T12:00:00Z\"))"),
            _ => self.null_test(),
        }
    }

    fn identity(&mut self) -> String {
        let nodes = self.nodes();
        match (self.pick(&nodes), self.pick(&nodes)) {
            (Some((a, _)), Some((b, _))) if a != b => {
                let op = self.word(&["=", "!="]);
                format!("({a} {op} {b})")
            }
            (Some((a, _)), _) => format!("({a}.@id != \"n1\")"),
            _ => self.null_test(),
        }
    }

    /// Returns a number that is small enough for any arithmetic.
    pub(super) fn number(&mut self, depth: usize) -> String {
        if depth > 0 && self.chance(0.5) {
            let inner = |generator: &mut Self| generator.number(depth - 1);
            return match self.random_below(10) {
                0 => format!("({} + {})", inner(self), inner(self)),
                1 => format!("({} - {})", inner(self), inner(self)),
                2 => format!("({} * {})", inner(self), inner(self)),
                3 => format!("({} % 3)", inner(self)),
                4 => format!("({} / 4)", inner(self)),
                5 => format!("abs({})", inner(self)),
                6 => format!("coalesce({}, {})", inner(self), inner(self)),
                7 => format!("if({}, {}, {})", self.condition(0), inner(self), inner(self)),
                8 => format!("length({})", self.text(0)),
                _ => {
                    let function = self.word(&["floor", "ceil", "round"]);
                    format!("{function}({})", inner(self))
                }
            };
        }
        let hops: Vec<String> = self
            .variables
            .iter()
            .filter(|variable| variable.kind == ScopeVariableKind::Hops)
            .map(|variable| variable.name.clone())
            .collect();
        if let Some(hops) = self.pick(&hops)
            && self.chance(0.5)
        {
            return hops;
        }
        match self.property(&[PropertyKind::I32, PropertyKind::F64, PropertyKind::F32]) {
            Some(property) if self.chance(0.75) => property,
            _ => self.word(&["-1", "0", "1", "2", "3", "0.25", "1.5", "2.0"]).to_owned(),
        }
    }

    /// Returns an expression of type String.
    pub(super) fn text(&mut self, depth: usize) -> String {
        if depth > 0 && self.chance(0.5) {
            let inner = |generator: &mut Self| generator.text(depth - 1);
            return match self.random_below(7) {
                0 => format!("lower({})", inner(self)),
                1 => format!("upper({})", inner(self)),
                2 => format!("trim({})", inner(self)),
                3 => format!("substring({}, 0, 2)", inner(self)),
                4 => format!("replace({}, \"n\", \"m\")", inner(self)),
                5 => format!("coalesce({}, \"none\")", inner(self)),
                _ => format!("({} + {})", inner(self), inner(self)),
            };
        }
        // Generated ids differ from run to run.
        let keyed =
            |types: &[usize]| types.iter().all(|ty| self.schema.nodes.get(*ty).is_some_and(RandomNodeType::keyed));
        let ids: Vec<String> =
            self.nodes().into_iter().filter(|(_, types)| keyed(types)).map(|(name, _)| format!("{name}.@id")).collect();
        match (self.property(&[PropertyKind::Text, PropertyKind::Color]), self.pick(&ids)) {
            (Some(property), _) if self.chance(0.7) => property,
            (_, Some(id)) if self.chance(0.3) => id,
            _ => format!("\"{}\"", text(&mut self.rng)),
        }
    }

    /// Returns an expression of type Date.
    pub(super) fn day(&mut self) -> String {
        match self.property(&[PropertyKind::Date]) {
            Some(day) if self.chance(0.6) => match self.random_below(4) {
                0 => format!("({day} + duration(\"P1M\"))"),
                1 => format!("({day} - duration(\"P2D\"))"),
                2 => format!("date_trunc(\"month\", {day})"),
                _ => day,
            },
            _ => self.word(&["date(\"2024-01-28\")", "date(\"2024-02-29\")"]).to_owned(),
        }
    }
}
