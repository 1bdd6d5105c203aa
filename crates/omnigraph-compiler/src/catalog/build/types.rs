//! What a written type means.

use super::Builder;
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{BaseType, TypeExpr};
use crate::span::Spanned;
use crate::types::{PropType, Scalar};

/// The most dimensions a vector may have: lengths of fixed-size lists are signed 32-bit numbers.
const MAX_DIMENSION: i64 = i32::MAX as i64;

impl Builder {
    /// The type, or nothing when the parser could not read it. A type that is wrong in itself is reported and repaired,
    /// so that nothing that depends on it is reported too.
    pub(super) fn prop_type(&mut self, written: &TypeExpr) -> Option<PropType> {
        let (scalar, enum_values) = match &written.base {
            BaseType::Scalar(scalar) => (*scalar, None),
            BaseType::Enum(words) => (Scalar::String, Some(self.enum_words(words))),
            BaseType::Vector(dimension) => (Scalar::Vector(self.dimension(dimension)), None),
            BaseType::Invalid => {
                self.incomplete = true;
                return None;
            }
        };
        if written.list && matches!(scalar, Scalar::Blob | Scalar::Json) {
            let help = match scalar {
                Scalar::Json => "a `Json` value may be an array itself",
                _ => "give the list's owner an edge to a node type with one blob each",
            };
            let message = format!("list of {scalar} is not supported");
            self.report(Diagnostic::error(Code::S021, written.span, message).with_help(help));
        }
        Some(PropType { scalar, nullable: written.nullable, list: written.list, enum_values })
    }

    fn dimension(&mut self, written: &Spanned<i64>) -> u32 {
        let value = written.node;
        if value == 0 {
            self.error(Code::S020, written.span, "Vector dimension must be greater than zero");
        } else if value > MAX_DIMENSION {
            let message = format!("Vector dimension {value} exceeds maximum supported {MAX_DIMENSION}");
            self.error(Code::S020, written.span, message);
        }
        u32::try_from(value.clamp(1, MAX_DIMENSION)).unwrap_or(1)
    }

    /// The words as a sorted set.
    fn enum_words(&mut self, written: &[Spanned<String>]) -> Vec<String> {
        let mut sorted: Vec<&Spanned<String>> = written.iter().collect();
        sorted.sort_by(|a, b| a.node.cmp(&b.node).then(a.span.cmp(&b.span)));
        for pair in sorted.windows(2).filter(|pair| pair[0].node == pair[1].node) {
            let message = format!("enum has duplicate values: `{}` stands in it more than once", pair[1].node);
            self.report(Diagnostic::error(Code::S022, pair[1].span, message).with_related(pair[0].span, "first here"));
        }
        let mut words: Vec<String> = sorted.into_iter().map(|word| word.node.clone()).collect();
        words.dedup();
        words
    }
}
