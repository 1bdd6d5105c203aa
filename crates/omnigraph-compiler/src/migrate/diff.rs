//! Differences between two catalogs, type by type and property by property.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::rules::{self, ConstraintSet};
use super::step::{keeps_text, widens};
use super::{CardinalitySide, DropMode, MigrationStep, SafetyTier, TypeKind};
use crate::catalog::{
    Annotation, Cardinality, Catalog, EdgeType, InterfaceType, NodeType, Property, PropertyId, TypeId,
};
use crate::diagnostic::Code;
use crate::types::PropType;

/// A comparison in progress.
pub(super) struct CatalogDiff<'a> {
    pub(super) old: &'a Catalog,
    pub(super) new: &'a Catalog,
    pub(super) drops: DropMode,
    pub(super) steps: Vec<MigrationStep>,
}

/// The old or new version of a type.
#[derive(Clone, Copy)]
struct TypeSide<'a> {
    name: &'a str,
    properties: &'a [Property],
    annotations: &'a [Annotation],
}

/// Returns the step for an unclassified difference. It is a safety net: reaching it is a defect of the planner, and a refusal
/// cannot lose data.
pub(super) fn unclassified() -> MigrationStep {
    MigrationStep::UnsupportedChange {
        entity: "schema".to_owned(),
        reason: "the schemas differ in a way that no migration step describes".to_owned(),
        code: Some(Code::OgMf111),
    }
}

impl CatalogDiff<'_> {
    pub(super) fn run(mut self) -> Vec<MigrationStep> {
        self.interfaces();
        self.nodes();
        self.edges();
        self.steps
    }

    fn interfaces(&mut self) {
        let former: HashMap<TypeId, &InterfaceType> = self.old.interfaces.values().map(|ty| (ty.id, ty)).collect();
        for ty in self.new.interfaces.values() {
            match former.get(&ty.id) {
                None => self.add_type(TypeKind::Interface, &ty.name),
                Some(old) => {
                    let (before, after) = (side_of_interface(old), side_of_interface(ty));
                    self.rename_type(TypeKind::Interface, before, after);
                    self.type_metadata(TypeKind::Interface, before, after);
                    self.properties(TypeKind::Interface, before, after, None);
                    self.dropped_properties(TypeKind::Interface, before, after);
                }
            }
        }
        let kept: BTreeSet<TypeId> = self.new.interfaces.values().map(|ty| ty.id).collect();
        for ty in self.old.interfaces.values().filter(|ty| !kept.contains(&ty.id)) {
            let reason = format!("interface {} is removed, and an interface cannot be dropped", ty.name);
            self.refuse(format!("interface:{}", ty.name), reason, Code::OgMf109);
        }
    }

    fn nodes(&mut self) {
        let former: HashMap<TypeId, &NodeType> = self.old.nodes.values().map(|ty| (ty.id, ty)).collect();
        for ty in self.new.nodes.values() {
            match former.get(&ty.id) {
                None => self.add_type(TypeKind::Node, &ty.name),
                Some(old) => self.node(old, ty),
            }
        }
        let kept: BTreeSet<TypeId> = self.new.nodes.values().map(|ty| ty.id).collect();
        for ty in self.old.nodes.values().filter(|ty| !kept.contains(&ty.id)) {
            self.drop_type(TypeKind::Node, &ty.name);
        }
    }

    fn node(&mut self, old: &NodeType, new: &NodeType) {
        let before = TypeSide { name: &old.name, properties: &old.properties, annotations: &old.annotations };
        let after = TypeSide { name: &new.name, properties: &new.properties, annotations: &new.annotations };
        self.rename_type(TypeKind::Node, before, after);
        let interfaces = |catalog: &Catalog, names: &[String]| -> BTreeSet<TypeId> {
            names.iter().filter_map(|name| catalog.interfaces.get(name)).map(|ty| ty.id).collect()
        };
        if interfaces(self.old, &old.implements) != interfaces(self.new, &new.implements) {
            let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let (was, is) = (list(&old.implements), list(&new.implements));
            let reason = format!("changing what {} implements, from {was} to {is}, is not supported", new.name);
            self.refuse(format!("node:{}", new.name), reason, Code::OgMf108);
        }
        self.type_metadata(TypeKind::Node, before, after);
        self.rules_and_properties(
            TypeKind::Node,
            before,
            after,
            &ConstraintSet::from_node(old),
            &ConstraintSet::from_node(new),
        );
    }

    fn edges(&mut self) {
        let former: HashMap<TypeId, &EdgeType> = self.old.edges.values().map(|ty| (ty.id, ty)).collect();
        for ty in self.new.edges.values() {
            match former.get(&ty.id) {
                None => self.add_type(TypeKind::Edge, &ty.name),
                Some(old) => self.edge(old, ty),
            }
        }
        let kept: BTreeSet<TypeId> = self.new.edges.values().map(|ty| ty.id).collect();
        for ty in self.old.edges.values().filter(|ty| !kept.contains(&ty.id)) {
            self.drop_type(TypeKind::Edge, &ty.name);
        }
    }

    fn edge(&mut self, old: &EdgeType, new: &EdgeType) {
        let before = TypeSide { name: &old.name, properties: &old.properties, annotations: &old.annotations };
        let after = TypeSide { name: &new.name, properties: &new.properties, annotations: &new.annotations };
        self.rename_type(TypeKind::Edge, before, after);
        let end = |catalog: &Catalog, name: &str| catalog.nodes.get(name).map(|ty| ty.id);
        let ends = |catalog: &Catalog, edge: &EdgeType| (end(catalog, &edge.from), end(catalog, &edge.to));
        if ends(self.old, old) != ends(self.new, new) {
            let (was, is) = (format!("{} -> {}", old.from, old.to), format!("{} -> {}", new.from, new.to));
            let reason = format!("changing the ends of edge {} from {was} to {is} is not supported", new.name);
            self.refuse(format!("edge:{}", new.name), reason, Code::OgMf107);
        }
        self.cardinality(new, CardinalitySide::Out, old.card, new.card);
        self.cardinality(new, CardinalitySide::In, old.card_in, new.card_in);
        if old.on_delete != new.on_delete {
            let (name, on_delete) = (new.name.clone(), new.on_delete);
            self.steps.push(MigrationStep::ChangeOnDelete { type_kind: TypeKind::Edge, name, on_delete });
        }
        self.type_metadata(TypeKind::Edge, before, after);
        self.rules_and_properties(
            TypeKind::Edge,
            before,
            after,
            &ConstraintSet::from_edge(old),
            &ConstraintSet::from_edge(new),
        );
    }

    fn cardinality(&mut self, edge: &EdgeType, direction: CardinalitySide, from: Cardinality, to: Cardinality) {
        if from == to {
            return;
        }
        let relaxed = to.min <= from.min
            && match (from.max, to.max) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(from), Some(to)) => from <= to,
            };
        let tier = if relaxed { SafetyTier::Safe } else { SafetyTier::Validated };
        let name = edge.name.clone();
        self.steps.push(MigrationStep::ChangeCardinality {
            type_kind: TypeKind::Edge,
            name,
            direction,
            from,
            to,
            tier,
        });
    }

    fn rules_and_properties(
        &mut self,
        kind: TypeKind,
        before: TypeSide<'_>,
        after: TypeSide<'_>,
        old: &ConstraintSet<'_>,
        new: &ConstraintSet<'_>,
    ) {
        // Most types of a migration are unchanged.
        if before.properties == after.properties && old == new {
            return;
        }
        self.properties(kind, before, after, Some(old));
        let present: HashMap<PropertyId, &str> =
            after.properties.iter().map(|property| (property.id, property.name.as_str())).collect();
        let translate: HashMap<&str, &str> = before
            .properties
            .iter()
            .filter_map(|property| Some((property.name.as_str(), *present.get(&property.id)?)))
            .collect();
        let changes = rules::compare(kind, after.name, old, new, &translate);
        self.steps.extend(changes.drops);
        self.dropped_properties(kind, before, after);
        self.steps.extend(changes.adds);
    }

    fn properties(
        &mut self,
        kind: TypeKind,
        before: TypeSide<'_>,
        after: TypeSide<'_>,
        rules: Option<&ConstraintSet<'_>>,
    ) {
        let former: HashMap<PropertyId, &Property> =
            before.properties.iter().map(|property| (property.id, property)).collect();
        let ordered: BTreeMap<&str, &Property> =
            after.properties.iter().map(|property| (property.name.as_str(), property)).collect();
        let former_names: HashMap<&str, PropertyId> =
            before.properties.iter().map(|property| (property.name.as_str(), property.id)).collect();
        let names: HashMap<PropertyId, &str> =
            after.properties.iter().map(|property| (property.id, property.name.as_str())).collect();
        let renamed = |old: &str| former_names.get(old).and_then(|id| names.get(id)).copied();
        for property in ordered.values() {
            match former.get(&property.id) {
                None => self.add_property(kind, after.name, property),
                Some(old) => {
                    let change = PropertyChange { kind, owner: after.name, old, new: property };
                    let keyed = rules.is_some_and(|rules| rules.keyed_by(&old.name));
                    change.steps(keyed, &renamed, self);
                }
            }
        }
    }

    fn add_property(&mut self, kind: TypeKind, owner: &str, property: &Property) {
        let required = !property.ty.nullable && kind != TypeKind::Interface;
        if required && property.default.is_none() {
            let entity = format!("{}:{owner}.{}", kind.word(), property.name);
            let reason = format!(
                "adding required property '{owner}.{}' needs a value for existing rows: make it nullable, or give it `@default`",
                property.name
            );
            self.refuse(entity, reason, Code::OgMf103);
            return;
        }
        self.steps.push(MigrationStep::AddProperty {
            type_kind: kind,
            type_name: owner.to_owned(),
            property_name: property.name.clone(),
            property_type: property.ty.clone(),
            default: property.default.clone(),
            tier: if required { SafetyTier::Validated } else { SafetyTier::Safe },
        });
    }

    fn dropped_properties(&mut self, kind: TypeKind, before: TypeSide<'_>, after: TypeSide<'_>) {
        let kept: BTreeSet<PropertyId> = after.properties.iter().map(|property| property.id).collect();
        let dropped: BTreeSet<&str> = before
            .properties
            .iter()
            .filter(|property| !kept.contains(&property.id))
            .map(|property| property.name.as_str())
            .collect();
        for name in dropped {
            let (type_name, property_name) = (after.name.to_owned(), name.to_owned());
            self.steps.push(MigrationStep::DropProperty {
                type_kind: kind,
                type_name,
                property_name,
                mode: self.drops,
            });
        }
    }

    fn add_type(&mut self, type_kind: TypeKind, name: &str) {
        self.steps.push(MigrationStep::AddType { type_kind, name: name.to_owned() });
    }

    fn drop_type(&mut self, type_kind: TypeKind, name: &str) {
        self.steps.push(MigrationStep::DropType { type_kind, name: name.to_owned(), mode: self.drops });
    }

    fn rename_type(&mut self, type_kind: TypeKind, before: TypeSide<'_>, after: TypeSide<'_>) {
        if before.name != after.name {
            let (from, to) = (before.name.to_owned(), after.name.to_owned());
            self.steps.push(MigrationStep::RenameType { type_kind, from, to });
        }
    }

    fn type_metadata(&mut self, type_kind: TypeKind, before: TypeSide<'_>, after: TypeSide<'_>) {
        if !same_annotations(before.annotations, after.annotations) {
            let annotations = after.annotations.to_vec();
            self.steps.push(MigrationStep::UpdateTypeMetadata { type_kind, name: after.name.to_owned(), annotations });
        }
    }

    fn refuse(&mut self, entity: String, reason: String, code: Code) {
        self.steps.push(MigrationStep::UnsupportedChange { entity, reason, code: Some(code) });
    }
}

fn side_of_interface(ty: &InterfaceType) -> TypeSide<'_> {
    TypeSide { name: &ty.name, properties: &ty.properties, annotations: &ty.annotations }
}

/// Compares annotations without regard to order.
fn same_annotations(a: &[Annotation], b: &[Annotation]) -> bool {
    if a == b {
        return true;
    }
    let sorted = |annotations: &[Annotation]| {
        let mut texts: Vec<String> = annotations.iter().map(|annotation| format!("{annotation:?}")).collect();
        texts.sort_unstable();
        texts
    };
    sorted(a) == sorted(b)
}

/// One property before and after.
struct PropertyChange<'a> {
    kind: TypeKind,
    owner: &'a str,
    old: &'a Property,
    new: &'a Property,
}

impl PropertyChange<'_> {
    /// Adds the steps of this property. `keyed`: it is a component of row ids. `renamed` maps a former property name to the
    /// present one.
    fn steps<'b>(&self, keyed: bool, renamed: &dyn Fn(&str) -> Option<&'b str>, diff: &mut CatalogDiff<'_>) {
        let Self { kind: type_kind, old, new, .. } = *self;
        let (type_name, property_name) = (self.owner.to_owned(), new.name.clone());
        if old.name != new.name {
            let (from, to) = (old.name.clone(), new.name.clone());
            diff.steps.push(MigrationStep::RenameProperty { type_kind, type_name: type_name.clone(), from, to });
        }
        self.type_steps(keyed, diff);
        if old.default != new.default {
            let (type_name, property_name) = (type_name.clone(), property_name.clone());
            diff.steps.push(MigrationStep::ChangeDefault {
                type_kind,
                type_name,
                property_name,
                default: new.default.clone(),
            });
        }
        let embed = |property: &Property, source: Option<&str>| {
            property.embed.as_ref().map(|embed| (source.unwrap_or(&embed.source).to_owned(), embed.model.clone()))
        };
        let source = old.embed.as_ref().and_then(|embed| renamed(&embed.source));
        if embed(old, source) != embed(new, None) {
            let reason = format!("changing @embed of '{type_name}.{property_name}' would mix vectors of two origins");
            diff.refuse(self.entity(), reason, Code::OgMf110);
        }
        if !same_annotations(&old.annotations, &new.annotations) {
            let annotations = new.annotations.clone();
            diff.steps.push(MigrationStep::UpdatePropertyMetadata { type_kind, type_name, property_name, annotations });
        }
    }

    fn entity(&self) -> String {
        format!("{}:{}.{}", self.kind.word(), self.owner, self.new.name)
    }

    fn type_steps(&self, keyed: bool, diff: &mut CatalogDiff<'_>) {
        let (old, new) = (&self.old.ty, &self.new.ty);
        let type_kind = self.kind;
        let names = || (self.owner.to_owned(), self.new.name.clone());
        if old == new {
            return;
        }
        if let (Some(before), Some(after), true) = (&old.enum_values, &new.enum_values, old.list == new.list) {
            self.enum_steps(before, after, diff);
        } else if widens(old, new) && (!keyed || keeps_text(old, new)) {
            let (type_name, property_name) = names();
            let (from, to) = (old.clone(), PropType { nullable: old.nullable, ..new.clone() });
            diff.steps.push(MigrationStep::WidenProperty { type_kind, type_name, property_name, from, to });
        } else if (old.scalar, old.list, &old.enum_values) != (new.scalar, new.list, &new.enum_values) {
            let (type_name, property_name) = names();
            let key = if keyed && widens(old, new) { ": ids made of it would change" } else { "" };
            let reason = format!(
                "changing property type of '{type_name}.{property_name}' from {old} to {new} is not supported{key}"
            );
            diff.refuse(self.entity(), reason, Code::OgMf106);
            return;
        }
        if old.nullable != new.nullable {
            let (type_name, property_name) = names();
            let nullable = new.nullable;
            // An interface has no rows of its own; the node types that implement it have steps of theirs.
            let safe = nullable || type_kind == TypeKind::Interface;
            let tier = if safe { SafetyTier::Safe } else { SafetyTier::Validated };
            diff.steps.push(MigrationStep::ChangeNullability { type_kind, type_name, property_name, nullable, tier });
        }
    }

    fn enum_steps(&self, before: &[String], after: &[String], diff: &mut CatalogDiff<'_>) {
        let type_kind = self.kind;
        let missing = |from: &[String], words: &[String]| -> Vec<String> {
            words.iter().filter(|word| from.binary_search(word).is_err()).cloned().collect()
        };
        let (added_values, removed_values) = (missing(before, after), missing(after, before));
        let names = || (self.owner.to_owned(), self.new.name.clone());
        if !added_values.is_empty() {
            let (type_name, property_name) = names();
            diff.steps.push(MigrationStep::ExtendEnum { type_kind, type_name, property_name, added_values });
        }
        if !removed_values.is_empty() {
            let (type_name, property_name) = names();
            let tier = if type_kind == TypeKind::Interface { SafetyTier::Safe } else { SafetyTier::Validated };
            diff.steps.push(MigrationStep::NarrowEnum { type_kind, type_name, property_name, removed_values, tier });
        }
    }
}
