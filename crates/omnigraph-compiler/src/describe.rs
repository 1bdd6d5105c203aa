//! Descriptions of queries as data: parameters, result columns, types read and written.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::gq::ast::{self, QueryDecl};
use crate::ir::{
    ExpandPattern, ExprKind, ExprType, MutationQuery, ObjectKind, PatternBlock, QueryOperation, QueryParam, ReadBody,
    ReadQuery, StatementKind, TypeRef, VariableKind,
};
use crate::types::{PropType, ScalarType};

/// Result columns of an operation, and the types it reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperationDescriptor {
    /// Result columns in order.
    pub result: Vec<FieldDescriptor>,
    /// Types that execution may read: nodes before edges, then by name.
    pub reads: Vec<TouchedType>,
    /// Types that execution may change.
    pub writes: Vec<TouchedType>,
}

/// A column or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDescriptor {
    /// Its name.
    pub name: String,
    /// Kind of its values.
    pub kind: &'static str,
    /// Kind of the items of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_kind: Option<&'static str>,
    /// Number of dimensions of a vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_dim: Option<u32>,
    /// `true` if it may be null.
    pub nullable: bool,
}

/// A type that an operation reads or writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TouchedType {
    /// 0 for nodes, 1 for edges.
    #[serde(skip)]
    order: u8,
    /// `node` or `edge`.
    pub kind: &'static str,
    /// Its name.
    pub type_name: String,
}

/// Interface of a stored query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredQuery {
    /// Its name.
    pub name: String,
    /// The name of the tool that runs it.
    pub tool_name: String,
    /// `@description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `@instruction`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// `true` if it writes.
    pub mutation: bool,
    /// Its parameters in order.
    pub params: Vec<FieldDescriptor>,
}

/// Describes a checked operation.
#[must_use]
pub fn describe(operation: &QueryOperation, catalog: &Catalog) -> OperationDescriptor {
    let mut facts = TypeCollector { catalog, reads: BTreeSet::new(), writes: BTreeSet::new() };
    let result = match operation {
        QueryOperation::Read(query) => {
            query.bodies.iter().for_each(|body| facts.block(&body.block));
            query
                .columns
                .iter()
                .enumerate()
                .map(|(index, described)| column(query, index, field(&described.name, &described.ty)))
                .collect()
        }
        QueryOperation::Mutation(mutation) => {
            facts.mutation(mutation);
            mutation.returning.iter().map(|column| field(&column.name, &column.expr.ty)).collect()
        }
    };
    OperationDescriptor { result, reads: facts.reads.into_iter().collect(), writes: facts.writes.into_iter().collect() }
}

/// Describes a query as the catalog of stored queries lists it.
#[must_use]
pub fn stored_query(decl: &QueryDecl) -> StoredQuery {
    let name = decl.name.text.clone();
    StoredQuery {
        tool_name: name.clone(),
        name,
        description: decl.description.clone(),
        instruction: decl.instruction.clone(),
        mutation: matches!(decl.body, ast::AstBody::Mutation(_)),
        params: decl.params.iter().map(|param| field(&param.name.text, &ExprType::Value(param.ty.clone()))).collect(),
    }
}

/// Describes parameters.
#[must_use]
pub fn params(params: &[QueryParam]) -> Vec<FieldDescriptor> {
    params.iter().map(|param| field(&param.name, &ExprType::Value(param.ty.clone()))).collect()
}

/// Describes all aggregates as nullable: a reader need not know which of them has a value for no rows.
fn column(query: &ReadQuery, index: usize, described: FieldDescriptor) -> FieldDescriptor {
    let aggregates = |body: &ReadBody| {
        body.columns.get(index).is_some_and(|column| matches!(column.expr.kind, ExprKind::Aggregated(_)))
    };
    FieldDescriptor { nullable: described.nullable || query.bodies.iter().any(aggregates), ..described }
}

fn field(name: &str, ty: &ExprType) -> FieldDescriptor {
    let (kind, item_kind, vector_dim) = match ty {
        ExprType::Value(ty) if ty.list => ("list", Some(scalar_kind(ty)), None),
        ExprType::Value(ty) => match ty.scalar {
            ScalarType::Vector(dimension) => ("vector", None, Some(dimension)),
            _ => (scalar_kind(ty), None, None),
        },
        ExprType::Null => ("null", None, None),
        ExprType::Duration { .. } => ("duration", None, None),
        ExprType::Object { .. } => ("object", None, None),
        ExprType::Objects { .. } => ("list", Some("object"), None),
        ExprType::Path { .. } => ("path", None, None),
    };
    FieldDescriptor { name: name.to_owned(), kind, item_kind, vector_dim, nullable: ty.nullable() }
}

const fn scalar_kind(ty: &PropType) -> &'static str {
    match ty.scalar {
        ScalarType::String => "string",
        ScalarType::Bool => "bool",
        ScalarType::I32 | ScalarType::U32 => "int",
        ScalarType::I64 | ScalarType::U64 => "bigint",
        ScalarType::F32 | ScalarType::F64 => "float",
        ScalarType::Date => "date",
        ScalarType::DateTime => "datetime",
        ScalarType::Blob => "blob",
        ScalarType::Json => "json",
        ScalarType::Vector(_) => "vector",
    }
}

fn fact(kind: ObjectKind, name: &str) -> TouchedType {
    let (order, kind) = if kind == ObjectKind::Node { (0, "node") } else { (1, "edge") };
    TouchedType { order, kind, type_name: name.to_owned() }
}

struct TypeCollector<'a> {
    catalog: &'a Catalog,
    reads: BTreeSet<TouchedType>,
    writes: BTreeSet<TouchedType>,
}

impl TypeCollector<'_> {
    fn block(&mut self, block: &PatternBlock) {
        for variable in &block.variables {
            if let VariableKind::Node { types } = &variable.kind {
                self.reads.extend(types.iter().map(|ty| fact(ObjectKind::Node, &ty.name)));
            }
        }
        for expand in block.expands.iter().chain(block.paths.iter().map(|path| &path.expand)) {
            self.expand(expand);
        }
        block.blocks.iter().for_each(|nested| self.block(&nested.block));
    }

    fn expand(&mut self, expand: &ExpandPattern) {
        for step in &expand.steps {
            self.edge(&step.edge);
        }
    }

    /// Adds an edge type and the node types at its endpoints.
    fn edge(&mut self, edge: &TypeRef) {
        self.reads.insert(fact(ObjectKind::Edge, &edge.name));
        if let Some(edge) = self.catalog.edges.get(&edge.name) {
            self.reads.insert(fact(ObjectKind::Node, &edge.from));
            self.reads.insert(fact(ObjectKind::Node, &edge.to));
        }
    }

    fn mutation(&mut self, mutation: &MutationQuery) {
        if let Some(block) = &mutation.block {
            self.block(block);
        }
        for statement in &mutation.statements {
            self.writes.insert(fact(statement.entity, &statement.ty.name));
            let inserts = matches!(statement.kind, StatementKind::Insert(_));
            match (statement.entity, inserts) {
                (ObjectKind::Edge, _) => self.edge(&statement.ty),
                (ObjectKind::Node, false) => {
                    self.reads.insert(fact(ObjectKind::Node, &statement.ty.name));
                }
                (ObjectKind::Node, true) => {}
            }
            if statement.entity == ObjectKind::Node && matches!(statement.kind, StatementKind::Delete(_)) {
                self.incident(&statement.ty.name);
            }
        }
    }

    /// Adds the edge types that are deleted with a node or prevent its deletion.
    fn incident(&mut self, node: &str) {
        let incident = self.catalog.edges.values().filter(|edge| edge.from == node || edge.to == node);
        for edge in incident {
            self.reads.insert(fact(ObjectKind::Edge, &edge.name));
            self.writes.insert(fact(ObjectKind::Edge, &edge.name));
        }
    }
}
