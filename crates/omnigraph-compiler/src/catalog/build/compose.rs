//! Injects interface properties into node types that do not declare them, annotations included.

use std::collections::{HashMap, HashSet};

use super::CatalogBuilder;
use super::draft::{PropertyDraft, TypeDraft};
use crate::catalog::TypeKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Spanned;

impl CatalogBuilder {
    pub(super) fn compose(&mut self, drafts: &mut [TypeDraft<'_>]) {
        let interfaces: HashMap<&str, Vec<PropertyDraft>> = drafts
            .iter()
            .filter(|draft| draft.kind == TypeKind::Interface)
            .map(|draft| (draft.name.node.as_str(), draft.properties.clone()))
            .collect();
        for node in drafts.iter_mut().filter(|draft| draft.kind == TypeKind::Node) {
            let mut seen: HashSet<&str> = HashSet::new();
            for name in node.implements {
                if !seen.insert(&name.node) {
                    let message = format!("node type `{}` implements `{}` twice", node.name.node, name.node);
                    self.error(Code::S032, name.span, message);
                } else if let Some(properties) = interfaces.get(name.node.as_str()) {
                    self.inject(node, &name.node, properties);
                } else {
                    let message =
                        format!("node type `{}` implements unknown interface `{}`", node.name.node, name.node);
                    let mut error = Diagnostic::error(Code::S030, name.span, message);
                    error.help = self.suggest(&name.node, interfaces.keys().copied());
                    self.report(error);
                }
            }
        }
    }

    fn inject<'a>(&mut self, node: &mut TypeDraft<'a>, interface: &str, properties: &[PropertyDraft<'a>]) {
        let own: HashMap<&str, &PropertyDraft> =
            node.properties.iter().map(|property| (property.name.node.as_str(), property)).collect();
        let mut missing = Vec::new();
        for wanted in properties {
            match own.get(wanted.name.node.as_str()) {
                None => missing.push(PropertyDraft { injected: true, ..wanted.clone() }),
                Some(present) => {
                    let error = conflict(node.name, interface, present, wanted);
                    self.diagnostics.extend(error);
                }
            }
        }
        node.properties.append(&mut missing);
    }
}

fn conflict(
    node: &Spanned<String>,
    interface: &str,
    present: &PropertyDraft,
    wanted: &PropertyDraft,
) -> Option<Diagnostic> {
    let (Some(ours), Some(theirs)) = (&present.ty, &wanted.ty) else { return None };
    if ours == theirs {
        return None;
    }
    let name = &present.name.node;
    let span = if present.injected { node.span } else { present.name.span };
    let message = format!("`{}.{name}` has type {ours} but interface {interface} declares it as {theirs}", node.node);
    Some(Diagnostic::error(Code::S031, span, message).with_related(wanted.name.span, "declared here"))
}
