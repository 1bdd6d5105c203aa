//! Random clauses.

use super::scope::{QueryGenerator, ScopeVariableKind};

/// Limits node variables: the reference evaluator tries every combination of their nodes.
const MAX_NODE_VARIABLES: usize = 4;

impl QueryGenerator<'_> {
    /// Generates a block that does not depend on another: bindings first.
    pub(super) fn clauses(&mut self) -> Vec<String> {
        let mut clauses = vec![self.binding()];
        for _ in 0..self.random_below(self.size.clauses + 1) {
            let clause = self.clause(self.size.depth);
            clauses.push(clause);
        }
        clauses
    }

    fn clause(&mut self, depth: usize) -> String {
        match self.random_below(20) {
            0..=7 => self.traversal(),
            8 => self.selection(),
            9 => self.path(),
            10 if self.nodes().len() < 3 => self.binding(),
            11..=14 if depth > 0 => self.block(depth),
            15 if depth > 0 => self.aggregate_block(depth),
            _ => self.condition(2),
        }
    }

    /// `$v: Type`, perhaps with an inline property.
    fn binding(&mut self) -> String {
        let named = self.schema.named();
        let (name, types) = if self.chance(0.2) {
            ("Named", named)
        } else {
            let index = self.random_below(self.schema.nodes.len());
            (self.schema.nodes.get(index).map_or("Named", |node| node.name), vec![index])
        };
        let inline = match self.random_below(6) {
            0 => " { key: \"n0\" }",
            1 if types.iter().all(|index| self.schema.nodes.get(*index).is_some_and(|node| node.named)) => {
                " { score: 1 }"
            }
            _ => "",
        };
        let inline = if name == "Named" && inline.contains("key") { "" } else { inline };
        let variable = self.bind(ScopeVariableKind::Node(types));
        format!("{variable}: {name}{inline}")
    }

    /// A traversal from a variable of one type, over one edge type.
    fn traversal(&mut self) -> String {
        let single: Vec<(String, usize)> = self
            .nodes()
            .into_iter()
            .filter_map(|(name, types)| if let [only] = types[..] { Some((name, only)) } else { None })
            .collect();
        let Some((start, ty)) = self.pick(&single) else { return self.condition(1) };
        let incident: Vec<usize> = (0..self.schema.edges.len())
            .filter(|index| self.schema.edges.get(*index).is_some_and(|edge| edge.from == ty || edge.to == ty))
            .collect();
        let Some(index) = self.pick(&incident) else { return self.condition(1) };
        let Some(edge) = self.schema.edges.get(index) else { return self.condition(1) };
        let (same, far) = (edge.from == edge.to, if edge.from == ty { edge.to } else { edge.from });
        let (written, costly) = (edge.traversal, edge.properties.iter().any(|property| property.name == "cost"));
        let name = if same && self.chance(0.25) { format!("<{written}>") } else { written.to_owned() };
        let middle = self.middle(index, &name, costly);
        let end = self.end(far);
        if same && self.chance(0.3) && end != "$_" {
            format!("{end} {middle} {start}")
        } else {
            format!("{start} {middle} {end}")
        }
    }

    /// Generates the part between the endpoints: an edge binding, a walk, a condition, or just the name.
    fn middle(&mut self, edge: usize, name: &str, costly: bool) -> String {
        let bounds = self.word(&["{1,2}", "{0,2}", "{2,3}", "{2}", "{1,}", "{1,1}", "{0,1}"]);
        match self.random_below(9) {
            0 | 1 => format!("{}:{name}", self.bind(ScopeVariableKind::Edge(edge))),
            2 | 3 => format!("{name}{bounds}"),
            4 => format!("{}@{name}{bounds}", self.bind(ScopeVariableKind::Hops)),
            5 if costly => {
                let edge = self.walk_edge();
                // Half of the bounds depend on other values of the row.
                let most = if self.chance(0.5) { self.number(1) } else { "3.5".to_owned() };
                format!("{edge}:{name}{bounds} where {edge}.cost < {most}")
            }
            6 if costly => format!("{name} {{ cost: {} }}", self.word(&["1.5", "2.0", "0.5"])),
            7 if costly => {
                let edge = self.bind(ScopeVariableKind::Edge(edge));
                format!("{edge}:{name} where {edge}.cost >= 1")
            }
            _ => name.to_owned(),
        }
    }

    /// A name for every edge of a walk, which cannot be read outside of it.
    fn walk_edge(&mut self) -> String {
        self.names += 1;
        format!("$w{}", self.names)
    }

    /// The far end of a traversal: new, anonymous, or a variable that is there.
    fn end(&mut self, ty: usize) -> String {
        let known: Vec<String> =
            self.nodes().into_iter().filter(|(_, types)| *types == [ty]).map(|(name, _)| name).collect();
        let full = self.nodes().len() >= MAX_NODE_VARIABLES;
        match (self.pick(&known), self.random_below(10)) {
            (Some(known), 0 | 1) => known,
            (_, 2) => "$_".to_owned(),
            (Some(known), _) if full => known,
            (None, _) if full => "$_".to_owned(),
            _ => self.bind(ScopeVariableKind::Node(vec![ty])),
        }
    }

    /// A traversal over several edge types.
    fn selection(&mut self) -> String {
        let nodes = self.nodes();
        let Some((start, types)) = self.pick(&nodes) else { return self.condition(1) };
        let [ty] = types[..] else { return self.condition(1) };
        let leaving: Vec<usize> = (0..self.schema.edges.len())
            .filter(|index| self.schema.edges.get(*index).is_some_and(|edge| edge.from == ty))
            .collect();
        if leaving.len() < 2 || nodes.len() >= MAX_NODE_VARIABLES {
            return self.condition(1);
        }
        let edges = leaving.iter().take(2).filter_map(|index| self.schema.edges.get(*index));
        let (names, mut far): (Vec<&str>, Vec<usize>) = edges.map(|edge| (edge.traversal, edge.to)).unzip();
        far.sort_unstable();
        far.dedup();
        let end = self.bind(ScopeVariableKind::Node(far));
        format!("{start} ({}) {end}", names.join(" | "))
    }

    /// A path between two variables of the type of an edge that leads to its own type.
    fn path(&mut self) -> String {
        let looping: Vec<(usize, &str, usize, bool)> = (self.schema.edges.iter().enumerate())
            .filter(|(_, edge)| edge.from == edge.to)
            .map(|(index, edge)| {
                (index, edge.traversal, edge.from, edge.properties.iter().any(|property| property.name == "cost"))
            })
            .collect();
        let nodes = self.nodes();
        let Some((_, name, ty, costly)) = self.pick(&looping) else { return self.condition(1) };
        let starts: Vec<String> =
            nodes.iter().filter(|(_, types)| *types == [ty]).map(|(name, _)| name.clone()).collect();
        let Some(start) = self.pick(&starts) else { return self.condition(1) };
        let bounds = self.word(&["{1,2}", "{1,3}", "{0,2}"]);
        let mode = self.random_below(3);
        let end = self.end(ty);
        let edge = self.walk_edge();
        let more = if self.chance(0.4) { format!(" + coalesce(abs({}), 0)", self.number(1)) } else { String::new() };
        let path = self.bind(ScopeVariableKind::Path);
        match mode {
            0 if costly => format!("path {path} = cheapest {start} {edge}:{name}{bounds} {end} by {edge}.cost{more}"),
            1 => format!("path {path} = all_shortest {start} {name}{bounds} {end}"),
            _ => format!("path {path} = shortest {start} {name}{bounds} {end}"),
        }
    }

    /// `not`, `exists` or `optional`. Only what is optional can be read behind it.
    fn block(&mut self, depth: usize) -> String {
        let word = self.word(&["not", "exists", "optional", "optional"]);
        let outside = self.variables.clone();
        let clauses = self.inner(depth - 1);
        if word != "optional" {
            self.variables = outside;
        }
        format!("{word} {{ {clauses} }}")
    }

    /// A condition on the number of rows of a block, or on a sum over them.
    fn aggregate_block(&mut self, depth: usize) -> String {
        let value = self.aggregate_value(depth);
        let op = self.word(&[">", ">=", "=", "<"]);
        let bound = self.random_below(3);
        format!("({value} {op} {bound})")
    }

    /// `count { … }` and the like, as a number.
    pub(super) fn aggregate_value(&mut self, depth: usize) -> String {
        let outside = self.variables.clone();
        let clauses = self.inner(depth.saturating_sub(1));
        let word = match self.property(&[super::model::PropertyKind::I32, super::model::PropertyKind::F64]) {
            Some(property) if self.chance(0.5) => {
                let function = self.word(&["sum", "min", "max", "count"]);
                format!("{function}({property})")
            }
            _ => "count".to_owned(),
        };
        self.variables = outside;
        format!("{word} {{ {clauses} }}")
    }

    /// The clauses of a block: one that mentions a variable around it, then others.
    fn inner(&mut self, depth: usize) -> String {
        let mut clauses = vec![if self.chance(0.85) { self.traversal() } else { self.condition(1) }];
        for _ in 0..self.random_below(3) {
            let clause = self.clause(depth);
            clauses.push(clause);
        }
        clauses.join("  ")
    }
}
