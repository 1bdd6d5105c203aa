//! Random mutations.

use rand::rngs::StdRng;

use super::CaseSize;
use super::model::{NodeKey, PropertyKind, RandomProperty, RandomSchema};
use super::rows;
use super::scope::{QueryGenerator, ScopeVariable, ScopeVariableKind};

/// Number of keys: few, so that rows of different statements collide.
pub(super) const KEY_COUNT: usize = 4;

/// Generates a mutation called `q`, without parameters.
pub(super) fn mutation(rng: StdRng, schema: &RandomSchema, size: CaseSize) -> String {
    let mut generator = QueryGenerator { rng, schema, size, variables: Vec::new(), names: 0 };
    let mut lines = Vec::new();
    if generator.chance(0.3) {
        lines.push(format!("  match {{\n    {}\n  }}", generator.clauses().join("\n    ")));
    }
    for _ in 0..=generator.random_below(4) {
        let statement = generator.statement();
        lines.push(format!("  {statement}"));
    }
    if generator.chance(0.4) {
        lines.extend(generator.returning());
    }
    format!("query q() {{\n{}\n}}", lines.join("\n"))
}

impl QueryGenerator<'_> {
    fn statement(&mut self) -> String {
        match self.random_below(12) {
            0..=2 => self.insert_node(),
            3..=5 => self.insert_edge(),
            6 | 7 => {
                let ty = self.random_below(self.schema.nodes.len());
                self.change(ScopeVariableKind::NodeAtHand(ty), "update")
            }
            8 => {
                let ty = self.random_below(self.schema.edges.len());
                self.change(ScopeVariableKind::EdgeAtHand(ty), "update")
            }
            9 | 10 => {
                let ty = self.random_below(self.schema.edges.len());
                self.change(ScopeVariableKind::EdgeAtHand(ty), "delete")
            }
            _ => {
                let ty = self.random_below(self.schema.nodes.len());
                self.change(ScopeVariableKind::NodeAtHand(ty), "delete")
            }
        }
    }

    fn insert_node(&mut self) -> String {
        let index = self.random_below(self.schema.nodes.len());
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
        self.bound(ScopeVariableKind::Node(vec![index]), word, node.name, &given)
    }

    fn insert_edge(&mut self) -> String {
        let index = self.random_below(self.schema.edges.len());
        let Some(edge) = self.schema.edges.get(index) else { return String::new() };
        let mut given = vec![format!("from: {}", self.end_of(edge.from)), format!("to: {}", self.end_of(edge.to))];
        let word = self.insertion(edge.keyed);
        given.extend(self.assignments(&edge.properties, word));
        if edge.keyed && edge.has_level() && !given.iter().any(|given| given.starts_with("level")) {
            given.push(format!("level: {}", self.random_below(2)));
        }
        self.bound(ScopeVariableKind::Edge(index), word, edge.name, &given)
    }

    /// Generates the statement; its row gets a variable at random.
    fn bound(&mut self, kind: ScopeVariableKind, word: &str, ty: &str, given: &[String]) -> String {
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

    /// Returns a key; sometimes that of a matched node.
    fn key(&mut self) -> String {
        let found: Vec<String> = self.nodes().into_iter().map(|(name, _)| format!("{name}.key")).collect();
        match self.pick(&found) {
            Some(key) if self.chance(0.4) => key,
            _ => format!("\"n{}\"", self.random_below(KEY_COUNT)),
        }
    }

    /// Returns an endpoint of an edge: a matched or inserted node, or an id, rarely an unknown one.
    fn end_of(&mut self, ty: usize) -> String {
        let known: Vec<String> =
            self.nodes().into_iter().filter(|(_, types)| *types == [ty]).map(|(name, _)| name).collect();
        match self.pick(&known) {
            Some(name) if self.chance(0.6) => name,
            _ => {
                let id = self.id(ty);
                literal(&id.into(), PropertyKind::Text)
            }
        }
    }

    /// Returns an id that a node of a type may have.
    pub(super) fn id(&mut self, ty: usize) -> String {
        let key = format!("n{}", self.random_below(KEY_COUNT));
        match self.schema.nodes.get(ty).map(|node| node.key) {
            Some(NodeKey::Composite) => format!("[\"{key}\",\"{}\"]", usize::from(self.chance(0.2))),
            _ => key,
        }
    }

    fn assignments(&mut self, properties: &[RandomProperty], word: &str) -> Vec<String> {
        let mut given = Vec::new();
        for property in properties.iter().filter(|property| property.kind != PropertyKind::Token) {
            let needed = !property.nullable && property.default.is_none() && word != "merge";
            if needed || self.chance(0.4) {
                given.push(format!("{}: {}", property.name, self.value(*property)));
            }
        }
        given
    }

    /// Generates `update` or `delete` of rows of a type.
    fn change(&mut self, kind: ScopeVariableKind, word: &str) -> String {
        let (name, properties) = match &kind {
            ScopeVariableKind::NodeAtHand(ty) => self.schema.nodes.get(*ty).map(|node| (node.name, &node.properties)),
            ScopeVariableKind::EdgeAtHand(ty) => self.schema.edges.get(*ty).map(|edge| (edge.name, &edge.properties)),
            _ => None,
        }
        .unwrap_or(("", const { &Vec::new() }));
        self.variables.push(ScopeVariable { name: String::new(), kind: kind.clone() });
        let fixed = |property: &RandomProperty| property.name == "level" && !property.nullable;
        let free: Vec<RandomProperty> = properties.iter().filter(|property| !fixed(property)).copied().collect();
        let mut set = self.assignments(&free, "merge");
        let condition = self.which(&kind);
        self.variables.pop();
        if word == "delete" || free.is_empty() {
            return format!("delete {name} where {condition}");
        }
        if set.is_empty() {
            let first = free.iter().find(|property| property.kind != PropertyKind::Token);
            set.extend(first.map(|property| format!("{}: {}", property.name, property.name)));
        }
        format!("update {name} set {{ {} }} where {condition}", set.join(", "))
    }

    /// Generates a condition for one row, some rows, matched rows or all rows.
    fn which(&mut self, kind: &ScopeVariableKind) -> String {
        let (nodes, ends) = match kind {
            ScopeVariableKind::NodeAtHand(ty) => (Some(*ty), None),
            ScopeVariableKind::EdgeAtHand(ty) => (None, self.schema.edges.get(*ty).map(|edge| (edge.from, edge.to))),
            _ => (None, None),
        };
        let found: Vec<String> = self
            .variables
            .iter()
            .filter(|variable| match (&variable.kind, kind) {
                (ScopeVariableKind::Node(types), ScopeVariableKind::NodeAtHand(ty)) => types == &[*ty],
                (ScopeVariableKind::Edge(one), ScopeVariableKind::EdgeAtHand(other)) => one == other,
                _ => false,
            })
            .map(|variable| variable.name.clone())
            .collect();
        if let Some(found) = self.pick(&found)
            && self.chance(0.5)
        {
            return format!("@id = {found}.@id");
        }
        match (self.random_below(10), nodes, ends) {
            (0..=3, Some(_), _) => format!("key = \"n{}\"", self.random_below(KEY_COUNT)),
            (4, Some(ty), _) => {
                let id = self.id(ty);
                format!("@id = {}", literal(&id.into(), PropertyKind::Text))
            }
            (0..=2, _, Some((from, _))) => {
                let id = self.id(from);
                format!("from = {}", literal(&id.into(), PropertyKind::Text))
            }
            (3 | 4, _, Some((_, to))) => {
                let id = self.id(to);
                format!("@dst = {}", literal(&id.into(), PropertyKind::Text))
            }
            (5, _, _) => "true".to_owned(),
            _ => self.condition(1),
        }
    }

    /// Returns a value for a property: a literal, or an expression over readable values.
    fn value(&mut self, property: RandomProperty) -> String {
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

    fn computed(&mut self, kind: PropertyKind) -> Option<String> {
        Some(match kind {
            PropertyKind::I32 => {
                let number = self.property(&[PropertyKind::I32])?;
                match self.random_below(4) {
                    0 => format!("({number} + 1)"),
                    1 => format!("coalesce({number}, 0)"),
                    2 => format!("abs({number})"),
                    _ => number,
                }
            }
            PropertyKind::I64 => {
                format!("(coalesce({}, 0) + 1)", self.property(&[PropertyKind::I64, PropertyKind::I32])?)
            }
            PropertyKind::F32 | PropertyKind::F64 => self.number(1),
            PropertyKind::Text => self.text(1),
            PropertyKind::Bool => self.condition(0),
            PropertyKind::Date => self.day(),
            PropertyKind::DateTime => "now()".to_owned(),
            PropertyKind::Color | PropertyKind::Tags => self.property(&[kind])?,
            PropertyKind::Token => return None,
        })
    }

    /// Returns columns over matched and written rows, at random.
    fn returning(&mut self) -> Option<String> {
        let mut columns = Vec::new();
        for variable in self.variables.clone() {
            let read = match variable.kind {
                ScopeVariableKind::Node(_) | ScopeVariableKind::Edge(_) => self.properties_of(&variable),
                _ => continue,
            };
            let read: Vec<String> = read.into_iter().map(|(written, _)| written).collect();
            let column = match self.random_below(4) {
                0 => variable.name.clone(),
                1 => format!("{}.@id", variable.name),
                _ => self.pick(&read).unwrap_or_else(|| format!("{}.@id", variable.name)),
            };
            columns.push(format!("{column} as c{}", columns.len()));
        }
        (!columns.is_empty()).then(|| format!("  return {{ {} }}", columns.join(", ")))
    }
}

/// Converts a value of the load format to a literal of the query language.
pub(super) fn literal(json: &serde_json::Value, kind: PropertyKind) -> String {
    match kind {
        PropertyKind::Date => format!("date({json})"),
        PropertyKind::DateTime => format!("datetime({json})"),
        _ => json.to_string(),
    }
}
