//! Arguments to values: section 3.16 of the language.

use omnigraph_compiler::ir::{Param, Value};
use omnigraph_compiler::params::{NumberMode, ParamError, decode};
use omnigraph_compiler::types::{PropType, Scalar};
use serde_json::{Value as Json, json};

fn one(scalar: Scalar, value: Json) -> Result<Value, String> {
    typed(PropType::of(scalar), value, NumberMode::Native)
}

fn typed(ty: PropType, value: Json, mode: NumberMode) -> Result<Value, String> {
    let params = [Param { name: "p".to_owned(), ty }];
    decode(&params, Some(&json!({ "p": value })), mode)
        .map(|mut values| values.remove(0))
        .map_err(|error| error.to_string())
}

fn list(scalar: Scalar) -> PropType {
    PropType { list: true, ..PropType::of(scalar) }
}

fn nullable(scalar: Scalar) -> PropType {
    PropType { nullable: true, ..PropType::of(scalar) }
}

#[test]
fn p1_p2_p3_p4_objects_and_nulls() {
    assert_eq!(
        decode(&[], Some(&json!([1])), NumberMode::Native).unwrap_err().to_string(),
        "params must be a JSON object, not an array"
    );
    let params = [Param { name: "a".to_owned(), ty: nullable(Scalar::String) }];
    assert_eq!(decode(&params, None, NumberMode::Native), Ok(vec![Value::Null]));
    assert_eq!(decode(&params, Some(&Json::Null), NumberMode::Native), Ok(vec![Value::Null]));
    assert_eq!(typed(nullable(Scalar::String), Json::Null, NumberMode::Native), Ok(Value::Null));
    assert_eq!(one(Scalar::String, json!("x")), Ok(Value::String("x".to_owned())));
    let error = one(Scalar::String, Json::Null).unwrap_err();
    assert!(error.contains("null is not accepted for non-nullable parameter"), "{error}");
}

#[test]
fn f38_a_required_parameter_must_be_given() {
    let params = [Param { name: "x".to_owned(), ty: PropType::of(Scalar::I64) }];
    let error = decode(&params, None, NumberMode::Native).unwrap_err();
    assert_eq!(error, ParamError::Missing("x".to_owned()));
    assert_eq!(error.to_string(), "parameter 'x' not provided");
}

#[test]
fn p14_unknown_keys_are_refused() {
    let params = [Param { name: "name".to_owned(), ty: nullable(Scalar::I64) }];
    let error = decode(&params, Some(&json!({ "nane": {} })), NumberMode::Native).unwrap_err();
    assert_eq!(error.to_string(), "there is no parameter 'nane'; did you mean 'name'?");
}

#[test]
fn p5_p6_p7_integers() {
    let large = 9_007_199_254_740_993_i64;
    assert_eq!(one(Scalar::I64, json!(large)), Ok(Value::I64(large)));
    assert!(typed(PropType::of(Scalar::I64), json!(large), NumberMode::Double).unwrap_err().contains("decimal string"));
    assert_eq!(typed(PropType::of(Scalar::I64), json!(large.to_string()), NumberMode::Double), Ok(Value::I64(large)));
    assert_eq!(typed(PropType::of(Scalar::I32), json!(3.0), NumberMode::Double), Ok(Value::I64(3)));
    assert!(one(Scalar::I32, json!(2_147_483_648_i64)).unwrap_err().contains("exceeds I32"));
    assert!(one(Scalar::U32, json!(-1)).is_err());
    assert!(one(Scalar::I32, json!(1.0)).is_err());
    assert_eq!(one(Scalar::I32, json!("12")), Ok(Value::I64(12)));
    assert_eq!(one(Scalar::I32, json!("-7")), Ok(Value::I64(-7)));
    assert!(one(Scalar::I32, json!("+7")).is_err());
    assert!(
        one(Scalar::U64, json!(9_223_372_036_854_775_808_u64)).unwrap_err().contains("exceeds current engine range")
    );
    assert_eq!(one(Scalar::U64, json!(i64::MAX)), Ok(Value::I64(i64::MAX)));
}

#[test]
fn p8_p9_floats_and_bools() {
    assert!(one(Scalar::F64, json!("1.5")).is_err());
    assert_eq!(one(Scalar::F64, json!(1)), Ok(Value::F64(1.0)));
    assert_eq!(one(Scalar::F32, json!(0.1)), Ok(Value::F32(0.1)));
    assert!(one(Scalar::F32, json!(1e39)).is_err());
    assert!(one(Scalar::Bool, json!(1)).is_err());
    assert_eq!(one(Scalar::Bool, json!(true)), Ok(Value::Bool(true)));
}

#[test]
fn p10_p11_p12_p13_lists_vectors_dates() {
    let strings = |value| typed(list(Scalar::String), value, NumberMode::Native);
    assert_eq!(strings(json!(["a"])), Ok(Value::List(vec![Value::String("a".to_owned())])));
    assert_eq!(strings(json!([])), Ok(Value::List(Vec::new())));
    assert!(strings(json!("a")).is_err());
    assert!(strings(json!(["a", null])).unwrap_err().contains("item 1 is null"));
    let dates = typed(list(Scalar::Date), json!(["2024-01-01"]), NumberMode::Native);
    assert_eq!(dates, Ok(Value::List(vec![Value::Date(19_723)])));
    assert!(one(Scalar::Vector(3), json!([1, 2])).unwrap_err().contains("expected 3 values"));
    assert!(one(Scalar::Vector(3), json!(["a", 1, 2])).is_err());
    assert_eq!(one(Scalar::Vector(2), json!([1, 0.5])), Ok(Value::Vector(vec![1.0, 0.5])));
    assert_eq!(one(Scalar::DateTime, json!("2024-01-01T00:00:00Z")), Ok(Value::DateTime(1_704_067_200_000)));
    assert!(one(Scalar::DateTime, json!(5)).is_err());
    assert!(one(Scalar::Date, json!("yesterday")).unwrap_err().contains("invalid Date literal"));
}
