//! Conversions to property types.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array};
use omnigraph_compiler::ir::{ExprType, Value};
use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_expr::{ColumnarValue, EvalError, Kernel, value_type};

use crate::support::{cells, floats, ints, nullable, nullable_list, texts};

fn converted(from: &ExprType, to: &ExprType, array: ArrayRef) -> Result<Vec<String>, EvalError> {
    let rows = array.len();
    let column = Kernel::convert(from, to).unwrap().evaluate(&[ColumnarValue::Array(array)], rows)?;
    assert_eq!(Some(column.data_type()), value_type(to).as_ref());
    Ok(cells(&column, rows))
}

fn list(items: &[ExprType], columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let scalar = match &items[0] {
        ExprType::Value(ty) => ty.scalar,
        other => panic!("{other}"),
    };
    let columns: Vec<ColumnarValue> = columns.iter().map(|array| ColumnarValue::Array(Arc::clone(array))).collect();
    let kernel = Kernel::list(items, &nullable_list(scalar)).unwrap();
    kernel.evaluate(&columns, rows).unwrap().materialize(rows).unwrap()
}

#[test]
fn integers_are_range_checked() {
    let wide = || ints(&[Some(7), None, Some(1 << 40)]);
    let error = converted(&nullable(ScalarType::I64), &nullable(ScalarType::I32), wide()).unwrap_err();
    assert_eq!((error.row, error.kind.code()), (2, "out-of-range"));
    let small = converted(&nullable(ScalarType::I64), &nullable(ScalarType::U32), ints(&[Some(7), None])).unwrap();
    assert_eq!(small, ["7", "null"]);
    assert!(converted(&nullable(ScalarType::I64), &nullable(ScalarType::U64), ints(&[Some(-1)])).is_err());
    assert_eq!(
        converted(&nullable(ScalarType::I64), &nullable(ScalarType::F64), ints(&[Some(1 << 53)])).unwrap().len(),
        1
    );
    assert!(converted(&nullable(ScalarType::I64), &nullable(ScalarType::F64), ints(&[Some((1 << 53) + 1)])).is_err());
    assert!(converted(&nullable(ScalarType::I64), &nullable(ScalarType::F32), ints(&[Some((1 << 24) + 1)])).is_err());
    let narrow: ArrayRef = Arc::new(Int32Array::from(vec![-5]));
    assert_eq!(converted(&nullable(ScalarType::I32), &nullable(ScalarType::I64), narrow).unwrap(), ["-5"]);
}

#[test]
fn floats_are_rounded_to_single_precision_within_its_range() {
    let fine = converted(&nullable(ScalarType::F64), &nullable(ScalarType::F32), floats(&[Some(2.55), None])).unwrap();
    assert_eq!(fine, ["2.55", "null"]);
    assert_eq!(
        converted(&nullable(ScalarType::F64), &nullable(ScalarType::F32), floats(&[None, Some(1e300)]))
            .unwrap_err()
            .row,
        1
    );
    assert!(Kernel::convert(&nullable(ScalarType::F64), &nullable(ScalarType::I64)).is_err());
}

#[test]
fn a_word_must_be_one_of_its_enum() {
    let words = Some(vec!["a".to_owned(), "b".to_owned()]);
    let to =
        ExprType::Value(PropType { nullable: true, enum_values: words.clone(), ..PropType::new(ScalarType::String) });
    let from = nullable(ScalarType::String);
    assert_eq!(converted(&from, &to, texts(&[Some("b"), None])).unwrap(), ["b", "null"]);
    let error = converted(&from, &to, texts(&[None, Some("c")])).unwrap_err();
    assert_eq!((error.row, error.kind.code()), (1, "not-in-enum"));
    let to = ExprType::Value(PropType {
        nullable: true,
        list: true,
        enum_values: words,
        ..PropType::new(ScalarType::String)
    });
    let lists = list(&[from], &[texts(&[Some("a"), None, Some("x")])], 3);
    assert_eq!(converted(&nullable_list(ScalarType::String), &to, lists).unwrap_err().row, 2);
}

#[test]
fn lists_convert_by_item_and_become_vectors() {
    let pair = list(
        &[nullable(ScalarType::I64), nullable(ScalarType::I64)],
        &[ints(&[Some(1), None, Some(3)]), ints(&[Some(2), Some(1 << 40), Some(4)])],
        3,
    );
    let from = nullable_list(ScalarType::I64);
    assert_eq!(
        converted(&from, &nullable_list(ScalarType::I32), Arc::clone(&pair)).unwrap(),
        ["[1, 2]", "null", "[3, 4]"]
    );
    let vector = nullable(ScalarType::Vector(2));
    assert_eq!(converted(&from, &vector, Arc::clone(&pair)).unwrap(), ["[1.0, 2.0]", "null", "[3.0, 4.0]"]);
    // A slice keeps the offsets of its lists.
    assert_eq!(converted(&from, &vector, pair.slice(2, 1)).unwrap(), ["[3.0, 4.0]"]);
    assert_eq!(converted(&from, &nullable(ScalarType::Vector(3)), pair).unwrap_err().kind.code(), "wrong-length");
}

#[test]
fn values_become_json() {
    let json = nullable(ScalarType::Json);
    assert_eq!(
        converted(&nullable(ScalarType::String), &json, texts(&[Some("a\"é\n"), None])).unwrap(),
        [r#""a\"é\n""#, "null"]
    );
    assert_eq!(converted(&nullable(ScalarType::F64), &json, floats(&[Some(-0.0), Some(1.5)])).unwrap(), ["0", "1.5"]);
    let date: ArrayRef = Arc::new(Date32Array::from(vec![19_849]));
    assert_eq!(converted(&nullable(ScalarType::Date), &json, date).unwrap(), [r#""2024-05-06""#]);
    let lists = list(
        &[nullable(ScalarType::String), nullable(ScalarType::String)],
        &[texts(&[Some("a")]), texts(&[Some("b")])],
        1,
    );
    assert_eq!(converted(&nullable_list(ScalarType::String), &json, lists).unwrap(), [r#"["a","b"]"#]);
}

#[test]
fn constants_become_columns_of_their_type() {
    let cases = [
        (Value::I64(5), ExprType::scalar(ScalarType::U32), "5"),
        (Value::U64(u64::MAX), ExprType::scalar(ScalarType::U64), "18446744073709551615"),
        (Value::F32(1.5), ExprType::scalar(ScalarType::F32), "1.5"),
        (Value::Json(serde_json::json!({"a": [1]})), ExprType::scalar(ScalarType::Json), r#"{"a":[1]}"#),
        (Value::List(vec![Value::Date(0)]), nullable_list(ScalarType::Date), "[1970-01-01]"),
        (Value::Vector(vec![1.0, 2.0]), ExprType::scalar(ScalarType::Vector(2)), "[1.0, 2.0]"),
        (Value::Null, nullable(ScalarType::Bool), "null"),
    ];
    for (value, ty, expected) in cases {
        let column = ColumnarValue::constant(&value, &ty).unwrap();
        assert_eq!(Some(column.data_type()), value_type(&ty).as_ref());
        assert_eq!(cells(&column, 2), [expected; 2]);
    }
    assert!(ColumnarValue::constant(&Value::I64(-1), &ExprType::scalar(ScalarType::U32)).is_err());
    assert!(ColumnarValue::constant(&Value::Bool(true), &ExprType::scalar(ScalarType::I64)).is_err());
}
