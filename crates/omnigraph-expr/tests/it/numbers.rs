//! Comparison and arithmetic of every pair of widths against exact integers.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float32Array, Float64Array, Int32Array, Int64Array, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Float64Type, Int64Type};
use omnigraph_compiler::ir::{BinaryOp, UnaryOp};
use omnigraph_compiler::types::ScalarType;
use omnigraph_expr::{ColumnarValue, Kernel, collect_order};
use proptest::prelude::*;

use crate::support::nullable;

/// A number of one of the widths.
#[derive(Clone, Copy, Debug)]
enum NumberCase {
    I32(i32),
    I64(i64),
    U32(u32),
    U64(u64),
    F32(f32),
    F64(f64),
}

/// An exact number: sign, and magnitude as a multiple of 2^-1074, which represents every float.
#[derive(PartialEq, Eq, Debug)]
struct ExactNumber {
    negative: bool,
    /// Bits from the highest to the lowest, so that equal lengths compare as text.
    bits: Vec<u8>,
}

impl ExactNumber {
    /// Creates `mantissa * 2^exponent`, with `exponent >= -1074`.
    fn new(negative: bool, mantissa: u128, exponent: i32) -> Self {
        let digits = format!("{mantissa:b}");
        let zeros = usize::try_from(exponent + 1074).unwrap();
        let mut bits = vec![b'0'; 2200 - digits.len() - zeros];
        bits.extend(digits.bytes());
        bits.resize(2200, b'0');
        Self { negative: negative && mantissa != 0, bits }
    }

    fn from_case(number: NumberCase) -> Self {
        let float = |value: f64| {
            let bits = value.to_bits();
            let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap();
            let fraction = u128::from(bits & ((1 << 52) - 1));
            let (mantissa, exponent) =
                if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) };
            Self::new(value < 0.0, mantissa, exponent)
        };
        match number {
            NumberCase::F32(value) => float(value.into()),
            NumberCase::F64(value) => float(value),
            integer => {
                let value = integer.integer().unwrap();
                Self::new(value < 0, value.unsigned_abs(), 0)
            }
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.bits.cmp(&other.bits),
            (true, true) => other.bits.cmp(&self.bits),
            (a, b) => b.cmp(&a),
        }
    }
}

impl NumberCase {
    fn integer(self) -> Option<i128> {
        match self {
            Self::I32(value) => Some(value.into()),
            Self::I64(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value.into()),
            Self::F32(_) | Self::F64(_) => None,
        }
    }

    fn column(self) -> (ScalarType, ArrayRef) {
        match self {
            Self::I32(value) => (ScalarType::I32, Arc::new(Int32Array::from(vec![value]))),
            Self::I64(value) => (ScalarType::I64, Arc::new(Int64Array::from(vec![value]))),
            Self::U32(value) => (ScalarType::U32, Arc::new(UInt32Array::from(vec![value]))),
            Self::U64(value) => (ScalarType::U64, Arc::new(UInt64Array::from(vec![value]))),
            Self::F32(value) => (ScalarType::F32, Arc::new(Float32Array::from(vec![value]))),
            Self::F64(value) => (ScalarType::F64, Arc::new(Float64Array::from(vec![value]))),
        }
    }
}

/// Generates integers near the limits of every width, and near the limit of exact floats.
fn integer() -> impl Strategy<Value = i128> {
    let anchor = prop::sample::select(vec![0i128, 1 << 24, 1 << 31, 1 << 32, 1 << 53, 1 << 63, 1 << 64]);
    prop_oneof![
        (anchor, any::<bool>(), -3i128..=3).prop_map(|(anchor, minus, by)| if minus { -anchor } else { anchor } + by),
        any::<i64>().prop_map(i128::from),
        -20i128..20,
    ]
}

fn number() -> impl Strategy<Value = NumberCase> {
    let finite = any::<f64>().prop_filter("finite", |value| value.is_finite());
    let near = (integer(), prop::sample::select(vec![0.0, 0.5, -0.5])).prop_map(|(value, by)| value as f64 + by);
    let float = prop_oneof![finite, near];
    prop_oneof![
        integer().prop_map(|value| NumberCase::I32(value as i32)),
        integer().prop_map(|value| NumberCase::I64(value as i64)),
        integer().prop_map(|value| NumberCase::U32(value as u32)),
        integer().prop_map(|value| NumberCase::U64(value as u64)),
        float.clone().prop_filter_map("finite", |value| {
            let narrow = value as f32;
            narrow.is_finite().then_some(NumberCase::F32(narrow))
        }),
        float.prop_map(NumberCase::F64),
    ]
}

/// Returns all combinations of array and constant operands.
fn forms(left: &ArrayRef, right: &ArrayRef) -> Vec<[ColumnarValue; 2]> {
    let array = |array: &ArrayRef| ColumnarValue::Array(Arc::clone(array));
    let constant = |array: &ArrayRef| ColumnarValue::Constant(Arc::clone(array));
    vec![
        [array(left), array(right)],
        [array(left), constant(right)],
        [constant(left), array(right)],
        [constant(left), constant(right)],
    ]
}

type ComparisonTest = fn(Ordering) -> bool;
type ExactOperation = fn(i128, i128) -> Option<i128>;

const COMPARISONS: [(BinaryOp, ComparisonTest); 6] = [
    (BinaryOp::Equal, Ordering::is_eq),
    (BinaryOp::NotEqual, Ordering::is_ne),
    (BinaryOp::Less, Ordering::is_lt),
    (BinaryOp::LessEqual, Ordering::is_le),
    (BinaryOp::Greater, Ordering::is_gt),
    (BinaryOp::GreaterEqual, Ordering::is_ge),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn comparison_is_exact_across_widths(left in number(), right in number()) {
        let ((left_type, left_array), (right_type, right_array)) = (left.column(), right.column());
        let order = ExactNumber::from_case(left).order(&ExactNumber::from_case(right));
        let types = (nullable(left_type), nullable(right_type), nullable(ScalarType::Bool));
        for (op, holds) in COMPARISONS {
            let kernel = Kernel::binary(op, &types.0, &types.1, &types.2).unwrap();
            for columns in forms(&left_array, &right_array) {
                let found = kernel.evaluate(&columns, 1).unwrap();
                prop_assert_eq!(found.array().as_boolean().value(0), holds(order), "{:?} {:?} {:?}", left, op, right);
            }
        }
    }

    #[test]
    fn membership_is_exact_across_widths(item in number(), other in number()) {
        let ((item_type, item_array), (other_type, other_array)) = (item.column(), other.column());
        let equal = ExactNumber::from_case(item).order(&ExactNumber::from_case(other)).is_eq();
        let list_type = crate::support::nullable_list(other_type);
        let list = Kernel::list(&[nullable(other_type)], &list_type).unwrap();
        let list = list.evaluate(&[ColumnarValue::Array(other_array)], 1).unwrap();
        let kernel = Kernel::is_in(&nullable(item_type), &list_type, &nullable(ScalarType::Bool)).unwrap();
        let found = kernel.evaluate(&[ColumnarValue::Array(item_array), list], 1).unwrap();
        prop_assert_eq!(found.array().as_boolean().value(0), equal);
    }

    #[test]
    fn integer_arithmetic_is_checked(left in number(), right in number()) {
        let (Some(a), Some(b)) = (left.integer(), right.integer()) else { return Ok(()) };
        let ((left_type, left_array), (right_type, right_array)) = (left.column(), right.column());
        let cases: [(BinaryOp, ExactOperation); 5] = [
            (BinaryOp::Add, i128::checked_add),
            (BinaryOp::Subtract, i128::checked_sub),
            (BinaryOp::Multiply, i128::checked_mul),
            (BinaryOp::IntegerDivide, i128::checked_div),
            (BinaryOp::Remainder, i128::checked_rem),
        ];
        for (op, exact) in cases {
            let kernel =
                Kernel::binary(op, &nullable(left_type), &nullable(right_type), &nullable(ScalarType::I64)).unwrap();
            let divides = matches!(op, BinaryOp::IntegerDivide | BinaryOp::Remainder);
            let expected = match exact(a, b).map(i64::try_from) {
                Some(Ok(value)) => Ok(value),
                _ if divides && b == 0 => Err("division-by-zero"),
                _ => Err("overflow"),
            };
            for columns in forms(&left_array, &right_array) {
                let found = kernel.evaluate(&columns, 1);
                let found = found.map(|column| column.array().as_primitive::<Int64Type>().value(0));
                prop_assert_eq!(found.map_err(|error| error.kind.code()), expected, "{} {:?} {}", a, op, b);
            }
        }
        let minus = Kernel::unary(UnaryOp::Negate, &nullable(left_type), &nullable(ScalarType::I64)).unwrap();
        let found = minus.evaluate(&[ColumnarValue::Array(left_array)], 1);
        let found = found.ok().map(|column| column.array().as_primitive::<Int64Type>().value(0));
        prop_assert_eq!(found, i64::try_from(-a).ok());
    }

    #[test]
    fn the_quotient_of_integers_is_the_nearest_float(left in number(), right in number()) {
        let (Some(a), Some(b)) = (left.integer(), right.integer()) else { return Ok(()) };
        prop_assume!(b != 0);
        let ((left_type, left_array), (right_type, right_array)) = (left.column(), right.column());
        let types = (nullable(left_type), nullable(right_type), nullable(ScalarType::F64));
        let kernel = Kernel::binary(BinaryOp::Divide, &types.0, &types.1, &types.2).unwrap();
        let found = kernel.evaluate(&[ColumnarValue::Array(left_array), ColumnarValue::Array(right_array)], 1).unwrap();
        let found = found.array().as_primitive::<Float64Type>().value(0);
        prop_assert!(found.is_finite());
        if a == 0 {
            prop_assert_eq!(found, 0.0);
            return Ok(());
        }
        prop_assert_eq!(found < 0.0, (a < 0) != (b < 0));
        // Twice the quotient lies between the sums of the found float and each of its neighbors: compared over the divisor.
        let (top, bottom, found) = (a.unsigned_abs(), b.unsigned_abs(), found.abs());
        let twice = |sum: (u128, i32), bottom: u128| ExactNumber::new(false, sum.0.checked_mul(bottom).unwrap(), sum.1);
        let quotient = ExactNumber::new(false, top * 2, 0);
        prop_assert!(quotient.order(&twice(sum(found, found.next_up()), bottom)).is_le());
        prop_assert!(quotient.order(&twice(sum(found, found.next_down()), bottom)).is_ge());
    }

    #[test]
    fn collect_orders_floats_by_value(left in number(), right in number()) {
        let (NumberCase::F64(a), NumberCase::F64(b)) = (left, right) else { return Ok(()) };
        let order = collect_order(&left.column().1, &right.column().1).unwrap();
        prop_assert_eq!(order(0, 0), a.partial_cmp(&b).unwrap());
    }
}

/// Returns the sum of two adjacent positive floats as an integer times a power of two.
fn sum(a: f64, b: f64) -> (u128, i32) {
    let parts = |value: f64| {
        let bits = value.to_bits();
        let exponent = i32::try_from(bits >> 52).unwrap();
        (u128::from(bits & ((1 << 52) - 1) | (1 << 52)), exponent - 1075)
    };
    let ((a, a_exponent), (b, b_exponent)) = (parts(a), parts(b));
    let exponent = a_exponent.min(b_exponent);
    ((a << (a_exponent - exponent)) + (b << (b_exponent - exponent)), exponent)
}

#[test]
fn nan_is_unequal_to_all_and_last() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, 1.0, -f64::NAN, -0.0, 0.0]));
    let ty = nullable(ScalarType::F64);
    for (op, expected) in [(BinaryOp::Equal, false), (BinaryOp::NotEqual, true), (BinaryOp::Less, false)] {
        let kernel = Kernel::binary(op, &ty, &ty, &nullable(ScalarType::Bool)).unwrap();
        let found = kernel
            .evaluate(&[ColumnarValue::Array(Arc::clone(&array)), ColumnarValue::Array(Arc::clone(&array))], 5)
            .unwrap();
        assert_eq!(found.array().as_boolean().value(0), expected);
    }
    let order = collect_order(&array, &array).unwrap();
    let mut rows: Vec<usize> = (0..array.len()).collect();
    rows.sort_by(|a, b| order(*a, *b));
    assert_eq!(rows, [3, 4, 1, 0, 2]);
}
