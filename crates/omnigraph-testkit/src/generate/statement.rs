//! Random mutations.

use rand::rngs::StdRng;

use super::Size;
use super::model::{Kind, NodeKey, Property, Schema};
use super::rows;
use super::scope::{Maker, Variable, VariableKind};

/// Keys that rows are written under: few, so that they meet.
pub(super) const KEYS: usize = 4;

/// A mutation called `q`, without parameters.
pub(super) fn mutation(rng: StdRng, schema: &Schema, size: Size) -> String {
    let mut maker = Maker { rng, schema, size, variables: Vec::new(), names: 0 };
    let mut lines = Vec::new();
    if maker.chance(0.3) {
        lines.push(format!("  match {{\n    {}\n  }}", maker.clauses().join("\n    ")));
    }
    for _ in 0..=maker.below(4) {
        let statement = maker.statement();
        lines.push(format!("  {statement}"));
    }
    if maker.chance(0.4) {
        lines.extend(maker.returning());
    }
    format!("query q() {{\n{}\n}}", lines.join("\n"))
}

impl Maker<'_> {
    fn statement(&mut self) -> String {
        match self.below(12) {
            0..=2 => self.insert_node(),
            3..=5 => self.insert_edge(),
            6 | 7 => {
                let ty = self.below(self.schema.nodes.len());
                self.change(VariableKind::NodeAtHand(ty), "update")
            }
            8 => {
                let ty = self.below(self.schema.edges.len());
                self.change(VariableKind::EdgeAtHand(ty), "update")
            }
            9 | 10 => {
                let ty = self.below(self.schema.edges.len());
                self.change(VariableKind::EdgeAtHand(ty), "delete")
            }
            _ => {
                let ty = self.below(self.schema.nodes.len());
                self.change(VariableKind::NodeAtHand(ty), "delete")
            }
        }
    }

    fn insert_node(&mut self) -> String {
        let index = self.below(self.schema.nodes.len());
        let Some(node) = self.schema.nodes.get(index) else { return String::new() };
        let mut given = match node.key {
            NodeKey::Single => vec![format!("key: {}", self.key())],
            NodeKey::Composite => {
                vec![format!("key: {}", self.key()), format!("part: {}", usize::from(self.chance(0.2)))]
            }
            NodeKey::None => vec![format!("key: {}", self.key())],
        };
        let word = self.insertion(node.keyed());
        given.extend(self.assignments(&node.properties, word));
        self.bound(VariableKind::Node(vec![index]), word, node.name, &given)
    }

    fn insert_edge(&mut self) -> String {
        let index = self.below(self.schema.edges.len());
        let Some(edge) = self.schema.edges.get(index) else { return String::new() };
        let mut given = vec![format!("from: {}", self.end_of(edge.from)), format!("to: {}", self.end_of(edge.to))];
        let word = self.insertion(edge.keyed);
        given.extend(self.assignments(&edge.properties, word));
        if edge.keyed && edge.has_level() && !given.iter().any(|given| given.starts_with("level")) {
            given.push(format!("level: {}", self.below(2)));
        }
        self.bound(VariableKind::Edge(index), word, edge.name, &given)
    }

    /// The statement; perhaps its row gets a name.
    fn bound(&mut self, kind: VariableKind, word: &str, ty: &str, given: &[String]) -> String {
        let name = if self.chance(0.4) { format!("{}: ", self.bind(kind)) } else { String::new() };
        format!("{name}{word} {ty} {{ {} }}", given.join(", "))
    }

    fn insertion(&mut self, keyed: bool) -> &'static str {
        if keyed {
            self.word(&["insert", "insert", "insert", "insert new", "insert if absent", "merge", "merge"])
        } else {
            self.word(&["insert", "insert", "insert new"])
        }
    }

    /// The text of a key; sometimes that of a node that was found.
    fn key(&mut self) -> String {
        let found: Vec<String> = self.nodes().into_iter().map(|(name, _)| format!("{name}.key")).collect();
        match self.pick(&found) {
            Some(key) if self.chance(0.4) => key,
            _ => format!("\"n{}\"", self.below(KEYS)),
        }
    }

    /// An end of an edge: a node that was found or written, or an id, rarely one that nothing has.
    fn end_of(&mut self, ty: usize) -> String {
        let known: Vec<String> =
            self.nodes().into_iter().filter(|(_, types)| *types == [ty]).map(|(name, _)| name).collect();
        match self.pick(&known) {
            Some(name) if self.chance(0.6) => name,
            _ => {
                let id = self.id(ty);
                literal(&id.into(), Kind::Text)
            }
        }
    }

    /// An id that a node of a type may have.
    pub(super) fn id(&mut self, ty: usize) -> String {
        let key = format!("n{}", self.below(KEYS));
        match self.schema.nodes.get(ty).map(|node| node.key) {
            Some(NodeKey::Composite) => format!("[\"{key}\",\"{}\"]", usize::from(self.chance(0.2))),
            _ => key,
        }
    }

    fn assignments(&mut self, properties: &[Property], word: &str) -> Vec<String> {
        let mut given = Vec::new();
        for property in properties.iter().filter(|property| property.kind != Kind::Token) {
            let needed = !property.nullable && property.default.is_none() && word != "merge";
            if needed || self.chance(0.4) {
                given.push(format!("{}: {}", property.name, self.value(*property)));
            }
        }
        given
    }

    /// `update` or `delete` of rows of a type.
    fn change(&mut self, kind: VariableKind, word: &str) -> String {
        let (name, properties) = match &kind {
            VariableKind::NodeAtHand(ty) => self.schema.nodes.get(*ty).map(|node| (node.name, &node.properties)),
            VariableKind::EdgeAtHand(ty) => self.schema.edges.get(*ty).map(|edge| (edge.name, &edge.properties)),
            _ => None,
        }
        .unwrap_or(("", const { &Vec::new() }));
        self.variables.push(Variable { name: String::new(), kind: kind.clone() });
        let fixed = |property: &Property| property.name == "level" && !property.nullable;
        let free: Vec<Property> = properties.iter().filter(|property| !fixed(property)).copied().collect();
        let mut set = self.assignments(&free, "merge");
        let condition = self.which(&kind);
        self.variables.pop();
        if word == "delete" || free.is_empty() {
            return format!("delete {name} where {condition}");
        }
        if set.is_empty() {
            let first = free.iter().find(|property| property.kind != Kind::Token);
            set.extend(first.map(|property| format!("{}: {}", property.name, property.name)));
        }
        format!("update {name} set {{ {} }} where {condition}", set.join(", "))
    }

    /// Which rows: one, some, those that were found, all.
    fn which(&mut self, kind: &VariableKind) -> String {
        let (nodes, ends) = match kind {
            VariableKind::NodeAtHand(ty) => (Some(*ty), None),
            VariableKind::EdgeAtHand(ty) => (None, self.schema.edges.get(*ty).map(|edge| (edge.from, edge.to))),
            _ => (None, None),
        };
        let found: Vec<String> = self
            .variables
            .iter()
            .filter(|variable| match (&variable.kind, kind) {
                (VariableKind::Node(types), VariableKind::NodeAtHand(ty)) => types == &[*ty],
                (VariableKind::Edge(one), VariableKind::EdgeAtHand(other)) => one == other,
                _ => false,
            })
            .map(|variable| variable.name.clone())
            .collect();
        if let Some(found) = self.pick(&found)
            && self.chance(0.5)
        {
            return format!("@id = {found}.@id");
        }
        match (self.below(10), nodes, ends) {
            (0..=3, Some(_), _) => format!("key = \"n{}\"", self.below(KEYS)),
            (4, Some(ty), _) => {
                let id = self.id(ty);
                format!("@id = {}", literal(&id.into(), Kind::Text))
            }
            (0..=2, _, Some((from, _))) => {
                let id = self.id(from);
                format!("from = {}", literal(&id.into(), Kind::Text))
            }
            (3 | 4, _, Some((_, to))) => {
                let id = self.id(to);
                format!("@dst = {}", literal(&id.into(), Kind::Text))
            }
            (5, _, _) => "true".to_owned(),
            _ => self.condition(1),
        }
    }

    /// A value for a property: written, or computed of what can be read.
    fn value(&mut self, property: Property) -> String {
        if property.nullable && self.chance(0.1) {
            return "null".to_owned();
        }
        if self.chance(0.35)
            && let Some(computed) = self.computed(property.kind)
        {
            return computed;
        }
        let json = rows::value(&mut self.rng, property.kind);
        literal(&json, property.kind)
    }

    fn computed(&mut self, kind: Kind) -> Option<String> {
        Some(match kind {
            Kind::I32 => {
                let number = self.property(&[Kind::I32])?;
                match self.below(4) {
                    0 => format!("({number} + 1)"),
                    1 => format!("coalesce({number}, 0)"),
                    2 => format!("abs({number})"),
                    _ => number,
                }
            }
            Kind::I64 => format!("(coalesce({}, 0) + 1)", self.property(&[Kind::I64, Kind::I32])?),
            Kind::F32 | Kind::F64 => self.number(1),
            Kind::Text => self.text(1),
            Kind::Bool => self.condition(0),
            Kind::Date => self.day(),
            Kind::DateTime => "now()".to_owned(),
            Kind::Color | Kind::Tags => self.property(&[kind])?,
            Kind::Token => return None,
        })
    }

    /// Perhaps columns over what was found and written.
    fn returning(&mut self) -> Option<String> {
        let mut columns = Vec::new();
        for variable in self.variables.clone() {
            let read = match variable.kind {
                VariableKind::Node(_) | VariableKind::Edge(_) => self.properties_of(&variable),
                _ => continue,
            };
            let read: Vec<String> = read.into_iter().map(|(written, _)| written).collect();
            let column = match self.below(4) {
                0 => variable.name.clone(),
                1 => format!("{}.@id", variable.name),
                _ => self.pick(&read).unwrap_or_else(|| format!("{}.@id", variable.name)),
            };
            columns.push(format!("{column} as c{}", columns.len()));
        }
        (!columns.is_empty()).then(|| format!("  return {{ {} }}", columns.join(", ")))
    }
}

/// A value of the load format as queries write it.
pub(super) fn literal(json: &serde_json::Value, kind: Kind) -> String {
    match kind {
        Kind::Date => format!("date({json})"),
        Kind::DateTime => format!("datetime({json})"),
        _ => json.to_string(),
    }
}
