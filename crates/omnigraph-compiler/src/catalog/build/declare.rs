//! Headers, properties and their names.

use std::collections::HashMap;

use super::Builder;
use super::draft::{Draft, Kind, Marks, PropertyDraft};
use crate::catalog::{Cardinality, OnDelete};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{Declaration, DeclarationKind, Member, Property};
use crate::span::{Span, Spanned};

/// Column names the storage layer keeps for itself.
const RESERVED: &[&str] =
    &["_rowid", "_rowaddr", "_rowoffset", "_row_created_at_version", "_row_last_updated_at_version"];

impl Builder {
    /// Everything a declaration says about itself alone, apart from its constraints.
    pub(super) fn declare<'a>(&mut self, declared: &'a Declaration) -> Draft<'a> {
        let (kind, implements, ends) = match &declared.kind {
            DeclarationKind::Interface => (Kind::Interface, [].as_slice(), None),
            DeclarationKind::Node { implements } => (Kind::Node, implements.as_slice(), None),
            DeclarationKind::Edge { from, to } => (Kind::Edge, [].as_slice(), Some((from, to))),
        };
        let mut draft = Draft {
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
            let Member::Property(property) = member else { continue };
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

    fn property<'a>(&mut self, kind: Kind, declared: &'a Property) -> PropertyDraft<'a> {
        let mut property = PropertyDraft {
            name: &declared.name,
            ty: self.prop_type(&declared.ty),
            renamed_from: None,
            default: None,
            embed: None,
            marks: Marks::default(),
            annotations: Vec::new(),
            injected: false,
        };
        self.property_annotations(kind, &mut property, &declared.annotations);
        property
    }

    fn property_name(&mut self, kind: Kind, owner: &str, name: &Spanned<String>) {
        let text = name.node.as_str();
        let taken = match kind {
            Kind::Edge => matches!(text, "id" | "src" | "dst" | "from" | "to"),
            Kind::Node | Kind::Interface => text == "id",
        };
        let why = if RESERVED.contains(&text) {
            "the storage layer has a column of that name"
        } else if taken && text == "id" {
            "every row has exactly one `id`, written `@id` in queries"
        } else if taken {
            "it means an end of the edge"
        } else {
            return;
        };
        let message = format!("property name `{text}` of `{owner}` is reserved: {why}");
        self.report(Diagnostic::error(Code::S013, name.span, message).with_help("give the property another name"));
    }

    /// Names across declarations: duplicates, edge names that differ in case only, ends that are no node types.
    pub(super) fn check_names(&mut self, drafts: &[Draft]) {
        let mut seen: HashMap<(Kind, &str), Span> = HashMap::new();
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
            if draft.kind == Kind::Edge
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

    fn check_end(&mut self, declared: &HashMap<(Kind, &str), Span>, edge: &str, end: &Spanned<String>) {
        let is_a = |kind: &Kind| declared.contains_key(&(*kind, end.node.as_str()));
        if is_a(&Kind::Node) {
            return;
        }
        let what = match [Kind::Interface, Kind::Edge].into_iter().find(is_a) {
            Some(other) => format!("`{}` is an {}, not a node type", end.node, other.noun()),
            None => format!("there is no node type `{}`", end.node),
        };
        let nodes = declared.keys().filter(|(kind, _)| *kind == Kind::Node).map(|(_, name)| *name);
        let mut error = Diagnostic::error(Code::S040, end.span, format!("edge `{edge}` cannot end there: {what}"));
        error.help = self.suggest(&end.node, nodes);
        self.report(error);
    }
}
