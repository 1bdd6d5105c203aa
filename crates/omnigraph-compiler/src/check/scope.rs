//! Variables and the blocks that bind them.

use std::collections::{BTreeSet, HashMap};

use super::TypeChecker;
use crate::catalog::{EdgeType, NodeType, Property, PropertyId, TypeId};
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::AstName;
use crate::ir::{self, PatternBlock, PatternVariable, PropertyRef, TypeRef, VarId, VariableKind};
use crate::span::Span;
use crate::suggest::{did_you_mean, quoted};
use crate::types::PropType;

/// State of a variable.
pub(super) struct VarInfo {
    pub(super) id: VarId,
    /// `None` for `$_` and variables that the checker introduces.
    pub(super) name: Option<String>,
    pub(super) kind: VarKind,
    /// Position of its binding.
    pub(super) span: Span,
    /// Index of the frame that it is visible in.
    pub(super) level: usize,
    /// `true` if its optional block has ended: it may be null.
    pub(super) optional: bool,
    /// Number of mentions after its binding.
    pub(super) uses: usize,
    /// `true` if a binding clause introduced it.
    pub(super) declared: bool,
    /// `true` if the walk of this edge variable has ended.
    pub(super) closed: bool,
}

/// Kind of a variable; its types may still be narrowed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum VarKind {
    Node {
        types: Vec<TypeRef>,
        /// The interface of its binding, which has properties even without implementing types.
        interface: Option<String>,
    },
    Edge {
        types: Vec<TypeRef>,
    },
    /// An edge of a walk: visible in its condition and cost only.
    WalkEdge {
        types: Vec<TypeRef>,
    },
    Hops,
    Path {
        /// `true` if a pair of endpoints may have several paths.
        several: bool,
    },
    Value(ir::ExprType),
}

/// An open block.
#[derive(Default)]
pub(super) struct BlockFrame {
    /// Variables by name; the later of two bindings wins.
    pub(super) names: HashMap<String, VarId>,
    pub(super) block: PatternBlock,
    /// Spans of the filters, one for each.
    pub(super) places: Vec<Span>,
    /// Variables bound here, in order.
    pub(super) own: Vec<VarId>,
    /// Outer variables mentioned at any depth.
    pub(super) outer: BTreeSet<VarId>,
    /// `true` if a clause directly inside mentions an outer variable.
    pub(super) direct: bool,
}

/// A property of a variable, with its type.
pub(super) struct ResolvedProperty {
    pub(super) property: PropertyRef,
    pub(super) ty: PropType,
}

impl VarKind {
    /// Describes the kind for messages.
    pub(super) const fn describe(&self) -> &'static str {
        match self {
            Self::Node { .. } => "a node",
            Self::Edge { .. } | Self::WalkEdge { .. } => "an edge",
            Self::Hops => "a hop count",
            Self::Path { .. } => "a path",
            Self::Value(_) => "a value",
        }
    }
}

impl<'a> TypeChecker<'a> {
    pub(super) fn var(&self, id: VarId) -> &VarInfo {
        &self.vars[id.0 as usize]
    }

    pub(super) fn var_mut(&mut self, id: VarId) -> &mut VarInfo {
        &mut self.vars[id.0 as usize]
    }

    /// Returns the innermost frame; one is open whenever clauses or projections are checked.
    pub(super) fn frame(&mut self) -> &mut BlockFrame {
        if self.frames.is_empty() {
            self.frames.push(BlockFrame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Finds a variable without mentioning it.
    pub(super) fn find(&self, name: &str) -> Option<VarId> {
        self.frames.iter().rev().find_map(|frame| frame.names.get(name).copied())
    }

    /// Records that the innermost block mentions a variable.
    pub(super) fn mention(&mut self, id: VarId) {
        self.var_mut(id).uses += 1;
        let level = self.var(id).level;
        let innermost = self.frames.len().saturating_sub(1);
        for (index, frame) in self.frames.iter_mut().enumerate().skip(level + 1) {
            frame.outer.insert(id);
            frame.direct |= index == innermost;
        }
    }

    /// Binds a new variable in the innermost block. `$_` and `None` bind no name.
    pub(super) fn bind(&mut self, name: Option<&AstName>, kind: VarKind, span: Span) -> VarId {
        let id = VarId(u32::try_from(self.vars.len()).unwrap_or(u32::MAX));
        let level = self.frames.len().saturating_sub(1);
        let name = name.filter(|name| name.text != "_").map(|name| name.text.clone());
        if let Some(name) = &name {
            if self.param_index(name).is_some() {
                let message = format!("`${name}` is the name of a parameter; a variable needs a name of its own");
                self.error(Code::T108, span, message);
            }
            let name = name.clone();
            self.frame().names.insert(name, id);
        }
        self.vars.push(VarInfo {
            id,
            name,
            kind,
            span,
            level,
            optional: false,
            uses: 0,
            declared: false,
            closed: false,
        });
        self.frame().own.push(id);
        id
    }

    /// Opens a block.
    pub(super) fn open_frame(&mut self) {
        self.frames.push(BlockFrame::default());
    }

    /// Closes the innermost block and completes it with its variables.
    pub(super) fn close_frame(&mut self) -> BlockFrame {
        let mut frame = self.frames.pop().unwrap_or_default();
        frame.block.variables = frame.own.iter().filter_map(|id| self.variable(*id)).collect();
        frame
    }

    fn variable(&self, id: VarId) -> Option<PatternVariable> {
        let info = self.var(id);
        let kind = match &info.kind {
            VarKind::Node { types, .. } => VariableKind::Node { types: types.clone() },
            VarKind::Edge { types } => VariableKind::Edge { types: types.clone() },
            VarKind::WalkEdge { .. } => return None,
            VarKind::Hops => VariableKind::Hops,
            VarKind::Path { .. } => VariableKind::Path,
            VarKind::Value(ty) => VariableKind::Value { ty: ty.clone() },
        };
        Some(PatternVariable { id, name: info.name.clone(), kind })
    }

    /// Resolves a variable by name and mentions it; reports an unbound one.
    pub(super) fn resolve(&mut self, name: &str, span: Span, code: Code) -> Option<VarId> {
        if let Some(id) = self.find(name) {
            self.mention(id);
            return Some(id);
        }
        let mut diagnostic = Diagnostic::error(code, span, format!("variable `${name}` is not bound"));
        let known = self.frames.iter().flat_map(|frame| frame.names.keys().map(String::as_str));
        let params = self.params.iter().map(|param| param.name.as_str());
        diagnostic.help = self
            .suggestions
            .did_you_mean(name, || known.chain(params))
            .map(|help| help.replace('`', "`$").replacen("`$?", "`?", 1));
        if diagnostic.help.is_none() && name == "_" {
            diagnostic.help = Some("`$_` cannot be read; give the variable a name".to_owned());
        }
        self.diagnostics.push(diagnostic);
        None
    }

    /// Returns the types of a node or edge variable.
    pub(super) fn types_of(&self, id: VarId) -> &[TypeRef] {
        match &self.var(id).kind {
            VarKind::Node { types, .. } | VarKind::Edge { types } | VarKind::WalkEdge { types } => types,
            _ => &[],
        }
    }

    pub(super) fn is_edge(&self, id: VarId) -> bool {
        matches!(self.var(id).kind, VarKind::Edge { .. } | VarKind::WalkEdge { .. })
    }

    /// Resolves a property that all types of the variable have with the same base type.
    pub(super) fn property(&mut self, id: VarId, name: &AstName, code: Code) -> Option<ResolvedProperty> {
        let edge = self.is_edge(id);
        let found = self.properties(id, &name.text);
        let count = self.types_of(id).len().max(1);
        let mut found = found.into_iter();
        let Some((first_owner, first)) = found.next() else {
            self.unknown_property(id, name, code);
            return None;
        };
        let mut ty = first.ty.clone();
        let mut ids = vec![(first_owner, first.id)];
        for (owner, property) in found {
            if property.ty.scalar != ty.scalar || property.ty.list != ty.list {
                let message = format!(
                    "property `{}` has type `{}` in one type of this variable and `{ty}` in another",
                    name.text, property.ty
                );
                self.error(Code::T7, name.span(), message);
                return None;
            }
            ty.nullable |= property.ty.nullable;
            ty.enum_values = merge_words(ty.enum_values, property.ty.enum_values.as_ref());
            ids.push((owner, property.id));
        }
        if ids.len() < count {
            let kind = if edge { "edge" } else { "node" };
            let message = format!("not every {kind} type of this variable has a property `{}`", name.text);
            self.error(code, name.span(), message);
            return None;
        }
        ty.nullable |= self.var(id).optional;
        if self.types_of(id).is_empty() {
            ids.clear();
        }
        Some(ResolvedProperty { property: PropertyRef { name: name.text.clone(), ids }, ty })
    }

    /// Returns the property with this name in each type of the variable; without types, that of its interface.
    fn properties(&self, id: VarId, name: &str) -> Vec<(TypeId, &'a Property)> {
        let catalog = self.catalog;
        match &self.var(id).kind {
            VarKind::Node { types, interface } if types.is_empty() => {
                let interface = interface.as_ref().and_then(|name| catalog.interfaces.get(name));
                let property = interface.and_then(|interface| {
                    let found = interface.properties.iter().find(|property| property.name == name)?;
                    Some((interface.id, found))
                });
                property.into_iter().collect()
            }
            VarKind::Node { types, .. } => {
                types.iter().filter_map(|ty| Some((ty.id, catalog.nodes.get(&ty.name)?.property(name)?))).collect()
            }
            VarKind::Edge { types } | VarKind::WalkEdge { types } => {
                types.iter().filter_map(|ty| Some((ty.id, catalog.edges.get(&ty.name)?.property(name)?))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn unknown_property(&mut self, id: VarId, name: &AstName, code: Code) {
        let types = self.types_of(id).to_vec();
        let owner = quoted(types.iter().map(|ty| &ty.name), ", ");
        let kind = if self.is_edge(id) { "edge type" } else { "node type" };
        let message = format!("{kind} {owner} has no property `{}`", name.text);
        let known: Vec<String> = types.first().map(|ty| self.property_names(&ty.name)).unwrap_or_default();
        let help = match name.text.as_str() {
            "id" | "src" | "dst" | "type" => Some(format!("the system field is written `@{}`", name.text)),
            text => did_you_mean(text, known.iter().map(String::as_str)),
        };
        self.error(code, name.span(), message);
        self.advise(help);
    }

    fn property_names(&self, ty: &str) -> Vec<String> {
        let node = self.catalog.nodes.get(ty).map(|node| &node.properties);
        let properties = node.or_else(|| self.catalog.edges.get(ty).map(|edge| &edge.properties));
        properties.map(|list| list.iter().map(|property| property.name.clone()).collect()).unwrap_or_default()
    }
}

fn merge_words(words: Option<Vec<String>>, others: Option<&Vec<String>>) -> Option<Vec<String>> {
    let mut all = words?;
    all.extend(others?.iter().cloned());
    all.sort();
    all.dedup();
    Some(all)
}

/// Makes a reference to a node type.
pub(super) fn node_ref(node: &NodeType) -> TypeRef {
    TypeRef { name: node.name.clone(), id: node.id }
}

/// Makes a reference to an edge type.
pub(super) fn edge_ref(edge: &EdgeType) -> TypeRef {
    TypeRef { name: edge.name.clone(), id: edge.id }
}

/// Makes a reference to a property of one type.
pub(super) fn single_property(owner: TypeId, name: &str, id: PropertyId) -> PropertyRef {
    PropertyRef { name: name.to_owned(), ids: vec![(owner, id)] }
}
