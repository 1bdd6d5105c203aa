//! `@embed("source", model="m")`: a vector computed from a text of the same row.

use super::CatalogBuilder;
use super::draft::{PropertyDraft, TypeDraft};
use crate::catalog::{EmbeddingSpec, TypeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{AnnotationSyntax, ArgValue};
use crate::span::Spanned;
use crate::types::ScalarType;

impl CatalogBuilder {
    /// Reads the annotation; the source is looked up once interfaces are composed.
    pub(super) fn embed(
        &mut self,
        property: &PropertyDraft,
        annotation: &AnnotationSyntax,
    ) -> Option<Spanned<EmbeddingSpec>> {
        self.check_argument_names(Code::S064, annotation, &["model"]);
        if let Some(ty) = property.ty.as_ref().filter(|ty| !ty.is_vector()) {
            let message = format!("@embed target `{}` must be a Vector, and it is {ty}", property.name.node);
            self.error(Code::S064, annotation.span, message);
        }
        let mut values = annotation.positional();
        let source = match values.next() {
            Some(Spanned { node: ArgValue::String(text) | ArgValue::Name(text), span }) => {
                Spanned::new(text.clone(), *span)
            }
            Some(other) => {
                self.error(Code::S064, other.span, "@embed takes the name of the property it is computed from");
                return None;
            }
            None => {
                let message = "@embed requires a source property, as in `@embed(\"title\")`";
                self.error(Code::S064, annotation.span, message);
                return None;
            }
        };
        if let Some(extra) = values.next() {
            self.error(Code::S064, extra.span, "@embed takes one source property");
        }
        if source.node.trim().is_empty() {
            self.error(Code::S064, source.span, "@embed source cannot be blank");
            return None;
        }
        let model =
            annotation.named().find(|(name, _)| name.node == "model").and_then(|(_, value)| match &value.node {
                ArgValue::String(text) | ArgValue::Name(text) if !text.trim().is_empty() => Some(text.clone()),
                _ => {
                    self.error(Code::S064, value.span, "@embed model is a name in double quotes");
                    None
                }
            });
        Some(Spanned::new(EmbeddingSpec { source: source.node, model }, source.span))
    }

    /// Reports embedded vectors without a source text.
    pub(super) fn check_embeds(&mut self, draft: &TypeDraft) {
        if draft.kind != TypeKind::Node {
            return;
        }
        for property in &draft.properties {
            let Some(embed) = &property.embed else { continue };
            let span = if property.injected { draft.name.span } else { embed.span };
            let source = &embed.node.source;
            match draft.property(source).map(|found| &found.ty) {
                None => {
                    let message = format!("@embed source `{source}` not found in {}", draft.name.node);
                    let mut error = Diagnostic::error(Code::S064, span, message);
                    error.help = self.suggest(source, draft.properties.iter().map(|other| other.name.node.as_str()));
                    self.report(error);
                }
                Some(Some(ty)) if ty.scalar != ScalarType::String || ty.list => {
                    let message = format!("@embed source `{source}` must be a String, and it is {ty}");
                    self.error(Code::S064, span, message);
                }
                Some(_) => {}
            }
        }
    }
}
