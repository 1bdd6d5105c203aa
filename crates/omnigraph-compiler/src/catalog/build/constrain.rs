//! Keys, uniqueness, indexes, ranges and checks, whether they follow a property or stand on a line of their own.

use std::collections::HashMap;

use super::Builder;
use super::draft::{Draft, Kind, PropertyDraft};
use crate::catalog::{ANALYZERS, Analyzer, Check, Index, Metric, Number, Range, Unique};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{Annotation, Declaration, Member, Value};
use crate::span::{Span, Spanned};
use crate::types::{PropType, Scalar};

/// What a list of names is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Key,
    Unique,
    Index,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Key => "@key",
            Self::Unique => "@unique",
            Self::Index => "@index",
        }
    }
}

/// A property's type; `Some(None)` for one whose type is unknown.
type Columns<'d> = HashMap<&'d str, Option<&'d PropType>>;

impl Builder {
    /// Constraints written as annotations that cannot apply to their property's type.
    pub(super) fn check_marks(&mut self, property: &PropertyDraft, annotations: &[Annotation]) {
        let Some(ty) = &property.ty else { return };
        for annotation in annotations {
            let purpose = match annotation.name.node.as_str() {
                "key" if property.marks.key.is_some() => Purpose::Key,
                "unique" if property.marks.unique.is_some() => Purpose::Unique,
                "index" if property.marks.index.is_some() => Purpose::Index,
                _ => continue,
            };
            self.check_column(purpose, &property.name.node, ty, annotation.span, 1);
        }
    }

    /// Whether a column of type `ty` can serve `purpose`.
    fn check_column(&mut self, purpose: Purpose, name: &str, ty: &PropType, span: Span, columns: usize) {
        let word = purpose.word();
        let vector = matches!(ty.scalar, Scalar::Vector(_));
        let shapeless = ty.list || matches!(ty.scalar, Scalar::Blob | Scalar::Json);
        if shapeless || (vector && (purpose != Purpose::Index || columns > 1)) {
            let message = match (purpose, vector) {
                (Purpose::Index, true) => format!("`{word}` of several properties cannot include the vector `{name}`"),
                (Purpose::Index, false) => format!("`{word}` is not supported on list/blob/Json property `{name}`"),
                _ => format!("`{word}` is not supported on list/vector/blob property `{name}` ({ty})"),
            };
            self.error(Code::S053, span, message);
        } else if purpose == Purpose::Key && ty.nullable {
            let message = format!("key property `{name}` cannot be nullable");
            self.report(
                Diagnostic::error(Code::S052, span, message).with_help(format!("make its type `{}`", required(ty))),
            );
        }
    }

    /// Collects every constraint of a type, injected properties included.
    pub(super) fn constrain(&mut self, draft: &mut Draft, declared: &Declaration) {
        if draft.kind == Kind::Interface {
            return;
        }
        let mut key_spans = Vec::new();
        // Aside while they are read, since rules are collected in the same draft.
        let properties = std::mem::take(&mut draft.properties);
        for property in &properties {
            let names = || vec![property.name.node.clone()];
            if let Some(span) = property.marks.key {
                key_spans.push(if property.injected { draft.name.span } else { span });
                draft.key.get_or_insert_with(names);
            }
            if property.marks.unique.is_some() {
                draft.uniques.push(Unique { properties: names() });
            }
            if let Some(mark) = &property.marks.index {
                let (metric, analyzer) = (mark.metric, mark.analyzer.clone());
                draft.indexes.push(Index { properties: names(), metric, analyzer });
            }
        }
        let columns: Columns =
            properties.iter().map(|property| (property.name.node.as_str(), property.ty.as_ref())).collect();
        for member in &declared.members {
            let Member::Constraint(constraint) = member else { continue };
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
        draft: &mut Draft,
        columns: &Columns,
        annotation: &Annotation,
        key_spans: &mut Vec<Span>,
    ) {
        match annotation.name.node.as_str() {
            "key" if draft.kind == Kind::Edge => {
                key_spans.push(annotation.span);
                let key = self.edge_key(columns, &draft.name.node, annotation);
                draft.key = key.or(draft.key.take());
            }
            "key" => {
                key_spans.push(annotation.span);
                draft.key = self.columns(draft, columns, Purpose::Key, annotation).or(draft.key.take());
            }
            "unique" => {
                let properties = self.columns(draft, columns, Purpose::Unique, annotation);
                draft.uniques.extend(properties.map(|properties| Unique { properties }));
            }
            "index" => {
                let Some(properties) = self.columns(draft, columns, Purpose::Index, annotation) else { return };
                let only = match properties.as_slice() {
                    [one] => columns.get(one.as_str()).copied().flatten(),
                    _ => None,
                };
                let (metric, analyzer) = self.index_options(annotation, only);
                draft.indexes.push(Index { properties, metric, analyzer });
            }
            "range" => draft.ranges.extend(self.range(columns, &draft.name.node, annotation)),
            _ => draft.checks.extend(self.check(columns, &draft.name.node, annotation)),
        }
    }

    /// The properties a key, unique or index constraint names.
    fn columns(
        &mut self,
        draft: &Draft,
        columns: &Columns,
        purpose: Purpose,
        annotation: &Annotation,
    ) -> Option<Vec<String>> {
        if purpose != Purpose::Index {
            self.known_names(Code::S056, annotation, &[]);
        }
        let count = annotation.positional().count();
        let mut names: Vec<String> = Vec::new();
        for value in annotation.positional() {
            let name = match &value.node {
                Value::Name(name) => name.clone(),
                Value::System(end) if draft.kind == Kind::Edge => end.clone(),
                other => {
                    let error = Diagnostic::error(Code::S055, value.span, "expected property name in constraint");
                    let quoted = matches!(other, Value::String(text) if columns.contains_key(text.as_str()));
                    self.report(if quoted { error.with_help("names stand without quotes") } else { error });
                    return None;
                }
            };
            if names.contains(&name) {
                let message = format!("`{}` names `{name}` multiple times", purpose.word());
                self.error(Code::S057, value.span, message);
                return None;
            }
            let end = draft.kind == Kind::Edge && matches!(name.as_str(), "src" | "dst");
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

    /// `@key(@src, @dst, …)`: both ends and any number of properties.
    fn edge_key(&mut self, columns: &Columns, owner: &str, annotation: &Annotation) -> Option<Vec<String>> {
        self.known_names(Code::S056, annotation, &[]);
        let mut names: Vec<String> = Vec::new();
        for value in annotation.positional() {
            let name = match &value.node {
                Value::System(end) if matches!(end.as_str(), "src" | "dst") => format!("@{end}"),
                Value::Name(name) => name.clone(),
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
                Some(Some(ty)) => self.check_column(Purpose::Key, &name, ty, value.span, 2),
                None if !name.starts_with('@') => {
                    self.unknown(columns, owner, &name, value.span);
                    return None;
                }
                _ => {}
            }
            names.push(name);
        }
        if !["@src", "@dst"].iter().all(|end| names.iter().any(|name| name == end)) {
            let message = "the key of an edge includes both of its ends";
            let help = "write `@key(@src, @dst)`, with properties after them for several edges between the same nodes";
            self.report(Diagnostic::error(Code::S054, annotation.span, message).with_help(help));
            return None;
        }
        Some(names)
    }

    fn unknown(&mut self, columns: &Columns, owner: &str, name: &str, span: Span) {
        let message = format!("constraint names unknown property `{name}` of {owner}");
        let mut error = Diagnostic::error(Code::S051, span, message);
        error.help = self.suggest(name, columns.keys().copied());
        self.report(error);
    }

    /// `metric=` and `analyzer=` of an index over one column of type `ty`; `None` when it has several.
    pub(super) fn index_options(
        &mut self,
        annotation: &Annotation,
        ty: Option<&PropType>,
    ) -> (Option<Metric>, Option<Analyzer>) {
        self.known_names(Code::S056, annotation, &["metric", "analyzer"]);
        let (mut metric, mut analyzer) = (None, None);
        for (name, value) in annotation.named() {
            let (Value::Name(word) | Value::String(word)) = &value.node else {
                self.error(Code::S068, value.span, format!("`{}` takes a word", name.node));
                continue;
            };
            match name.node.as_str() {
                "metric" => {
                    metric = Metric::from_word(word);
                    if metric.is_none() {
                        let message = format!("unknown metric `{word}`: the metrics are cosine, l2 and dot");
                        self.error(Code::S068, value.span, message);
                    } else if !ty.is_some_and(|ty| matches!(ty.scalar, Scalar::Vector(_)) && !ty.list) {
                        self.error(Code::S068, name.span, "`metric` is for the index of one vector property");
                    }
                }
                "analyzer" => {
                    analyzer = Some(Analyzer(word.clone()));
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
        (metric, analyzer)
    }

    /// The property a `@range` or `@check` is about. The inner option is empty when its type is unknown.
    fn subject<'a>(
        &mut self,
        columns: &Columns<'a>,
        owner: &str,
        annotation: &Annotation,
        value: Option<&Spanned<Value>>,
    ) -> Option<(String, Option<&'a PropType>)> {
        let Some(Spanned { node: Value::Name(name), span }) = value else {
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

    /// The optional text at the end of `@range` and `@check`, and nothing after it.
    fn message<'a>(
        &mut self,
        annotation: &Annotation,
        mut rest: impl Iterator<Item = &'a Spanned<Value>>,
    ) -> Option<String> {
        let message = match rest.next() {
            Some(Spanned { node: Value::String(text), .. }) => Some(text.clone()),
            Some(other) => {
                let text =
                    format!("the last argument of `@{}` is a text for whoever violates it", annotation.name.node);
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

    fn range(&mut self, columns: &Columns, owner: &str, annotation: &Annotation) -> Option<Range> {
        self.known_names(Code::S056, annotation, &[]);
        let mut values = annotation.positional();
        let (property, ty) = self.subject(columns, owner, annotation, values.next())?;
        if let Some(ty) = ty.filter(|ty| !ty.is_number()) {
            let message = format!("@range requires a numeric type, and `{owner}.{property}` is {ty}");
            self.error(Code::S059, annotation.span, message);
        }
        let Some(Spanned { node: Value::Bounds(low, high), span }) = values.next() else {
            let message = format!("`@range` requires bounds, as in `@range({property}, 0..100)`, `0..` or `..100`");
            self.error(Code::S056, annotation.span, message);
            return None;
        };
        let (min, max) = (low.as_deref().and_then(Number::parse), high.as_deref().and_then(Number::parse));
        if let (Some(low), Some(high)) = (min, max)
            && low.compare(high) == std::cmp::Ordering::Greater
        {
            self.error(Code::S060, *span, format!("range min {low} exceeds max {high}"));
        }
        let message = self.message(annotation, values);
        Some(Range { property, min, max, message })
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

    fn check(&mut self, columns: &Columns, owner: &str, annotation: &Annotation) -> Option<Check> {
        self.known_names(Code::S056, annotation, &[]);
        let mut values = annotation.positional();
        let (property, ty) = self.subject(columns, owner, annotation, values.next())?;
        if let Some(ty) = ty.filter(|ty| ty.scalar != Scalar::String || ty.list) {
            let message = format!("@check requires String type, and `{owner}.{property}` is {ty}");
            self.error(Code::S061, annotation.span, message);
        }
        let Some(Spanned { node: Value::String(pattern), span }) = values.next() else {
            let message = "expected string argument: `@check` takes a property and a pattern in double quotes";
            self.error(Code::S056, annotation.span, message);
            return None;
        };
        self.check_pattern(pattern, *span);
        let message = self.message(annotation, values);
        Some(Check { property, pattern: pattern.clone(), message })
    }
}

fn required(ty: &PropType) -> PropType {
    PropType { nullable: false, ..ty.clone() }
}

fn is_free_text(ty: &PropType) -> bool {
    ty.scalar == Scalar::String && !ty.list && ty.enum_values.is_none()
}

/// Drops later copies of the same rule: written twice, it is one rule.
fn dedup<T: std::fmt::Debug>(items: &mut Vec<T>) {
    if items.len() < 2 {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(format!("{item:?}")));
}
