//! Annotations of headers and of properties.

use super::CatalogBuilder;
use super::arguments::source_text;
use super::draft::{PropertyDraft, TypeDraft};
use crate::catalog::{Annotation, Cardinality, OnDelete, TypeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{self, ArgValue};
use crate::span::Spanned;
use crate::suggest::nearest;

/// Annotations that have a meaning on headers.
const HEADER_ANNOTATIONS: &[&str] = &["description", "instruction", "rename_from", "card", "card_in", "on_delete"];

/// Annotations that have a meaning on properties.
const PROPERTY_ANNOTATIONS: &[&str] = &["key", "unique", "index", "embed", "default", "description", "rename_from"];

impl CatalogBuilder {
    pub(super) fn header_annotations(&mut self, draft: &mut TypeDraft, annotations: &[ast::AnnotationSyntax]) {
        let mut seen = Vec::new();
        for annotation in annotations {
            let name = annotation.name.node.as_str();
            let single = HEADER_ANNOTATIONS.contains(&name);
            if single && !self.is_first(&mut seen, annotation) {
                continue;
            }
            match name {
                "description" | "instruction" => {
                    let text = self.text_argument(annotation);
                    draft.annotations.extend(text.map(|text| plain(name, Some(text))));
                }
                "rename_from" => draft.renamed_from = self.former_name(annotation),
                "card" | "card_in" | "on_delete" if draft.kind != TypeKind::Edge => {
                    self.error(Code::S058, annotation.span, format!("`@{name}` is only supported on edge types"));
                }
                "card" => draft.card = self.cardinality(annotation).unwrap_or_default(),
                "card_in" => draft.card_in = self.cardinality(annotation).unwrap_or_default(),
                "on_delete" => draft.on_delete = self.on_delete(annotation),
                "key" | "unique" | "index" | "embed" | "range" | "check" | "default" => {
                    self.misplaced_on_header(draft.kind, annotation);
                }
                _ => draft.annotations.push(self.opaque_annotation(annotation, HEADER_ANNOTATIONS)),
            }
        }
    }

    fn misplaced_on_header(&mut self, kind: TypeKind, annotation: &ast::AnnotationSyntax) {
        let name = &annotation.name.node;
        let message = match kind {
            TypeKind::Edge => format!("`@{name}` is not supported on edges as a whole"),
            TypeKind::Node | TypeKind::Interface => format!("`@{name}` is only supported on node properties"),
        };
        let help = match name.as_str() {
            "key" | "unique" | "index" => format!("write `@{name}` after a property, or `@{name}(…)` in the body"),
            "range" | "check" => format!("write `@{name}(property, …)` in the body"),
            _ => format!("write `@{name}` after a property"),
        };
        self.report(Diagnostic::error(Code::S058, annotation.span, message).with_help(help));
    }

    pub(super) fn property_annotations(
        &mut self,
        kind: TypeKind,
        property: &mut PropertyDraft,
        annotations: &[ast::AnnotationSyntax],
    ) {
        let mut seen = Vec::new();
        for annotation in annotations {
            let name = annotation.name.node.as_str();
            if PROPERTY_ANNOTATIONS.contains(&name) && !self.is_first(&mut seen, annotation) {
                continue;
            }
            match name {
                "key" | "embed" if kind == TypeKind::Edge => {
                    let message = format!("`@{name}` is not supported on edge properties");
                    let mut error = Diagnostic::error(Code::S058, annotation.span, message);
                    let keyed = format!("write `@key(@src, @dst, {})` in the body", property.name.node);
                    error.help = (name == "key").then_some(keyed);
                    self.report(error);
                }
                "key" if self.reject_arguments(annotation) => property.marks.key = Some(annotation.span),
                "unique" if self.reject_arguments(annotation) => property.marks.unique = Some(annotation.span),
                "key" | "unique" => {}
                "index" => {
                    if annotation.positional().next().is_some() {
                        self.reject_arguments(annotation);
                    }
                    property.marks.index = Some(self.index_options(annotation, property.ty.as_ref()));
                }
                "embed" => property.embed = self.embed(property, annotation).map(Box::new),
                "default" => property.default = self.default_value(property, annotation).map(Box::new),
                "description" => {
                    let text = self.text_argument(annotation);
                    property.annotations.extend(text.map(|text| plain(name, Some(text))));
                }
                "rename_from" => property.renamed_from = self.former_name(annotation).map(Box::new),
                "instruction" => {
                    let message = "`@instruction` is not supported on properties";
                    let error = Diagnostic::error(Code::S058, annotation.span, message);
                    self.report(error.with_help("use `@description`, or put it on the type"));
                }
                "range" | "check" => {
                    let message = format!("`@{name}` requires arguments");
                    let help = format!("write `@{name}({}, …)` on a line of its own", property.name.node);
                    self.report(Diagnostic::error(Code::S056, annotation.span, message).with_help(help));
                }
                "card" | "card_in" | "on_delete" => {
                    let message = format!("`@{name}` belongs in the header of an edge type");
                    self.error(Code::S058, annotation.span, message);
                }
                _ => property.annotations.push(self.opaque_annotation(annotation, PROPERTY_ANNOTATIONS)),
            }
        }
        self.check_marks(property, annotations);
    }

    /// Keeps an annotation without a meaning; warns when its name is close to one with a meaning.
    fn opaque_annotation(&mut self, annotation: &ast::AnnotationSyntax, known: &[&str]) -> Annotation {
        let name = &annotation.name.node;
        let near = known.iter().chain(&["range", "check"]).copied();
        if let Some(meant) = nearest(name, near).filter(|_| name.len() > 3) {
            let message = format!("`@{name}` is kept as a remark and has no effect");
            let warning = Diagnostic::warning(Code::S072, annotation.span, message);
            self.report(warning.with_help(format!("did you mean `@{meant}`?")));
        }
        let mut positional = annotation.positional();
        let value = positional.next().map(|value| source_text(&value.node));
        if let Some(extra) = positional.next() {
            self.error(Code::S056, extra.span, format!("`@{name}` takes at most one value without a name"));
        }
        let kwargs = annotation.named().map(|(name, value)| (name.node.clone(), source_text(&value.node))).collect();
        Annotation { name: name.clone(), value, kwargs }
    }

    fn former_name(&mut self, annotation: &ast::AnnotationSyntax) -> Option<Spanned<String>> {
        let values: Vec<&Spanned<ArgValue>> = annotation.positional().collect();
        let name = match values.as_slice() {
            [Spanned { node: ArgValue::String(text) | ArgValue::Name(text), span }] if !text.trim().is_empty() => {
                Some(Spanned::new(text.clone(), *span))
            }
            _ => None,
        };
        if name.is_none() || annotation.named().next().is_some() {
            let message = "`@rename_from` takes exactly one value: the former name, as in `@rename_from(\"Old\")`";
            self.error(Code::S065, annotation.span, message);
            return None;
        }
        name
    }

    fn cardinality(&mut self, annotation: &ast::AnnotationSyntax) -> Option<Cardinality> {
        let name = &annotation.name.node;
        let values: Vec<&Spanned<ArgValue>> = annotation.positional().collect();
        let ([Spanned { node: ArgValue::Bounds(Some(low), high), span }], None) =
            (values.as_slice(), annotation.named().next())
        else {
            let message = format!("expected `@{name}(min..max)` or `@{name}(min..)`");
            self.error(Code::S066, annotation.span, message);
            return None;
        };
        let (Ok(min), Ok(max)) = (low.parse::<u32>(), high.as_deref().map(str::parse::<u32>).transpose()) else {
            let message = format!("invalid cardinality: bounds are integers from 0 to {}", u32::MAX);
            self.error(Code::S066, *span, message);
            return None;
        };
        if let Some(max) = max.filter(|max| min > *max) {
            self.error(Code::S060, *span, format!("cardinality min {min} exceeds max {max}"));
            return None;
        }
        Some(Cardinality { min, max })
    }

    fn on_delete(&mut self, annotation: &ast::AnnotationSyntax) -> OnDelete {
        self.check_argument_names(Code::S056, annotation, &[]);
        let values: Vec<&Spanned<ArgValue>> = annotation.positional().collect();
        if let [Spanned { node: ArgValue::Name(word), .. }] = values.as_slice() {
            match word.as_str() {
                "cascade" => return OnDelete::Cascade,
                "restrict" => return OnDelete::Restrict,
                _ => {}
            }
        }
        self.error(Code::S056, annotation.span, "expected `@on_delete(cascade)` or `@on_delete(restrict)`");
        OnDelete::default()
    }
}

fn plain(name: &str, value: Option<String>) -> Annotation {
    Annotation { name: name.to_owned(), value, kwargs: Vec::new() }
}
