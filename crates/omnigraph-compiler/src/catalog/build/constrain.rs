//! Keys, uniqueness, indexes, ranges and checks, after a property or on a line of their own.

use std::collections::HashMap;

use super::CatalogBuilder;
use super::draft::{IndexOptions, PropertyDraft, TypeDraft};
use crate::catalog::{
    ANALYZERS, CheckConstraint, DistanceMetric, IndexSpec, NumberLiteral, RangeConstraint, TextAnalyzer, TypeKind,
    UniqueConstraint,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{AnnotationSyntax, ArgValue, MemberDecl, TypeDecl};
use crate::span::{Span, Spanned};
use crate::types::{PropType, ScalarType};

/// Constraint that a list of columns is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ColumnPurpose {
    Key,
    Unique,
    Index,
}

impl ColumnPurpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Key => "@key",
            Self::Unique => "@unique",
            Self::Index => "@index",
        }
    }
}

/// Properties by name, each with its type; `None` for an unknown type.
type PropertyTypes<'d> = HashMap<&'d str, Option<&'d PropType>>;

impl CatalogBuilder {
    /// Reports constraints written as annotations that cannot apply to their property's type.
    pub(super) fn check_marks(&mut self, property: &PropertyDraft, annotations: &[AnnotationSyntax]) {
        let Some(ty) = &property.ty else { return };
        for annotation in annotations {
            let purpose = match annotation.name.node.as_str() {
                "key" if property.marks.key.is_some() => ColumnPurpose::Key,
                "unique" if property.marks.unique.is_some() => ColumnPurpose::Unique,
                "index" if property.marks.index.is_some() => ColumnPurpose::Index,
                _ => continue,
            };
            self.check_column(purpose, &property.name.node, ty, annotation.span, 1);
        }
    }

    /// Reports a column of type `ty` that cannot serve `purpose`.
    fn check_column(&mut self, purpose: ColumnPurpose, name: &str, ty: &PropType, span: Span, columns: usize) {
        let word = purpose.word();
        let vector = matches!(ty.scalar, ScalarType::Vector(_));
        let shapeless = ty.list || ty.is_shapeless();
        if shapeless || (vector && (purpose != ColumnPurpose::Index || columns > 1)) {
            let message = match (purpose, vector) {
                (ColumnPurpose::Index, true) => {
                    format!("`{word}` of several properties cannot include the vector `{name}`")
                }
                (ColumnPurpose::Index, false) => {
                    format!("`{word}` is not supported on list/blob/Json property `{name}`")
                }
                _ => format!("`{word}` is not supported on list/vector/blob property `{name}` ({ty})"),
            };
            self.error(Code::S053, span, message);
        } else if purpose == ColumnPurpose::Key && ty.nullable {
            let message = format!("key property `{name}` cannot be nullable");
            self.report(
                Diagnostic::error(Code::S052, span, message).with_help(format!("make its type `{}`", required(ty))),
            );
        }
    }

    /// Collects every constraint of a type, injected properties included.
    pub(super) fn constrain(&mut self, draft: &mut TypeDraft, declared: &TypeDecl) {
        if draft.kind == TypeKind::Interface {
            return;
        }
        let mut key_spans = Vec::new();
        // Taken out while they are read: rules are collected in the same draft.
        let properties = std::mem::take(&mut draft.properties);
        for property in &properties {
            let names = || vec![property.name.node.clone()];
            if let Some(span) = property.marks.key {
                key_spans.push(if property.injected { draft.name.span } else { span });
                draft.key.get_or_insert_with(names);
            }
            if property.marks.unique.is_some() {
                draft.uniques.push(UniqueConstraint { properties: names() });
            }
            if let Some(mark) = &property.marks.index {
                let (metric, analyzer) = (mark.metric, mark.analyzer.clone());
                draft.indexes.push(IndexSpec { properties: names(), metric, analyzer });
            }
        }
        let columns: PropertyTypes =
            properties.iter().map(|property| (property.name.node.as_str(), property.ty.as_ref())).collect();
        for member in &declared.members {
            let MemberDecl::Constraint(constraint) = member else { continue };
            self.body_constraint(draft, &columns, &constraint.annotation, &mut key_spans);
        }
        draft.properties = properties;
        if let [first, rest @ ..] = key_spans.as_slice() {
            for span in rest {
                let message = format!("multiple @key constraints on {} `{}`", draft.kind.noun(), draft.name.node);
                let error = Diagnostic::error(Code::S050, *span, message).with_related(*first, "the first one");
                self.report(error.with_help("for a key of several properties write `@key(a, b)` in the body"));
            }
        }
        dedup(&mut draft.uniques);
        dedup(&mut draft.indexes);
        dedup(&mut draft.ranges);
        dedup(&mut draft.checks);
    }

    fn body_constraint(
        &mut self,
        draft: &mut TypeDraft,
        columns: &PropertyTypes,
        annotation: &AnnotationSyntax,
        key_spans: &mut Vec<Span>,
    ) {
        match annotation.name.node.as_str() {
            "key" if draft.kind == TypeKind::Edge => {
                key_spans.push(annotation.span);
                let key = self.edge_key(columns, &draft.name.node, annotation);
                draft.key = key.or(draft.key.take());
            }
            "key" => {
                key_spans.push(annotation.span);
                draft.key = self.columns(draft, columns, ColumnPurpose::Key, annotation).or(draft.key.take());
            }
            "unique" => {
                let properties = self.columns(draft, columns, ColumnPurpose::Unique, annotation);
                draft.uniques.extend(properties.map(|properties| UniqueConstraint { properties }));
            }
            "index" => {
                let Some(properties) = self.columns(draft, columns, ColumnPurpose::Index, annotation) else { return };
                let only = match properties.as_slice() {
                    [one] => columns.get(one.as_str()).copied().flatten(),
                    _ => None,
                };
                let IndexOptions { metric, analyzer } = self.index_options(annotation, only);
                draft.indexes.push(IndexSpec { properties, metric, analyzer });
            }
            "range" => draft.ranges.extend(self.range(columns, &draft.name.node, annotation)),
            _ => draft.checks.extend(self.check(columns, &draft.name.node, annotation)),
        }
    }

    /// Returns the properties that a key, unique or index constraint names.
    fn columns(
        &mut self,
        draft: &TypeDraft,
        columns: &PropertyTypes,
        purpose: ColumnPurpose,
        annotation: &AnnotationSyntax,
    ) -> Option<Vec<String>> {
        if purpose != ColumnPurpose::Index {
            self.check_argument_names(Code::S056, annotation, &[]);
        }
        let count = annotation.positional().count();
        let mut names: Vec<String> = Vec::new();
        for value in annotation.positional() {
            let name = match &value.node {
                ArgValue::Name(name) => name.clone(),
                ArgValue::System(end) if draft.kind == TypeKind::Edge => end.clone(),
                other => {
                    let error = Diagnostic::error(Code::S055, value.span, "expected property name in constraint");
                    let quoted = matches!(other, ArgValue::String(text) if columns.contains_key(text.as_str()));
                    self.report(if quoted { error.with_help("names are written without quotes") } else { error });
                    return None;
                }
            };
            if names.contains(&name) {
                let message = format!("`{}` names `{name}` multiple times", purpose.word());
                self.error(Code::S057, value.span, message);
                return None;
            }
            let end = draft.kind == TypeKind::Edge && matches!(name.as_str(), "src" | "dst");
            match columns.get(name.as_str()) {
                Some(Some(ty)) => self.check_column(purpose, &name, ty, value.span, count),
                Some(None) => {}
                None if end => {}
                None => {
                    self.unknown(columns, &draft.name.node, &name, value.span);
                    return None;
                }
            }
            names.push(name);
        }
        Some(names)
    }

    /// Reads `@key(@src, @dst, …)`: both endpoints and any number of properties.
    fn edge_key(&mut self, columns: &PropertyTypes, owner: &str, annotation: &AnnotationSyntax) -> Option<Vec<String>> {
        self.check_argument_names(Code::S056, annotation, &[]);
        let mut names: Vec<String> = Vec::new();
        for value in annotation.positional() {
            let name = match &value.node {
                ArgValue::System(end) if matches!(end.as_str(), "src" | "dst") => format!("@{end}"),
                ArgValue::Name(name) => name.clone(),
                _ => {
                    self.error(Code::S055, value.span, "expected property name in constraint, `@src` or `@dst`");
                    return None;
                }
            };
            if names.contains(&name) {
                self.error(Code::S057, value.span, format!("`@key` names `{name}` multiple times"));
                return None;
            }
            match columns.get(name.as_str()) {
                Some(Some(ty)) => self.check_column(ColumnPurpose::Key, &name, ty, value.span, 2),
                None if !name.starts_with('@') => {
                    self.unknown(columns, owner, &name, value.span);
                    return None;
                }
                _ => {}
            }
            names.push(name);
        }
        if !["@src", "@dst"].iter().all(|end| names.iter().any(|name| name == end)) {
            let message = "the key of an edge includes both endpoints";
            let help = "write `@key(@src, @dst)`, with properties after them for several edges between the same nodes";
            self.report(Diagnostic::error(Code::S054, annotation.span, message).with_help(help));
            return None;
        }
        Some(names)
    }

    fn unknown(&mut self, columns: &PropertyTypes, owner: &str, name: &str, span: Span) {
        let message = format!("constraint names unknown property `{name}` of {owner}");
        let mut error = Diagnostic::error(Code::S051, span, message);
        error.help = self.suggest(name, columns.keys().copied());
        self.report(error);
    }

    /// Reads `metric=` and `analyzer=` of an index over one column of type `ty`, which is `None` for several columns.
    pub(super) fn index_options(&mut self, annotation: &AnnotationSyntax, ty: Option<&PropType>) -> IndexOptions {
        self.check_argument_names(Code::S056, annotation, &["metric", "analyzer"]);
        let (mut metric, mut analyzer) = (None, None);
        for (name, value) in annotation.named() {
            let (ArgValue::Name(word) | ArgValue::String(word)) = &value.node else {
                self.error(Code::S068, value.span, format!("`{}` takes a word", name.node));
                continue;
            };
            match name.node.as_str() {
                "metric" => {
                    metric = DistanceMetric::from_word(word);
                    if metric.is_none() {
                        let message = format!("unknown metric `{word}`: the metrics are cosine, l2 and dot");
                        self.error(Code::S068, value.span, message);
                    } else if !ty.is_some_and(PropType::is_vector) {
                        self.error(Code::S068, name.span, "`metric` is for the index of one vector property");
                    }
                }
                "analyzer" => {
                    analyzer = Some(TextAnalyzer(word.clone()));
                    if !ANALYZERS.contains(&word.as_str()) {
                        let message = format!("unknown analyzer `{word}`");
                        let mut error = Diagnostic::error(Code::S068, value.span, message);
                        error.help = self
                            .suggest(word, ANALYZERS.iter().copied())
                            .or_else(|| Some(format!("the analyzers are {}", ANALYZERS.join(", "))));
                        self.report(error);
                    } else if !ty.is_some_and(is_free_text) {
                        self.error(Code::S068, name.span, "`analyzer` is for the index of one `String` property");
                    }
                }
                _ => {}
            }
        }
        IndexOptions { metric, analyzer }
    }

    /// Returns the property that a `@range` or `@check` names. Its type is `None` when it is unknown.
    fn subject<'a>(
        &mut self,
        columns: &PropertyTypes<'a>,
        owner: &str,
        annotation: &AnnotationSyntax,
        value: Option<&Spanned<ArgValue>>,
    ) -> Option<(String, Option<&'a PropType>)> {
        let Some(Spanned { node: ArgValue::Name(name), span }) = value else {
            let span = value.map_or(annotation.span, |value| value.span);
            self.error(Code::S055, span, "expected property name in constraint");
            return None;
        };
        let Some(ty) = columns.get(name.as_str()) else {
            self.unknown(columns, owner, name, *span);
            return None;
        };
        Some((name.clone(), *ty))
    }

    /// Returns the optional message at the end of `@range` and `@check`; reports anything after it.
    fn message<'a>(
        &mut self,
        annotation: &AnnotationSyntax,
        mut rest: impl Iterator<Item = &'a Spanned<ArgValue>>,
    ) -> Option<String> {
        let message = match rest.next() {
            Some(Spanned { node: ArgValue::String(text), .. }) => Some(text.clone()),
            Some(other) => {
                let text =
                    format!("the last argument of `@{}` is a string, the message of a violation", annotation.name.node);
                self.error(Code::S056, other.span, text);
                return None;
            }
            None => None,
        };
        if let Some(extra) = rest.next() {
            self.error(Code::S056, extra.span, format!("`@{}` takes no argument after its text", annotation.name.node));
        }
        message
    }

    fn range(
        &mut self,
        columns: &PropertyTypes,
        owner: &str,
        annotation: &AnnotationSyntax,
    ) -> Option<RangeConstraint> {
        self.check_argument_names(Code::S056, annotation, &[]);
        let mut values = annotation.positional();
        let (property, ty) = self.subject(columns, owner, annotation, values.next())?;
        if let Some(ty) = ty.filter(|ty| !ty.is_number()) {
            let message = format!("@range requires a numeric type, and `{owner}.{property}` is {ty}");
            self.error(Code::S059, annotation.span, message);
        }
        let Some(Spanned { node: ArgValue::Bounds(low, high), span }) = values.next() else {
            let message = format!("`@range` requires bounds, as in `@range({property}, 0..100)`, `0..` or `..100`");
            self.error(Code::S056, annotation.span, message);
            return None;
        };
        let (min, max) =
            (low.as_deref().and_then(NumberLiteral::parse), high.as_deref().and_then(NumberLiteral::parse));
        if let (Some(low), Some(high)) = (min, max)
            && low.compare(high) == std::cmp::Ordering::Greater
        {
            self.error(Code::S060, *span, format!("range min {low} exceeds max {high}"));
        }
        let message = self.message(annotation, values);
        Some(RangeConstraint { property, min, max, message })
    }

    fn check_pattern(&mut self, pattern: &str, span: Span) {
        if self.patterns.contains(pattern) {
            return;
        }
        if let Err(problem) = regex::Regex::new(pattern) {
            let reason = problem.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.error(Code::S062, span, format!("invalid regex in @check: {reason}"));
            return;
        }
        self.patterns.insert(pattern.to_owned());
    }

    fn check(
        &mut self,
        columns: &PropertyTypes,
        owner: &str,
        annotation: &AnnotationSyntax,
    ) -> Option<CheckConstraint> {
        self.check_argument_names(Code::S056, annotation, &[]);
        let mut values = annotation.positional();
        let (property, ty) = self.subject(columns, owner, annotation, values.next())?;
        if let Some(ty) = ty.filter(|ty| ty.scalar != ScalarType::String || ty.list) {
            let message = format!("@check requires String type, and `{owner}.{property}` is {ty}");
            self.error(Code::S061, annotation.span, message);
        }
        let Some(Spanned { node: ArgValue::String(pattern), span }) = values.next() else {
            let message = "expected string argument: `@check` takes a property and a pattern in double quotes";
            self.error(Code::S056, annotation.span, message);
            return None;
        };
        self.check_pattern(pattern, *span);
        let message = self.message(annotation, values);
        Some(CheckConstraint { property, pattern: pattern.clone(), message })
    }
}

fn required(ty: &PropType) -> PropType {
    PropType { nullable: false, ..ty.clone() }
}

fn is_free_text(ty: &PropType) -> bool {
    ty.scalar == ScalarType::String && !ty.list && ty.enum_values.is_none()
}

/// Drops later copies of the same rule.
fn dedup<T: std::fmt::Debug>(items: &mut Vec<T>) {
    if items.len() < 2 {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(format!("{item:?}")));
}
