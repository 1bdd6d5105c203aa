//! Drafts of declarations: rules are collected, spans are kept, ids are not yet assigned.

use crate::catalog::{
    Annotation, Cardinality, CheckConstraint, DefaultValue, DistanceMetric, EmbeddingSpec, IndexSpec, OnDelete,
    RangeConstraint, TextAnalyzer, TypeKind, UniqueConstraint,
};
use crate::span::{Span, Spanned};
use crate::types::PropType;

/// A declared type. It borrows from the syntax tree: all drafts of a schema live at the same time.
#[derive(Clone, Debug)]
pub(super) struct TypeDraft<'a> {
    pub(super) kind: TypeKind,
    pub(super) name: &'a Spanned<String>,
    pub(super) implements: &'a [Spanned<String>],
    pub(super) ends: Option<(&'a Spanned<String>, &'a Spanned<String>)>,
    pub(super) renamed_from: Option<Spanned<String>>,
    pub(super) properties: Vec<PropertyDraft<'a>>,
    pub(super) key: Option<Vec<String>>,
    pub(super) uniques: Vec<UniqueConstraint>,
    pub(super) indexes: Vec<IndexSpec>,
    pub(super) ranges: Vec<RangeConstraint>,
    pub(super) checks: Vec<CheckConstraint>,
    pub(super) card: Cardinality,
    pub(super) card_in: Cardinality,
    pub(super) on_delete: OnDelete,
    pub(super) annotations: Vec<Annotation>,
}

impl<'a> TypeDraft<'a> {
    pub(super) fn property(&self, name: &str) -> Option<&PropertyDraft<'a>> {
        self.properties.iter().find(|property| property.name.node == name)
    }
}

/// A declared property; rare parts are boxed.
#[derive(Clone, Debug)]
pub(super) struct PropertyDraft<'a> {
    pub(super) name: &'a Spanned<String>,
    /// `None` when the written type is invalid; checks that depend on it are then skipped.
    pub(super) ty: Option<PropType>,
    pub(super) renamed_from: Option<Box<Spanned<String>>>,
    pub(super) default: Option<Box<Spanned<DefaultValue>>>,
    pub(super) embed: Option<Box<Spanned<EmbeddingSpec>>>,
    pub(super) marks: ConstraintMarks,
    pub(super) annotations: Vec<Annotation>,
    /// `true` if an interface injected it.
    pub(super) injected: bool,
}

/// Constraints written as annotations of a property.
#[derive(Clone, Debug, Default)]
pub(super) struct ConstraintMarks {
    pub(super) key: Option<Span>,
    pub(super) unique: Option<Span>,
    pub(super) index: Option<IndexOptions>,
}

/// `@index`, `@index(metric=…)`, `@index(analyzer=…)`.
#[derive(Clone, Debug)]
pub(super) struct IndexOptions {
    pub(super) metric: Option<DistanceMetric>,
    pub(super) analyzer: Option<TextAnalyzer>,
}
