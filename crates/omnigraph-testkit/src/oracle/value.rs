//! Values, their equality and their order.

use std::cmp::Ordering;

use omnigraph_compiler::ir;
use omnigraph_compiler::types::{PropType, ScalarType};
use serde_json::Value as Json;

use super::arithmetic::{compare_numbers, widened};

/// A node or edge by its identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    /// Its id.
    pub id: String,
    /// Name of its type.
    pub ty: String,
}

/// A path: one node more than edges.
#[derive(Clone, Debug, PartialEq)]
pub struct OraclePath {
    /// In order.
    pub nodes: Vec<EntityRef>,
    /// In order.
    pub edges: Vec<EntityRef>,
    /// Sum of the costs of its edges, or their number.
    pub cost: f64,
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum OracleValue {
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
    /// Text or the value of an enum.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// A span of time.
    Duration(ir::CalendarDuration),
    /// Items in order.
    List(Vec<OracleValue>),
    /// A vector.
    Vector(Vec<f32>),
    /// A nested JSON value, not null.
    Json(Json),
    /// A blob as it was given.
    Blob(String),
    /// A node.
    Node(EntityRef),
    /// An edge.
    Edge(EntityRef),
    /// A path.
    Path(OraclePath),
}

impl OracleValue {
    /// Returns true if the value is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Converts a constant or parameter.
    pub(super) fn from_ir(value: &ir::Value) -> Self {
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
            ir::Value::List(items) => Self::List(items.iter().map(Self::from_ir).collect()),
            ir::Value::Vector(numbers) => Self::Vector(numbers.clone()),
            ir::Value::Json(json) => Self::Json(json.clone()),
            ir::Value::Blob(text) => Self::Blob(text.clone()),
        }
    }

    /// Converts the value to the representation of its type: a whole number of a float type becomes a float.
    pub(super) fn fitted(self, ty: &ir::ExprType) -> Self {
        match ty {
            ir::ExprType::Value(ty) => self.fitted_to(ty),
            _ => self,
        }
    }

    fn fitted_to(self, ty: &PropType) -> Self {
        match (self, ty.scalar) {
            (Self::List(items), _) => Self::List(items.into_iter().map(|item| item.fitted_to(ty)).collect()),
            (number @ (Self::Integer(_) | Self::F32(_)), ScalarType::F64) => {
                Self::F64(widened(&number).unwrap_or(f64::NAN))
            }
            (other, _) => other,
        }
    }

    /// Returns true if two values are equal in a comparison; `None` if one is null or they are not of one family.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        self.compare(other).map(Ordering::is_eq)
    }

    /// Compares two values; `None` if one is null or they are not of one family.
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

    /// Orders two values for sorting, nulls first; values that cannot be compared are equal.
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

    fn entity(ty: &str, id: &str) -> OracleValue {
        OracleValue::Node(EntityRef { id: id.into(), ty: ty.into() })
    }

    #[test]
    fn null_equals_nothing_and_sorts_first() {
        assert_eq!(OracleValue::Null.equals(&OracleValue::Null), None);
        assert_eq!(OracleValue::Null.sorted(&OracleValue::Bool(false)), Ordering::Less);
    }

    #[test]
    fn one_id_in_two_types_is_two_nodes() {
        assert_eq!(entity("A", "x").equals(&entity("B", "x")), Some(false));
        assert_eq!(entity("A", "x").equals(&entity("A", "x")), Some(true));
    }

    #[test]
    fn text_is_compared_by_code_point() {
        let text = |text: &str| OracleValue::Text(text.into());
        assert_eq!(text("Z").compare(&text("a")), Some(Ordering::Less));
        assert_eq!(text("é").compare(&text("z")), Some(Ordering::Greater));
        assert_eq!(text("1").compare(&OracleValue::Integer(1)), None);
    }

    #[test]
    fn an_integer_of_a_float_type_is_a_float() {
        let ty = ir::ExprType::scalar(ScalarType::F64);
        assert_eq!(OracleValue::Integer(3).fitted(&ty), OracleValue::F64(3.0));
        assert_eq!(OracleValue::Null.fitted(&ty), OracleValue::Null);
    }
}
