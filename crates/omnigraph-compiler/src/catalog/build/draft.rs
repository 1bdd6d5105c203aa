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

/// A declaration.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) name: Spanned<String>,
    pub(super) implements: Vec<Spanned<String>>,
    pub(super) ends: Option<(Spanned<String>, Spanned<String>)>,
    pub(super) renamed_from: Option<Spanned<String>>,
    pub(super) properties: Vec<PropertyDraft>,
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

impl Draft {
    pub(super) fn property(&self, name: &str) -> Option<&PropertyDraft> {
        self.properties.iter().find(|property| property.name.node == name)
    }
}

/// A property.
#[derive(Clone, Debug)]
pub(super) struct PropertyDraft {
    pub(super) name: Spanned<String>,
    /// `None` when the written type is none; whatever depends on it stays silent.
    pub(super) ty: Option<PropType>,
    pub(super) renamed_from: Option<Spanned<String>>,
    pub(super) default: Option<Spanned<DefaultValue>>,
    pub(super) embed: Option<Spanned<Embed>>,
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
