//! Migration steps, their JSON, and their safety tiers.

use crate::catalog::{
    Annotation, Cardinality, CheckConstraint, DefaultValue, DistanceMetric, OnDelete, RangeConstraint, TextAnalyzer,
    TypeKind,
};
use crate::diagnostic::Code;
use crate::types::{PropType, ScalarType};

/// An ordered list of steps; one refused step refuses the plan.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MigrationPlan {
    /// `true` if no step is [`MigrationStep::UnsupportedChange`].
    pub supported: bool,
    /// Steps of interfaces, then nodes, then edges, each by name.
    pub steps: Vec<MigrationStep>,
}

impl MigrationPlan {
    /// Returns the reason of a refusal: `[CODE] reason` of the first unsupported step.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.steps.iter().find_map(|step| match step {
            MigrationStep::UnsupportedChange { reason, code: Some(code), .. } => Some(format!("[{code}] {reason}")),
            MigrationStep::UnsupportedChange { reason, code: None, .. } => Some(reason.clone()),
            _ => None,
        })
    }
}

/// Treatment of dropped data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropMode {
    /// Earlier snapshots keep the data.
    #[default]
    Soft,
    /// The data is removed, also from earlier snapshots.
    Hard,
}

impl DropMode {
    /// Returns the word of the JSON form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// Endpoint that a cardinality counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardinalitySide {
    /// Edges that leave a source: `@card`.
    Out,
    /// Edges that reach a target: `@card_in`.
    In,
}

/// A constraint of a type.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum TypeConstraint {
    /// `@key`
    Key(Vec<String>),
    /// `@unique`
    Unique(Vec<String>),
    /// `@index`
    Index(Vec<String>),
    /// `@range`
    Range(RangeConstraint),
    /// `@check`
    Check(CheckConstraint),
}

/// One migration step. The JSON has a `tier` only where the kind does not determine it, and only when it is not `safe`. See
/// [`MigrationStep::tier`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the JSON form and say what they are")]
pub enum MigrationStep {
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
        #[serde(default, skip_serializing_if = "SafetyTier::is_safe")]
        tier: SafetyTier,
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
        #[serde(default, skip_serializing_if = "SafetyTier::is_safe")]
        tier: SafetyTier,
    },
    /// More words in an enum.
    ExtendEnum { type_kind: TypeKind, type_name: String, property_name: String, added_values: Vec<String> },
    /// Fewer words in an enum; no row may hold one of them.
    NarrowEnum {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        removed_values: Vec<String>,
        #[serde(default, skip_serializing_if = "SafetyTier::is_safe")]
        tier: SafetyTier,
    },
    /// Another default for future rows.
    ChangeDefault { type_kind: TypeKind, type_name: String, property_name: String, default: Option<DefaultValue> },
    /// A new constraint or index. A new key is valid when every row has the id that the key gives it.
    AddConstraint {
        type_kind: TypeKind,
        type_name: String,
        constraint: TypeConstraint,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metric: Option<DistanceMetric>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        analyzer: Option<TextAnalyzer>,
        #[serde(default, skip_serializing_if = "SafetyTier::is_safe")]
        tier: SafetyTier,
    },
    /// A dropped constraint or index. Rows keep the ids that a dropped key gave them.
    DropConstraint { type_kind: TypeKind, type_name: String, constraint: TypeConstraint },
    /// Another message of an unchanged constraint.
    ChangeMessage { type_kind: TypeKind, type_name: String, constraint: TypeConstraint },
    /// Another number of edges per node.
    ChangeCardinality {
        type_kind: TypeKind,
        name: String,
        direction: CardinalitySide,
        from: Cardinality,
        to: Cardinality,
        #[serde(default, skip_serializing_if = "SafetyTier::is_safe")]
        tier: SafetyTier,
    },
    /// Another effect of deleting a node on its edges.
    ChangeOnDelete { type_kind: TypeKind, name: String, on_delete: OnDelete },
    /// The new annotations of a type.
    UpdateTypeMetadata { type_kind: TypeKind, name: String, annotations: Vec<Annotation> },
    /// The new annotations of a property.
    UpdatePropertyMetadata {
        type_kind: TypeKind,
        type_name: String,
        property_name: String,
        annotations: Vec<Annotation>,
    },
    /// A dropped column.
    DropProperty { type_kind: TypeKind, type_name: String, property_name: String, mode: DropMode },
    /// A dropped type.
    DropType { type_kind: TypeKind, name: String, mode: DropMode },
    /// A refused change.
    UnsupportedChange {
        entity: String,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "code_text")]
        code: Option<Code>,
    },
}

impl MigrationStep {
    /// Returns its safety tier. Drops are destructive in either mode: current reads no longer see the data.
    #[must_use]
    pub fn tier(&self) -> SafetyTier {
        match self {
            Self::AddProperty { tier, .. }
            | Self::ChangeNullability { tier, .. }
            | Self::NarrowEnum { tier, .. }
            | Self::AddConstraint { tier, .. }
            | Self::ChangeCardinality { tier, .. } => *tier,
            Self::DropProperty { .. } | Self::DropType { .. } => SafetyTier::Destructive,
            Self::UnsupportedChange { code, .. } => code.map_or(SafetyTier::Destructive, SafetyTier::from_code),
            _ => SafetyTier::Safe,
        }
    }
}

/// Safety tier of a step on a graph with data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafetyTier {
    /// Always possible, without loss of data.
    #[default]
    Safe,
    /// Possible when the data satisfy it; otherwise the first violations are reported and no change is made.
    Validated,
    /// Loss of data.
    Destructive,
}

impl SafetyTier {
    /// Returns the word of the JSON form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Validated => "validated",
            Self::Destructive => "destructive",
        }
    }

    /// Returns the tier of an unsupported change with this code.
    #[must_use]
    pub const fn from_code(code: Code) -> Self {
        match code {
            Code::OgMf103 | Code::OgMf104 => Self::Validated,
            _ => Self::Destructive,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn is_safe(&self) -> bool {
        *self == Self::Safe
    }
}

/// Returns `true` if every value of `from` is a value of `to`, without regard to nullability.
pub(super) fn widens(from: &PropType, to: &PropType) -> bool {
    use ScalarType::{F32, F64, I32, I64, U32, U64};
    let wider = matches!((from.scalar, to.scalar), (I32, I64 | F64) | (U32, U64 | I64 | F64) | (F32, F64));
    wider && from.list == to.list && from.enum_values.is_none() && to.enum_values.is_none()
}

/// Returns `true` if the text of every value stays the same. Ids of keyed rows are such texts: the 32-bit float `0.1` is written
/// with more digits as a 64-bit float.
pub(super) fn keeps_text(from: &PropType, to: &PropType) -> bool {
    (from.scalar, to.scalar) != (ScalarType::F32, ScalarType::F64)
}

/// Serialization of a code as its text.
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
