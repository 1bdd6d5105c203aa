//! Headers, properties and their names.

use std::collections::HashMap;

use super::CatalogBuilder;
use super::draft::{ConstraintMarks, PropertyDraft, TypeDraft};
use crate::catalog::{Cardinality, OnDelete, TypeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{BaseType, MemberDecl, PropertyDecl, TypeDecl, TypeDeclKind, TypeExpr};
use crate::span::{Span, Spanned};
use crate::types::{MAX_DIMENSION, PropType, ScalarType};

/// Column names reserved by the storage layer.
const RESERVED_COLUMNS: &[&str] =
    &["_rowid", "_rowaddr", "_rowoffset", "_row_created_at_version", "_row_last_updated_at_version"];

impl CatalogBuilder {
    /// Drafts a declaration without its constraints.
    pub(super) fn declare<'a>(&mut self, declared: &'a TypeDecl) -> TypeDraft<'a> {
        let (kind, implements, ends) = match &declared.kind {
            TypeDeclKind::Interface => (TypeKind::Interface, [].as_slice(), None),
            TypeDeclKind::Node { implements } => (TypeKind::Node, implements.as_slice(), None),
            TypeDeclKind::Edge { from, to } => (TypeKind::Edge, [].as_slice(), Some((from, to))),
        };
        let mut draft = TypeDraft {
            kind,
            name: &declared.name,
            implements,
            ends,
            renamed_from: None,
            properties: Vec::with_capacity(declared.members.len()),
            key: None,
            uniques: Vec::new(),
            indexes: Vec::new(),
            ranges: Vec::new(),
            checks: Vec::new(),
            card: Cardinality::default(),
            card_in: Cardinality::default(),
            on_delete: OnDelete::default(),
            annotations: Vec::new(),
        };
        self.header_annotations(&mut draft, &declared.annotations);
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for member in &declared.members {
            let MemberDecl::Property(property) = member else { continue };
            if let Some(first) = seen.get(property.name.node.as_str()) {
                let message =
                    format!("{} `{}` has property `{}` twice", kind.noun(), draft.name.node, property.name.node);
                let error = Diagnostic::error(Code::S012, property.name.span, message);
                self.report(error.with_related(*first, "first declared here"));
                continue;
            }
            seen.insert(&property.name.node, property.name.span);
            self.property_name(kind, &draft.name.node, &property.name);
            let property = self.property(kind, property);
            draft.properties.push(property);
        }
        draft
    }

    fn property<'a>(&mut self, kind: TypeKind, declared: &'a PropertyDecl) -> PropertyDraft<'a> {
        let mut property = PropertyDraft {
            name: &declared.name,
            ty: self.prop_type(&declared.ty),
            renamed_from: None,
            default: None,
            embed: None,
            marks: ConstraintMarks::default(),
            annotations: Vec::new(),
            injected: false,
        };
        self.property_annotations(kind, &mut property, &declared.annotations);
        property
    }

    fn property_name(&mut self, kind: TypeKind, owner: &str, name: &Spanned<String>) {
        let text = name.node.as_str();
        let taken = match kind {
            TypeKind::Edge => matches!(text, "id" | "src" | "dst" | "from" | "to"),
            TypeKind::Node | TypeKind::Interface => text == "id",
        };
        let why = if RESERVED_COLUMNS.contains(&text) {
            "the storage layer has a column of that name"
        } else if taken && text == "id" {
            "every row has exactly one `id`, written `@id` in queries"
        } else if taken {
            "it names an endpoint of the edge"
        } else {
            return;
        };
        let message = format!("property name `{text}` of `{owner}` is reserved: {why}");
        self.report(Diagnostic::error(Code::S013, name.span, message).with_help("give the property another name"));
    }

    /// Reports duplicate names, edge names that differ in case only, and endpoints that are not node types.
    pub(super) fn check_names(&mut self, drafts: &[TypeDraft]) {
        let mut seen: HashMap<(TypeKind, &str), Span> = HashMap::new();
        let mut folded: HashMap<String, &Spanned<String>> = HashMap::new();
        for draft in drafts {
            let name = draft.name;
            if let Some(first) = seen.insert((draft.kind, &name.node), name.span) {
                let message = format!("duplicate {} `{}`", draft.kind.noun(), name.node);
                self.report(
                    Diagnostic::error(Code::S010, name.span, message).with_related(first, "first declared here"),
                );
                continue;
            }
            if draft.kind == TypeKind::Edge
                && let Some(other) = folded.insert(name.node.to_ascii_lowercase(), name)
            {
                let message = format!(
                    "edge types `{}` and `{}` collide: traversals find an edge type ignoring case",
                    other.node, name.node
                );
                self.report(
                    Diagnostic::error(Code::S011, name.span, message).with_related(other.span, "the other one"),
                );
            }
        }
        for draft in drafts {
            if let Some((from, to)) = draft.ends {
                self.check_end(&seen, &draft.name.node, from);
                self.check_end(&seen, &draft.name.node, to);
            }
        }
    }

    fn check_end(&mut self, declared: &HashMap<(TypeKind, &str), Span>, edge: &str, end: &Spanned<String>) {
        let is_a = |kind: &TypeKind| declared.contains_key(&(*kind, end.node.as_str()));
        if is_a(&TypeKind::Node) {
            return;
        }
        let what = match [TypeKind::Interface, TypeKind::Edge].into_iter().find(is_a) {
            Some(other) => format!("`{}` is an {}, not a node type", end.node, other.noun()),
            None => format!("node type `{}` not found", end.node),
        };
        let nodes = declared.keys().filter(|(kind, _)| *kind == TypeKind::Node).map(|(_, name)| *name);
        let mut error = Diagnostic::error(Code::S040, end.span, format!("invalid endpoint of edge `{edge}`: {what}"));
        error.help = self.suggest(&end.node, nodes);
        self.report(error);
    }

    /// Returns the type, or `None` when the parser could not read it. Reports and repairs an invalid type, so that no rule that
    /// depends on it is reported too.
    pub(super) fn prop_type(&mut self, written: &TypeExpr) -> Option<PropType> {
        let (scalar, enum_values) = match &written.base {
            BaseType::Scalar(scalar) => (*scalar, None),
            BaseType::Enum(words) => (ScalarType::String, Some(self.enum_words(words))),
            BaseType::Vector(dimension) => (ScalarType::Vector(self.dimension(dimension)), None),
            BaseType::Invalid => {
                self.incomplete = true;
                return None;
            }
        };
        if written.list && matches!(scalar, ScalarType::Blob | ScalarType::Json) {
            let help = match scalar {
                ScalarType::Json => "a `Json` value may be an array itself",
                _ => "give the list's owner an edge to a node type with one blob each",
            };
            let message = format!("list of {scalar} is not supported");
            self.report(Diagnostic::error(Code::S021, written.span, message).with_help(help));
        }
        Some(PropType { scalar, nullable: written.nullable, list: written.list, enum_values })
    }

    fn dimension(&mut self, written: &Spanned<i64>) -> u32 {
        let value = written.node;
        if value == 0 {
            self.error(Code::S020, written.span, "Vector dimension must be greater than zero");
        } else if value > i64::from(MAX_DIMENSION) {
            let message = format!("Vector dimension {value} exceeds maximum supported {MAX_DIMENSION}");
            self.error(Code::S020, written.span, message);
        }
        u32::try_from(value).unwrap_or(MAX_DIMENSION).clamp(1, MAX_DIMENSION)
    }

    /// Returns the words as a sorted set.
    fn enum_words(&mut self, written: &[Spanned<String>]) -> Vec<String> {
        let mut sorted: Vec<&Spanned<String>> = written.iter().collect();
        sorted.sort_by(|a, b| a.node.cmp(&b.node).then(a.span.cmp(&b.span)));
        for pair in sorted.windows(2).filter(|pair| pair[0].node == pair[1].node) {
            let message = format!("enum has duplicate values: `{}` is repeated", pair[1].node);
            self.report(Diagnostic::error(Code::S022, pair[1].span, message).with_related(pair[0].span, "first here"));
        }
        let mut words: Vec<String> = sorted.into_iter().map(|word| word.node.clone()).collect();
        words.dedup();
        words
    }
}
