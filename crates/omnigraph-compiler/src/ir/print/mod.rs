//! The logical form as stable text, for snapshots and `explain`.
//!
//! Variables print as `$name#id`, or `#id` when they have no name.

mod expr;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{
    CorrelatedBlock, CorrelatedKind, ExpandPattern, ExpandRows, Expr, HopRange, InsertMode, MutationQuery,
    MutationStatement, ObjectKind, OrderKey, OutputColumn, PathMode, PathSearch, PatternBlock, PatternVariable,
    QueryOperation, QueryParam, ReadBody, ReadQuery, RowCount, StatementKind, StepDirection, TypeRef, UnionMode, VarId,
    VariableKind,
};

/// Prints an operation.
#[must_use]
pub fn print(operation: &QueryOperation) -> String {
    let mut printer = IrPrinter { out: String::new(), indent: 0, names: BTreeMap::new(), params: operation.params() };
    match operation {
        QueryOperation::Read(query) => printer.query(query),
        QueryOperation::Mutation(mutation) => printer.mutation(mutation),
    }
    printer.out
}

/// Prints an expression; parameters by index.
#[must_use]
pub fn print_expr(expr: &Expr) -> String {
    IrPrinter { out: String::new(), indent: 0, names: BTreeMap::new(), params: &[] }.expr(expr)
}

struct IrPrinter<'a> {
    out: String,
    indent: usize,
    names: BTreeMap<VarId, String>,
    params: &'a [QueryParam],
}

impl IrPrinter<'_> {
    fn line(&mut self, text: impl AsRef<str>) {
        self.out.extend(std::iter::repeat_n("  ", self.indent));
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self)) {
        self.indent += 1;
        print(self);
        self.indent -= 1;
    }

    fn var(&self, id: VarId) -> String {
        self.names.get(&id).map_or_else(|| format!("#{}", id.0), |name| format!("${name}#{}", id.0))
    }

    fn header(&mut self, kind: &str, name: &str) {
        let params: Vec<_> = self.params.iter().map(|param| format!("${}: {}", param.name, param.ty)).collect();
        self.line(format!("{kind} {name}({})", params.join(", ")));
    }

    fn query(&mut self, query: &ReadQuery) {
        self.header("read", &query.name);
        self.indent += 1;
        for (index, body) in query.bodies.iter().enumerate() {
            if index > 0 {
                self.line(if query.union == UnionMode::All { "union all" } else { "union" });
            }
            self.names.clear();
            self.body(body);
        }
        if query.bodies.len() > 1 {
            let columns: Vec<_> =
                query.columns.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
            self.line(format!("columns {}", columns.join(", ")));
            self.names.clear();
        }
        if let Some(rank) = &query.order.rank {
            let text = self.rank(rank);
            self.line(format!("rank {text}"));
        }
        self.keys("order", &query.order.keys);
        if query.order.rank.is_some() || !query.order.keys.is_empty() || query.after.is_some() {
            self.keys("ties", &query.order.ties);
        }
        if query.order.total {
            self.line("total");
        }
        for (word, count) in [("offset", query.offset), ("limit", query.limit)] {
            match count {
                Some(RowCount::Literal(value)) => self.line(format!("{word} {value}")),
                Some(RowCount::Param(index)) => {
                    let param = self.param(index);
                    self.line(format!("{word} {param}"));
                }
                None => {}
            }
        }
        if let Some(index) = query.after {
            let param = self.param(index);
            self.line(format!("after {param}"));
        }
        self.indent -= 1;
    }

    fn keys(&mut self, word: &str, keys: &[OrderKey]) {
        if keys.is_empty() {
            return;
        }
        let texts: Vec<_> = keys
            .iter()
            .map(|key| format!("{} {}", self.expr(&key.expr), if key.descending { "desc" } else { "asc" }))
            .collect();
        self.line(format!("{word} {}", texts.join(", ")));
    }

    fn body(&mut self, body: &ReadBody) {
        self.block(&body.block);
        if let Some(group) = &body.group {
            let keys: Vec<_> = group.keys.iter().map(|key| self.expr(key)).collect();
            self.line(format!("group [{}]", keys.join(", ")));
            for (index, aggregate) in group.aggregates.iter().enumerate() {
                let text = self.aggregate(aggregate);
                self.nested(|printer| printer.line(format!("agg{index} = {text}: {}", aggregate.ty)));
            }
        }
        self.columns(if body.distinct { "return distinct" } else { "return" }, &body.columns);
        if let Some(having) = &body.having {
            let text = self.expr(having);
            self.line(format!("having {text}"));
        }
    }

    fn columns(&mut self, word: &str, columns: &[OutputColumn]) {
        self.line(word);
        for column in columns {
            let text = self.expr(&column.expr);
            self.nested(|printer| printer.line(format!("{} = {text}: {}", column.name, column.expr.ty)));
        }
    }

    fn block(&mut self, block: &PatternBlock) {
        for variable in &block.variables {
            self.variable(variable);
        }
        for expand in &block.expands {
            let text = self.expand(expand);
            self.line(format!("expand {text}"));
        }
        for path in &block.paths {
            self.path(path);
        }
        for nested in &block.blocks {
            self.correlated(nested);
        }
        for filter in &block.filters {
            let text = self.expr(filter);
            self.line(format!("filter {text}"));
        }
    }

    fn variable(&mut self, variable: &PatternVariable) {
        if let Some(name) = &variable.name {
            self.names.insert(variable.id, name.clone());
        }
        let kind = match &variable.kind {
            VariableKind::Node { types } => format!("node {}", type_names(types)),
            VariableKind::Edge { types } => format!("edge {}", type_names(types)),
            VariableKind::Hops => "hops".to_owned(),
            VariableKind::Path => "path".to_owned(),
            VariableKind::Value { ty } => format!("value {ty}"),
        };
        let name = self.var(variable.id);
        self.line(format!("{name}: {kind}"));
    }

    fn expand(&mut self, expand: &ExpandPattern) -> String {
        if let Some(name) = expand.walk.as_ref().and_then(|walk| Some((walk.edge.id, walk.edge.name.clone()?))) {
            self.names.insert(name.0, name.1);
        }
        let steps: Vec<_> = expand
            .steps
            .iter()
            .map(|step| match step.direction {
                StepDirection::Out => format!("{}>", step.edge.name),
                StepDirection::In => format!("<{}", step.edge.name),
                StepDirection::Both => format!("<{}>", step.edge.name),
            })
            .collect();
        let mut out = format!("{} -[{}", self.var(expand.from), steps.join(" | "));
        match expand.hops {
            HopRange::One => {}
            // Writing to a String cannot fail.
            HopRange::Range { min, max: Some(max) } => {
                let _ = write!(out, " {min}..{max}");
            }
            HopRange::Range { min, max: None } => {
                let _ = write!(out, " {min}..");
            }
        }
        let _ = write!(out, "]- {}", self.var(expand.to));
        if let ExpandRows::Edges(edge) = expand.rows {
            let _ = write!(out, " as {}", self.var(edge));
        }
        if let Some(hops) = expand.hop_count {
            let _ = write!(out, " hops {}", self.var(hops));
        }
        if let Some(walk) = &expand.walk {
            let _ = write!(out, " each {}", self.var(walk.edge.id));
            if let Some(filter) = &walk.filter {
                let _ = write!(out, " where {}", self.expr(filter));
            }
        }
        out
    }

    fn path(&mut self, path: &PathSearch) {
        let expand = self.expand(&path.expand);
        let mode = match &path.mode {
            PathMode::Shortest => "shortest".to_owned(),
            PathMode::AllShortest => "all_shortest".to_owned(),
            PathMode::Cheapest { cost } => format!("cheapest by {}", self.expr(cost)),
        };
        let name = self.var(path.path);
        self.line(format!("path {name} = {mode} {expand}"));
    }

    fn correlated(&mut self, nested: &CorrelatedBlock) {
        let outer: Vec<_> = nested.outer.iter().map(|id| self.var(*id)).collect();
        let (word, aggregate) = match &nested.kind {
            CorrelatedKind::NotExists => ("not exists".to_owned(), None),
            CorrelatedKind::Exists => ("exists".to_owned(), None),
            CorrelatedKind::Optional => ("optional".to_owned(), None),
            CorrelatedKind::Aggregate { into, aggregate } => {
                (format!("{} = aggregate", self.var(*into)), Some(aggregate))
            }
        };
        self.line(format!("{word} over {}", outer.join(", ")));
        self.nested(|printer| {
            printer.block(&nested.block);
            if let Some(aggregate) = aggregate {
                let text = printer.aggregate(aggregate);
                printer.line(format!("yields {text}: {}", aggregate.ty));
            }
        });
    }

    fn mutation(&mut self, mutation: &MutationQuery) {
        self.header("mutation", &mutation.name);
        self.indent += 1;
        if let Some(block) = &mutation.block {
            self.line("for each");
            self.nested(|printer| printer.block(block));
            self.keys("in order of", &mutation.order);
        }
        for statement in &mutation.statements {
            self.statement(statement);
        }
        if !mutation.returning.is_empty() {
            self.columns("return", &mutation.returning);
        }
        self.indent -= 1;
    }

    fn statement(&mut self, statement: &MutationStatement) {
        if let Some(name) = &statement.row.name {
            self.names.insert(statement.row.id, name.clone());
        }
        let entity = if statement.entity == ObjectKind::Node { "node" } else { "edge" };
        let row = self.var(statement.row.id);
        let (word, assignments) = match &statement.kind {
            StatementKind::Insert(insert) => {
                let mode = match insert.mode {
                    InsertMode::Upsert => "upsert",
                    InsertMode::New => "insert new",
                    InsertMode::IfAbsent => "insert if absent",
                    InsertMode::Merge => "merge",
                };
                (mode, insert.assignments.as_slice())
            }
            StatementKind::Update(update) => ("update", update.assignments.as_slice()),
            StatementKind::Delete(_) => ("delete", &[][..]),
        };
        self.line(format!("{word} {entity} {} {row}", statement.ty.name));
        self.indent += 1;
        if let StatementKind::Insert(insert) = &statement.kind
            && let Some(ends) = &insert.endpoints
        {
            let (from, to) = (self.expr(&ends.from), self.expr(&ends.to));
            self.line(format!("from {from} to {to}"));
        }
        for assignment in assignments {
            let text = self.expr(&assignment.value);
            self.line(format!("{} = {text}: {}", assignment.property.name, assignment.value.ty));
        }
        match &statement.kind {
            StatementKind::Update(update) => {
                let text = self.expr(&update.predicate);
                self.line(format!("where {text}"));
            }
            StatementKind::Delete(delete) => {
                let text = self.expr(&delete.predicate);
                self.line(format!("where {text}"));
            }
            StatementKind::Insert(_) => {}
        }
        self.indent -= 1;
    }
}

fn type_names(types: &[TypeRef]) -> String {
    if types.is_empty() {
        return "nothing".to_owned();
    }
    types.iter().map(|ty| ty.name.as_str()).collect::<Vec<_>>().join(" | ")
}
