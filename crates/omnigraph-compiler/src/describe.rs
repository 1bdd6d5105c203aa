//! What a query takes, gives and touches, as data.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::gq::ast::{self, QueryDecl};
use crate::ir::{
    Block, Body, Expand, ExprKind, Mutation, ObjectKind, Operation, Param, Query, StatementKind, Type, TypeRef,
    VariableKind,
};
use crate::types::{PropType, Scalar};

/// What an operation gives and touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// Result columns in order.
    pub result: Vec<Field>,
    /// Every type that execution may inspect: nodes before edges, then by name.
    pub reads: Vec<Fact>,
    /// Every type that execution may change.
    pub writes: Vec<Fact>,
}

/// A column or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: &'static str,
    /// What the items of a list are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_kind: Option<&'static str>,
    /// Number of dimensions of a vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_dim: Option<u32>,
    /// Whether it may be null.
    pub nullable: bool,
}

/// A type that is touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fact {
    /// Node before edge, as the letters do not order them.
    #[serde(skip)]
    order: u8,
    /// `node` or `edge`.
    pub kind: &'static str,
    /// Its name.
    pub type_name: String,
}

/// What a caller needs to know of a stored query.
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
    /// Whether it writes.
    pub mutation: bool,
    /// Its parameters in order.
    pub params: Vec<Field>,
}

/// Describes a checked operation.
#[must_use]
pub fn describe(operation: &Operation, catalog: &Catalog) -> Descriptor {
    let mut facts = Facts { catalog, reads: BTreeSet::new(), writes: BTreeSet::new() };
    let result = match operation {
        Operation::Read(query) => {
            query.bodies.iter().for_each(|body| facts.block(&body.block));
            query.columns.iter().enumerate().map(|(index, (name, ty))| column(query, index, field(name, ty))).collect()
        }
        Operation::Mutation(mutation) => {
            facts.mutation(mutation);
            mutation.returning.iter().map(|column| field(&column.name, &column.expr.ty)).collect()
        }
    };
    Descriptor { result, reads: facts.reads.into_iter().collect(), writes: facts.writes.into_iter().collect() }
}

/// Describes a query as the catalogue of stored queries lists it.
#[must_use]
pub fn stored_query(decl: &QueryDecl) -> StoredQuery {
    let name = decl.name.text.clone();
    StoredQuery {
        tool_name: name.clone(),
        name,
        description: decl.description.clone(),
        instruction: decl.instruction.clone(),
        mutation: matches!(decl.body, ast::Body::Mutation(_)),
        params: decl.params.iter().map(|param| field(&param.name.text, &Type::Value(param.ty.clone()))).collect(),
    }
}

/// Describes parameters.
#[must_use]
pub fn params(params: &[Param]) -> Vec<Field> {
    params.iter().map(|param| field(&param.name, &Type::Value(param.ty.clone()))).collect()
}

/// Aggregates are described as nullable, all of them: whoever reads them need not know which has a value for no rows.
fn column(query: &Query, index: usize, described: Field) -> Field {
    let aggregates =
        |body: &Body| body.columns.get(index).is_some_and(|column| matches!(column.expr.kind, ExprKind::Aggregated(_)));
    Field { nullable: described.nullable || query.bodies.iter().any(aggregates), ..described }
}

fn field(name: &str, ty: &Type) -> Field {
    let (kind, item_kind, vector_dim) = match ty {
        Type::Value(ty) if ty.list => ("list", Some(scalar_kind(ty)), None),
        Type::Value(ty) => match ty.scalar {
            Scalar::Vector(dimension) => ("vector", None, Some(dimension)),
            _ => (scalar_kind(ty), None, None),
        },
        Type::Null => ("null", None, None),
        Type::Duration { .. } => ("duration", None, None),
        Type::Object { .. } => ("object", None, None),
        Type::Objects { .. } => ("list", Some("object"), None),
        Type::Path { .. } => ("path", None, None),
    };
    Field { name: name.to_owned(), kind, item_kind, vector_dim, nullable: ty.nullable() }
}

const fn scalar_kind(ty: &PropType) -> &'static str {
    match ty.scalar {
        Scalar::String => "string",
        Scalar::Bool => "bool",
        Scalar::I32 | Scalar::U32 => "int",
        Scalar::I64 | Scalar::U64 => "bigint",
        Scalar::F32 | Scalar::F64 => "float",
        Scalar::Date => "date",
        Scalar::DateTime => "datetime",
        Scalar::Blob => "blob",
        Scalar::Json => "json",
        Scalar::Vector(_) => "vector",
    }
}

fn fact(kind: ObjectKind, name: &str) -> Fact {
    let (order, kind) = if kind == ObjectKind::Node { (0, "node") } else { (1, "edge") };
    Fact { order, kind, type_name: name.to_owned() }
}

struct Facts<'a> {
    catalog: &'a Catalog,
    reads: BTreeSet<Fact>,
    writes: BTreeSet<Fact>,
}

impl Facts<'_> {
    fn block(&mut self, block: &Block) {
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

    fn expand(&mut self, expand: &Expand) {
        for step in &expand.steps {
            self.edge(&step.edge);
        }
    }

    /// An edge is read together with the nodes at its ends.
    fn edge(&mut self, edge: &TypeRef) {
        self.reads.insert(fact(ObjectKind::Edge, &edge.name));
        if let Some(edge) = self.catalog.edges.get(&edge.name) {
            self.reads.insert(fact(ObjectKind::Node, &edge.from));
            self.reads.insert(fact(ObjectKind::Node, &edge.to));
        }
    }

    fn mutation(&mut self, mutation: &Mutation) {
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

    /// Edges that go with a deleted node, or keep it from going.
    fn incident(&mut self, node: &str) {
        let incident = self.catalog.edges.values().filter(|edge| edge.from == node || edge.to == node);
        for edge in incident {
            self.reads.insert(fact(ObjectKind::Edge, &edge.name));
            self.writes.insert(fact(ObjectKind::Edge, &edge.name));
        }
    }
}
