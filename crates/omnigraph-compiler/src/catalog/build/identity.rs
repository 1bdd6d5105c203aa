//! Ids: a declaration with an accepted name, or with a hint to one, keeps its id; the others get new ids.

use std::collections::{BTreeMap, HashMap};

use super::CatalogBuilder;
use super::draft::{PropertyDraft, TypeDraft};
use crate::catalog::{Catalog, EdgeType, InterfaceType, NodeType, Property, PropertyId, TableId, TypeId, TypeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Spanned;

/// A type of the accepted catalog.
#[derive(Clone, Copy)]
struct FormerType<'a> {
    id: TypeId,
    table: Option<TableId>,
    properties: &'a [Property],
    key: Option<&'a [String]>,
}

/// Ids that one declaration keeps.
#[derive(Clone, Default)]
struct ResolvedIds<'a> {
    former: Option<FormerType<'a>>,
    /// Property ids of the former type, by their present names.
    properties: HashMap<String, PropertyId>,
}

/// Ids of all declarations, in the order of the drafts.
pub(super) struct AssignedIds {
    types: Vec<(TypeId, Option<TableId>)>,
    /// In the order of the draft's properties.
    properties: Vec<Vec<PropertyId>>,
    keys: Vec<Option<Vec<String>>>,
}

impl CatalogBuilder {
    /// Resolves ids against `previous` and mints the missing ones. Returns `None` when the drafts have errors: a refused schema
    /// must not mint ids.
    pub(super) fn identities(
        &mut self,
        drafts: &[TypeDraft],
        previous: Option<&Catalog>,
        mint: &mut dyn FnMut() -> ulid::Ulid,
    ) -> Option<AssignedIds> {
        let resolved = match previous {
            Some(previous) => self.resolve_all(drafts, previous),
            None => vec![ResolvedIds::default(); drafts.len()],
        };
        if self.incomplete || self.diagnostics.iter().any(Diagnostic::is_error) {
            return None;
        }
        Some(allocate(drafts, &resolved, mint))
    }

    fn resolve_all<'a>(&mut self, drafts: &[TypeDraft], previous: &'a Catalog) -> Vec<ResolvedIds<'a>> {
        let mut resolved = vec![ResolvedIds::default(); drafts.len()];
        for kind in [TypeKind::Interface, TypeKind::Node, TypeKind::Edge] {
            let accepted = accepted(kind, previous);
            let entries: Vec<NameClaim<'_>> = drafts
                .iter()
                .enumerate()
                .filter(|(_, draft)| draft.kind == kind)
                .map(|(at, draft)| NameClaim { at, name: &draft.name.node, hint: draft.renamed_from.as_ref() })
                .collect();
            let names: Vec<&str> = accepted.keys().map(String::as_str).collect();
            for (at, name) in self.claim(kind.noun(), &entries, &names) {
                let former = accepted.get(&name).copied();
                let properties = former.map(|former| self.resolve_properties(&drafts[at], former)).unwrap_or_default();
                resolved[at] = ResolvedIds { former, properties };
            }
        }
        for (draft, resolved) in drafts.iter().zip(&resolved).filter(|(_, resolved)| resolved.former.is_none()) {
            debug_assert!(resolved.properties.is_empty());
            self.hints_of_new_type(draft);
        }
        resolved
    }

    fn resolve_properties(&mut self, draft: &TypeDraft, former: FormerType<'_>) -> HashMap<String, PropertyId> {
        let ids: HashMap<&str, PropertyId> =
            former.properties.iter().map(|property| (property.name.as_str(), property.id)).collect();
        // A hint injected by an interface applies only to types that had the property.
        let applies = |property: &PropertyDraft| {
            !property.injected
                || property.renamed_from.as_ref().is_some_and(|hint| ids.contains_key(hint.node.as_str()))
        };
        let entries: Vec<NameClaim<'_>> = draft
            .properties
            .iter()
            .enumerate()
            .map(|(at, property)| {
                let hint = property.renamed_from.as_deref().filter(|_| applies(property));
                NameClaim { at, name: &property.name.node, hint }
            })
            .collect();
        let names: Vec<&str> = former.properties.iter().map(|property| property.name.as_str()).collect();
        let claimed = self.claim(&format!("property of {} `{}`", draft.kind.noun(), draft.name.node), &entries, &names);
        claimed
            .into_iter()
            .filter_map(|(at, name)| Some((draft.properties.get(at)?.name.node.clone(), *ids.get(name.as_str())?)))
            .collect()
    }

    /// Reports hints inside a new type, which has no former properties.
    fn hints_of_new_type(&mut self, draft: &TypeDraft) {
        for property in draft.properties.iter().filter(|property| !property.injected) {
            if let Some(hint) = &property.renamed_from {
                let message = format!(
                    "schema identity resolution failed: `{}.{}` is renamed from `{}`, but {} `{}` is new",
                    draft.name.node,
                    property.name.node,
                    hint.node,
                    draft.kind.noun(),
                    draft.name.node
                );
                let help = "if the type is renamed too, give it `@rename_from` as well; otherwise remove the hint";
                self.report(Diagnostic::error(Code::S070, hint.span, message).with_help(help));
            }
        }
    }

    /// Matches entries to accepted names. An exact name wins; a hint must name one that no other entry continues.
    fn claim(&mut self, what: &str, entries: &[NameClaim<'_>], accepted: &[&str]) -> Vec<(usize, String)> {
        let known: std::collections::HashSet<&str> = accepted.iter().copied().collect();
        let exact: HashMap<&str, usize> =
            entries.iter().filter(|entry| known.contains(entry.name)).map(|entry| (entry.name, entry.at)).collect();
        let mut claimed: Vec<(usize, String)> = exact.iter().map(|(name, at)| (*at, (*name).to_owned())).collect();
        let mut hinted: HashMap<&str, &Spanned<String>> = HashMap::new();
        for entry in entries {
            let Some(hint) = entry.hint else { continue };
            let old = hint.node.as_str();
            if known.contains(entry.name) {
                if known.contains(old) && old != entry.name {
                    let message = format!("`{}` exists already, so its `@rename_from` has no effect", entry.name);
                    let mut info = Diagnostic::warning(Code::S071, hint.span, message);
                    info.severity = crate::Severity::Info;
                    self.report(info);
                }
                continue;
            }
            let failed = |reason: String| {
                let message = format!("schema identity resolution failed: {reason}");
                Diagnostic::error(Code::S070, hint.span, message)
            };
            if !known.contains(old) {
                let mut error =
                    failed(format!("`{}` is renamed from `{old}`, which is not an accepted {what}", entry.name));
                error.help = self.suggest(old, accepted.iter().copied());
                self.report(error);
            } else if exact.contains_key(old) {
                let reason = format!("`{}` is renamed from `{old}`, but `{old}` is still declared", entry.name);
                self.report(failed(reason).with_help("a name is either kept or renamed"));
            } else if let Some(other) = hinted.insert(old, hint) {
                let reason = format!("two declarations are renamed from {what} `{old}`");
                self.report(failed(reason).with_related(other.span, "the other one"));
            } else {
                claimed.push((entry.at, old.to_owned()));
            }
        }
        claimed
    }
}

/// A declaration that may continue an accepted one.
struct NameClaim<'a> {
    at: usize,
    name: &'a str,
    hint: Option<&'a Spanned<String>>,
}

fn accepted(kind: TypeKind, previous: &Catalog) -> BTreeMap<String, FormerType<'_>> {
    match kind {
        TypeKind::Interface => previous
            .interfaces
            .iter()
            .map(|(name, ty)| {
                (name.clone(), FormerType { id: ty.id, table: None, properties: &ty.properties, key: None })
            })
            .collect(),
        TypeKind::Node => previous
            .nodes
            .iter()
            .map(|(name, ty)| {
                let key = ty.key.as_deref();
                (name.clone(), FormerType { id: ty.id, table: Some(ty.table), properties: &ty.properties, key })
            })
            .collect(),
        TypeKind::Edge => previous
            .edges
            .iter()
            .map(|(name, ty)| {
                let key = ty.key.as_deref();
                (name.clone(), FormerType { id: ty.id, table: Some(ty.table), properties: &ty.properties, key })
            })
            .collect(),
    }
}

fn allocate(drafts: &[TypeDraft], resolved: &[ResolvedIds<'_>], mint: &mut dyn FnMut() -> ulid::Ulid) -> AssignedIds {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by(|&a, &b| (drafts[a].kind, &drafts[a].name.node).cmp(&(drafts[b].kind, &drafts[b].name.node)));
    let mut types: Vec<Option<TypeId>> = vec![None; drafts.len()];
    for &at in &order {
        types[at] = Some(resolved[at].former.map_or_else(|| TypeId::new(mint()), |former| former.id));
    }
    let mut properties = vec![Vec::new(); drafts.len()];
    for &at in &order {
        let name = |index: usize| drafts[at].properties[index].name.node.as_str();
        let mut by_name: Vec<usize> = (0..drafts[at].properties.len()).collect();
        by_name.sort_unstable_by_key(|&index| name(index));
        let mut ids = vec![None; by_name.len()];
        for index in by_name {
            let known = resolved[at].properties.get(name(index)).copied();
            ids[index] = Some(known.unwrap_or_else(|| PropertyId::new(mint())));
        }
        properties[at] = ids.into_iter().flatten().collect();
    }
    let mut tables: Vec<Option<TableId>> = vec![None; drafts.len()];
    for &at in order.iter().filter(|&&at| drafts[at].kind != TypeKind::Interface) {
        let former = resolved[at].former.and_then(|former| former.table);
        tables[at] = Some(former.unwrap_or_else(|| TableId::new(mint())));
    }
    let keys = drafts.iter().zip(resolved).map(|(draft, resolved)| ordered_key(draft, resolved)).collect();
    let types = types.into_iter().flatten().zip(tables).collect();
    AssignedIds { types, properties, keys }
}

/// Returns the key's components in the order that row ids use: components of the former key in their order, then former
/// properties by id, then new ones by name. So a rename changes no row id. An edge's endpoints come first.
fn ordered_key(draft: &TypeDraft, resolved: &ResolvedIds<'_>) -> Option<Vec<String>> {
    let mut names = draft.key.clone()?;
    let former_names: HashMap<PropertyId, &str> = resolved
        .former
        .iter()
        .flat_map(|former| former.properties)
        .map(|property| (property.id, property.name.as_str()))
        .collect();
    let former_key = resolved.former.and_then(|former| former.key).unwrap_or_default();
    names.sort_by_cached_key(|name| {
        let end = match name.as_str() {
            "@src" => 0,
            "@dst" => 1,
            _ => 2,
        };
        let id = resolved.properties.get(name).copied();
        let old_name = id.and_then(|id| former_names.get(&id).copied());
        let position = old_name.and_then(|old| former_key.iter().position(|component| component == old));
        (end, position.unwrap_or(usize::MAX), id.is_none(), id, name.clone())
    });
    Some(names)
}

impl AssignedIds {
    /// Builds the catalog from the drafts.
    pub(super) fn catalog(self, drafts: Vec<TypeDraft>) -> Catalog {
        let mut catalog = Catalog::default();
        let Self { types, properties, keys } = self;
        for (((draft, (id, table)), ids), key) in drafts.into_iter().zip(types).zip(properties).zip(keys) {
            insert(&mut catalog, draft, id, table, ids, key);
        }
        catalog
    }
}

fn insert(
    catalog: &mut Catalog,
    draft: TypeDraft,
    id: TypeId,
    table: Option<TableId>,
    ids: Vec<PropertyId>,
    key: Option<Vec<String>>,
) {
    let name = draft.name.node.clone();
    let properties: Vec<Property> =
        draft.properties.into_iter().zip(ids).filter_map(|(property, id)| finish(property, id)).collect();
    let (uniques, indexes, ranges, checks) = (draft.uniques, draft.indexes, draft.ranges, draft.checks);
    let annotations = draft.annotations;
    match (draft.kind, table, draft.ends) {
        (TypeKind::Node, Some(table), _) => {
            let implements = draft.implements.iter().map(|interface| interface.node.clone()).collect();
            let node = NodeType {
                id,
                table,
                name: name.clone(),
                implements,
                properties,
                key,
                uniques,
                indexes,
                ranges,
                checks,
                annotations,
            };
            catalog.nodes.insert(name, node);
        }
        (TypeKind::Edge, Some(table), Some((from, to))) => {
            let (card, card_in, on_delete) = (draft.card, draft.card_in, draft.on_delete);
            let edge = EdgeType {
                id,
                table,
                name: name.clone(),
                from: from.node.clone(),
                to: to.node.clone(),
                card,
                card_in,
                on_delete,
                properties,
                key,
                uniques,
                indexes,
                ranges,
                checks,
                annotations,
            };
            catalog.edges.insert(name, edge);
        }
        _ => {
            catalog.interfaces.insert(name.clone(), InterfaceType { id, name, properties, annotations });
        }
    }
}

fn finish(draft: PropertyDraft, id: PropertyId) -> Option<Property> {
    Some(Property {
        id,
        name: draft.name.node.clone(),
        ty: draft.ty?,
        default: draft.default.map(|default| default.node),
        embed: draft.embed.map(|embed| embed.node),
        annotations: draft.annotations,
    })
}
