//! A declaration half way to the catalogue: its rules are collected, its spans are kept, its identity is open.

use crate::catalog::{
    Analyzer, Annotation, Cardinality, Check, DefaultValue, Embed, Index, Metric, OnDelete, Range, Unique,
};
use crate::span::{Span, Spanned};
use crate::types::PropType;

/// The three kinds of declarations; the order is that of identities and of migration steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Interface,
    Node,
    Edge,
}

impl Kind {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node => "node type",
            Self::Edge => "edge type",
        }
    }
}

/// A declaration. What was written is borrowed from the tree: all drafts of a schema live at once.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a Spanned<String>,
    pub(super) implements: &'a [Spanned<String>],
    pub(super) ends: Option<(&'a Spanned<String>, &'a Spanned<String>)>,
    pub(super) renamed_from: Option<Spanned<String>>,
    pub(super) properties: Vec<PropertyDraft<'a>>,
    pub(super) key: Option<Vec<String>>,
    pub(super) uniques: Vec<Unique>,
    pub(super) indexes: Vec<Index>,
    pub(super) ranges: Vec<Range>,
    pub(super) checks: Vec<Check>,
    pub(super) card: Cardinality,
    pub(super) card_in: Cardinality,
    pub(super) on_delete: OnDelete,
    pub(super) annotations: Vec<Annotation>,
}

impl<'a> Draft<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&PropertyDraft<'a>> {
        self.properties.iter().find(|property| property.name.node == name)
    }
}

/// A property; what few properties have is boxed.
#[derive(Clone, Debug)]
pub(super) struct PropertyDraft<'a> {
    pub(super) name: &'a Spanned<String>,
    /// `None` when the written type is none; whatever depends on it stays silent.
    pub(super) ty: Option<PropType>,
    pub(super) renamed_from: Option<Box<Spanned<String>>>,
    pub(super) default: Option<Box<Spanned<DefaultValue>>>,
    pub(super) embed: Option<Box<Spanned<Embed>>>,
    pub(super) marks: Marks,
    pub(super) annotations: Vec<Annotation>,
    /// Whether an interface put it here.
    pub(super) injected: bool,
}

/// Constraints written as annotations of a property.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) key: Option<Span>,
    pub(super) unique: Option<Span>,
    pub(super) index: Option<IndexMark>,
}

/// `@index`, `@index(metric=…)`, `@index(analyzer=…)`.
#[derive(Clone, Debug)]
pub(super) struct IndexMark {
    pub(super) metric: Option<Metric>,
    pub(super) analyzer: Option<Analyzer>,
}
