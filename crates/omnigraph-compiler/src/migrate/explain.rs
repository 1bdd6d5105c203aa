//! One line of text for each step.

use std::fmt;

use super::{CardinalitySide, MigrationStep, SafetyTier, TypeConstraint};
use crate::catalog::{Annotation, Cardinality, DefaultValue, OnDelete};
use crate::lex::escape;
use crate::types::PropType;

impl fmt::Display for MigrationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)?;
        match self {
            Self::UnsupportedChange { .. } => Ok(()),
            _ if self.tier() == SafetyTier::Validated => f.write_str(" (validated against the data)"),
            _ => Ok(()),
        }
    }
}

impl MigrationStep {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddType { type_kind, name } => write!(f, "add {} type '{name}'", type_kind.word()),
            Self::RenameType { type_kind, from, to } => {
                write!(f, "rename {} type '{from}' -> '{to}'", type_kind.word())
            }
            Self::DropType { type_kind, name, mode } => {
                write!(f, "drop {} type '{name}' ({} mode)", type_kind.word(), mode.word())
            }
            Self::DropProperty { type_kind, type_name, property_name, mode } => write!(
                f,
                "drop property '{type_name}.{property_name}' of {} '{type_name}' ({} mode)",
                type_kind.word(),
                mode.word()
            ),
            Self::UpdateTypeMetadata { type_kind, name, annotations } => {
                write!(f, "update metadata of {} type '{name}' ({})", type_kind.word(), annotation_list(annotations))
            }
            Self::ChangeCardinality { name, direction, from, to, .. } => {
                let word = match direction {
                    CardinalitySide::Out => "@card",
                    CardinalitySide::In => "@card_in",
                };
                write!(f, "change {word} of edge '{name}' from {} to {}", bounds(*from), bounds(*to))
            }
            Self::ChangeOnDelete { name, on_delete, .. } => {
                let word = match on_delete {
                    OnDelete::Cascade => "cascade",
                    OnDelete::Restrict => "restrict",
                };
                write!(f, "change @on_delete of edge '{name}' to {word}")
            }
            Self::UnsupportedChange { entity, reason, code } => match code {
                Some(code) => {
                    write!(
                        f,
                        "unsupported change on {entity} [{code}, {}]: {reason}",
                        SafetyTier::from_code(*code).word()
                    )
                }
                None => write!(f, "unsupported change on {entity}: {reason}"),
            },
            Self::AddConstraint { type_kind, type_name, constraint, metric, analyzer, .. } => {
                write!(f, "add {}", constraint_text(constraint))?;
                if let Some(metric) = metric {
                    write!(f, " metric={}", metric.word())?;
                }
                if let Some(analyzer) = analyzer {
                    write!(f, " analyzer={}", analyzer.0)?;
                }
                write!(f, " on {} '{type_name}'", type_kind.word())
            }
            Self::DropConstraint { type_kind, type_name, constraint } => {
                write!(f, "drop {} of {} '{type_name}'", constraint_text(constraint), type_kind.word())
            }
            Self::ChangeMessage { type_kind, type_name, constraint } => {
                write!(f, "change the message of {} on {} '{type_name}'", constraint_text(constraint), type_kind.word())
            }
            _ => self.describe_property(f),
        }
    }

    fn describe_property(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddProperty { type_kind, type_name, property_name, property_type, default, .. } => {
                write!(f, "add property '{type_name}.{property_name}' ({}", type_text(property_type))?;
                if let Some(default) = default {
                    write!(f, " = {}", default_text(default))?;
                }
                write!(f, ") on {} '{type_name}'", type_kind.word())
            }
            Self::RenameProperty { type_kind, type_name, from, to } => write!(
                f,
                "rename property '{type_name}.{from}' -> '{type_name}.{to}' on {} '{type_name}'",
                type_kind.word()
            ),
            Self::WidenProperty { type_kind, type_name, property_name, from, to } => write!(
                f,
                "widen property '{type_name}.{property_name}' ({} -> {}) on {} '{type_name}'",
                type_text(from),
                type_text(to),
                type_kind.word()
            ),
            Self::ChangeNullability { type_kind, type_name, property_name, nullable, .. } => {
                let word = if *nullable { "nullable" } else { "required" };
                write!(f, "make property '{type_name}.{property_name}' {word} on {} '{type_name}'", type_kind.word())
            }
            Self::ExtendEnum { type_kind, type_name, property_name, added_values } => write!(
                f,
                "extend enum '{type_name}.{property_name}' ({}) on {} '{type_name}'",
                signed('+', added_values),
                type_kind.word()
            ),
            Self::NarrowEnum { type_kind, type_name, property_name, removed_values, .. } => write!(
                f,
                "narrow enum '{type_name}.{property_name}' ({}) on {} '{type_name}'",
                signed('-', removed_values),
                type_kind.word()
            ),
            Self::ChangeDefault { type_kind, type_name, property_name, default } => {
                let text = default.as_ref().map_or_else(|| "none".to_owned(), default_text);
                let kind = type_kind.word();
                write!(f, "change default of '{type_name}.{property_name}' to {text} on {kind} '{type_name}'")
            }
            Self::UpdatePropertyMetadata { type_kind, type_name, property_name, annotations } => write!(
                f,
                "update metadata of property '{type_name}.{property_name}' ({}) on {} '{type_name}'",
                annotation_list(annotations),
                type_kind.word()
            ),
            _ => Ok(()),
        }
    }
}

fn signed(sign: char, words: &[String]) -> String {
    words.iter().map(|word| format!("{sign}{word}")).collect::<Vec<_>>().join(", ")
}

fn bounds(card: Cardinality) -> String {
    format!("{}..{}", card.min, card.max.map(|max| max.to_string()).unwrap_or_default())
}

fn type_text(ty: &PropType) -> String {
    let Some(words) = &ty.enum_values else { return ty.to_string() };
    let words = format!("Enum({})", words.join("|"));
    let listed = if ty.list { format!("[{words}]") } else { words };
    if ty.nullable { format!("{listed}?") } else { listed }
}

fn default_text(default: &DefaultValue) -> String {
    match default {
        DefaultValue::Literal(serde_json::Value::String(text)) => escape(text),
        DefaultValue::Literal(value) => value.to_string(),
        DefaultValue::Now => "now()".to_owned(),
        DefaultValue::Uuid => "uuid()".to_owned(),
    }
}

/// Writes annotations as a schema does.
fn annotation_list(annotations: &[Annotation]) -> String {
    if annotations.is_empty() {
        return "none".to_owned();
    }
    let written = |annotation: &Annotation| {
        let value = annotation.value.iter().map(|value| escape(value));
        let named = annotation.kwargs.iter().map(|(name, value)| format!("{name}={}", escape(value)));
        let arguments: Vec<String> = value.chain(named).collect();
        if arguments.is_empty() {
            return format!("@{}", annotation.name);
        }
        format!("@{}({})", annotation.name, arguments.join(", "))
    };
    annotations.iter().map(written).collect::<Vec<_>>().join(" ")
}

fn constraint_text(constraint: &TypeConstraint) -> String {
    let (word, arguments) = match constraint {
        TypeConstraint::Key(names) => ("key", names.join(", ")),
        TypeConstraint::Unique(names) => ("unique", names.join(", ")),
        TypeConstraint::Index(names) => ("index", names.join(", ")),
        TypeConstraint::Range(range) => {
            let bound =
                |number: Option<crate::catalog::NumberLiteral>| number.map(|n| n.to_string()).unwrap_or_default();
            ("range", format!("{}, {}..{}", range.property, bound(range.min), bound(range.max)))
        }
        TypeConstraint::Check(check) => ("check", format!("{}, {}", check.property, escape(&check.pattern))),
    };
    format!("@{word}({arguments})")
}
