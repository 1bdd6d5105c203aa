//! Steps, and the JSON they travel in.

use super::Tier;
use crate::catalog::{Analyzer, Annotation, Cardinality, Check, DefaultValue, Metric, OnDelete, Range};
use crate::diagnostic::Code;
use crate::types::PropType;

/// An ordered list of steps; refused as a whole when one of them is.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Whether no step is [`Step::UnsupportedChange`].
    pub supported: bool,
    /// Interfaces, then nodes, then edges, each by name.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Why the plan is refused: `[CODE] reason` of the first unsupported step.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.steps.iter().find_map(|step| match step {
            Step::UnsupportedChange { reason, code: Some(code), .. } => Some(format!("[{code}] {reason}")),
            Step::UnsupportedChange { reason, code: None, .. } => Some(reason.clone()),
            _ => None,
        })
    }
}

/// Which of the three kinds of declarations a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeKind {
    /// An interface.
    Interface,
    /// A node type.
    Node,
    /// An edge type.
    Edge,
}

impl TypeKind {
    /// The word of the JSON form and of the schema language.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node => "node",
            Self::Edge => "edge",
        }
    }
}

/// What becomes of the data of what is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropMode {
    /// Earlier snapshots still show them.
    #[default]
    Soft,
    /// They are removed, from earlier snapshots too.
    Hard,
}

impl DropMode {
    /// The word of the JSON form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// Which end of an edge a cardinality counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Edges that leave a source: `@card`.
    Out,
    /// Edges that reach a target: `@card_in`.
    In,
}

/// A rule of a type.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Constraint {
    /// `@key`
    Key(Vec<String>),
    /// `@unique`
    Unique(Vec<String>),
    /// `@index`
    Index(Vec<String>),
    /// `@range`
    Range(Range),
    /// `@check`
    Check(Check),
}

/// One thing to do. In the JSON, `tier` stands where a kind of step may be of one tier or another, and only when it is not
/// `safe`; elsewhere the tier follows from the kind. See [`Step::tier`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the JSON form and say what they are")]
pub enum Step {
    /// A new, empty type with its whole definition.
    AddType { type_kind: TypeKind, name: String },
    /// Another name for the same data.
    RenameType { type_kind: TypeKind, from: String, to: String },
    /// A new column: null in existing rows, or the default if the property is required.
    AddProperty {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        property_type: PropType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<DefaultValue>,
        #[serde(default, skip_serializing_if = "Tier::is_safe")]
        tier: Tier,
    },
    /// Another name for the same column.
    RenameProperty { type_kind: TypeKind, type_name: String, from: String, to: String },
    /// A wider number type; every value stays what it is.
    WidenProperty { type_kind: TypeKind, type_name: String, property_name: String, from: PropType, to: PropType },
    /// Nulls are allowed, or no longer.
    ChangeNullability {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        nullable: bool,
        #[serde(default, skip_serializing_if = "Tier::is_safe")]
        tier: Tier,
    },
    /// More words in an enum.
    ExtendEnum { type_kind: TypeKind, type_name: String, property_name: String, added_values: Vec<String> },
    /// Fewer words in an enum; no row may hold one of them.
    NarrowEnum {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        removed_values: Vec<String>,
        #[serde(default, skip_serializing_if = "Tier::is_safe")]
        tier: Tier,
    },
    /// What future rows get that leave the property out.
    ChangeDefault { type_kind: TypeKind, type_name: String, property_name: String, default: Option<DefaultValue> },
    /// A new rule or index. A new key is valid when every row's id is the one the key would give it.
    AddConstraint {
        type_kind: TypeKind,
        type_name: String,
        constraint: Constraint,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metric: Option<Metric>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        analyzer: Option<Analyzer>,
        #[serde(default, skip_serializing_if = "Tier::is_safe")]
        tier: Tier,
    },
    /// A rule or index less. Without their key, rows keep the ids it gave them.
    DropConstraint { type_kind: TypeKind, type_name: String, constraint: Constraint },
    /// Other words for whoever violates a rule that stays the same.
    ChangeMessage { type_kind: TypeKind, type_name: String, constraint: Constraint },
    /// How many edges a node may and must have.
    ChangeCardinality {
        type_kind: TypeKind,
        name: String,
        direction: Direction,
        from: Cardinality,
        to: Cardinality,
        #[serde(default, skip_serializing_if = "Tier::is_safe")]
        tier: Tier,
    },
    /// What deleting a node does to its edges.
    ChangeOnDelete { type_kind: TypeKind, name: String, on_delete: OnDelete },
    /// A type's annotations, all of them.
    UpdateTypeMetadata { type_kind: TypeKind, name: String, annotations: Vec<Annotation> },
    /// A property's annotations, all of them.
    UpdatePropertyMetadata {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        annotations: Vec<Annotation>,
    },
    /// A column less.
    DropProperty { type_kind: TypeKind, type_name: String, property_name: String, mode: DropMode },
    /// A type less.
    DropType { type_kind: TypeKind, name: String, mode: DropMode },
    /// Something that cannot be done.
    UnsupportedChange {
        entity: String,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "code_text")]
        code: Option<Code>,
    },
}

impl Step {
    /// How dangerous it is. Dropping is destructive in either mode: current reads no longer see what was there.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match self {
            Self::AddProperty { tier, .. }
            | Self::ChangeNullability { tier, .. }
            | Self::NarrowEnum { tier, .. }
            | Self::AddConstraint { tier, .. }
            | Self::ChangeCardinality { tier, .. } => *tier,
            Self::DropProperty { .. } | Self::DropType { .. } => Tier::Destructive,
            Self::UnsupportedChange { code, .. } => code.map_or(Tier::Destructive, Tier::of),
            _ => Tier::Safe,
        }
    }
}

/// A code as its text.
mod code_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::diagnostic::Code;

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(code: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
        match code {
            Some(code) => serializer.serialize_some(code.as_str()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Code>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let Some(text) = text else { return Ok(None) };
        Code::from_text(&text).map(Some).ok_or_else(|| serde::de::Error::custom(format!("unknown code `{text}`")))
    }
}
