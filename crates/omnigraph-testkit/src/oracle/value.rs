//! Values, their equality and their order.

use std::cmp::Ordering;

use omnigraph_compiler::ir;
use omnigraph_compiler::types::{PropType, Scalar};
use serde_json::Value as Json;

use super::arithmetic::{compare_numbers, widened};

/// A node or edge by its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity {
    /// Its id.
    pub id: String,
    /// Name of its type.
    pub ty: String,
}

/// A path: one node more than edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// In order.
    pub nodes: Vec<Entity>,
    /// In order.
    pub edges: Vec<Entity>,
    /// Sum of the costs of its edges, or their number.
    pub cost: f64,
}

/// What an expression yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absence of a value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer of any width.
    Integer(i128),
    /// Single precision.
    F32(f32),
    /// Double precision.
    F64(f64),
    /// Text or the word of an enum.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// A span of time.
    Duration(ir::Duration),
    /// Items in order.
    List(Vec<Value>),
    /// A vector.
    Vector(Vec<f32>),
    /// A nested JSON value, not null.
    Json(Json),
    /// A blob as it was given.
    Blob(String),
    /// A node.
    Node(Entity),
    /// An edge.
    Edge(Entity),
    /// A path.
    Path(Path),
}

impl Value {
    /// Whether it is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A constant or parameter.
    pub(super) fn of(value: &ir::Value) -> Self {
        match value {
            ir::Value::Null => Self::Null,
            ir::Value::Bool(value) => Self::Bool(*value),
            ir::Value::I64(value) => Self::Integer((*value).into()),
            ir::Value::U64(value) => Self::Integer((*value).into()),
            ir::Value::F32(value) => Self::F32(*value),
            ir::Value::F64(value) => Self::F64(*value),
            ir::Value::String(text) => Self::Text(text.clone()),
            ir::Value::Date(days) => Self::Date(*days),
            ir::Value::DateTime(millis) => Self::DateTime(*millis),
            ir::Value::Duration(duration) => Self::Duration(*duration),
            ir::Value::List(items) => Self::List(items.iter().map(Self::of).collect()),
            ir::Value::Vector(numbers) => Self::Vector(numbers.clone()),
            ir::Value::Json(json) => Self::Json(json.clone()),
            ir::Value::Blob(text) => Self::Blob(text.clone()),
        }
    }

    /// The same value in the representation that its type prints in: a whole number where the type is a float is a float.
    pub(super) fn fitted(self, ty: &ir::Type) -> Self {
        match ty {
            ir::Type::Value(ty) => self.fitted_to(ty),
            _ => self,
        }
    }

    fn fitted_to(self, ty: &PropType) -> Self {
        match (self, ty.scalar) {
            (Self::List(items), _) => Self::List(items.into_iter().map(|item| item.fitted_to(ty)).collect()),
            (number @ (Self::Integer(_) | Self::F32(_)), Scalar::F64) => {
                Self::F64(widened(&number).unwrap_or(f64::NAN))
            }
            (other, _) => other,
        }
    }

    /// Whether two values are the same in a comparison; `None` where one is null or they are not of one family.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        self.compare(other).map(Ordering::is_eq)
    }

    /// The order of two values in a comparison; `None` where one is null or they are not of one family.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::DateTime(a), Self::DateTime(b)) => Some(a.cmp(b)),
            (Self::Node(a), Self::Node(b)) | (Self::Edge(a), Self::Edge(b)) => Some(a.cmp(b)),
            (a, b) => compare_numbers(a, b),
        }
    }

    /// The order of sorting, nulls first; what cannot be compared is equal.
    pub(super) fn sorted(&self, other: &Self) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(ty: &str, id: &str) -> Value {
        Value::Node(Entity { id: id.into(), ty: ty.into() })
    }

    #[test]
    fn null_equals_nothing_and_sorts_first() {
        assert_eq!(Value::Null.equals(&Value::Null), None);
        assert_eq!(Value::Null.sorted(&Value::Bool(false)), Ordering::Less);
    }

    #[test]
    fn one_id_in_two_types_is_two_nodes() {
        assert_eq!(entity("A", "x").equals(&entity("B", "x")), Some(false));
        assert_eq!(entity("A", "x").equals(&entity("A", "x")), Some(true));
    }

    #[test]
    fn text_is_compared_by_code_point() {
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(text("Z").compare(&text("a")), Some(Ordering::Less));
        assert_eq!(text("é").compare(&text("z")), Some(Ordering::Greater));
        assert_eq!(text("1").compare(&Value::Integer(1)), None);
    }

    #[test]
    fn an_integer_of_a_float_type_is_a_float() {
        let ty = ir::Type::scalar(Scalar::F64);
        assert_eq!(Value::Integer(3).fitted(&ty), Value::F64(3.0));
        assert_eq!(Value::Null.fitted(&ty), Value::Null);
    }
}
