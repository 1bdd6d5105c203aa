//! Decoding of arguments: section 3.16 of the language.

use omnigraph_compiler::ir::{QueryParam, Value};
use omnigraph_compiler::params::{NumberMode, ParamError, decode};
use omnigraph_compiler::types::{PropType, ScalarType};
use serde_json::{Value as Json, json};

fn one(scalar: ScalarType, value: Json) -> Result<Value, String> {
    typed(PropType::new(scalar), value, NumberMode::Native)
}

fn typed(ty: PropType, value: Json, mode: NumberMode) -> Result<Value, String> {
    let params = [QueryParam { name: "p".to_owned(), ty }];
    decode(&params, Some(&json!({ "p": value })), mode)
        .map(|mut values| values.remove(0))
        .map_err(|error| error.to_string())
}

fn list(scalar: ScalarType) -> PropType {
    PropType { list: true, ..PropType::new(scalar) }
}

fn nullable(scalar: ScalarType) -> PropType {
    PropType { nullable: true, ..PropType::new(scalar) }
}

#[test]
fn objects_and_nulls() {
    assert_eq!(
        decode(&[], Some(&json!([1])), NumberMode::Native).unwrap_err().to_string(),
        "params must be a JSON object, not an array"
    );
    let params = [QueryParam { name: "a".to_owned(), ty: nullable(ScalarType::String) }];
    assert_eq!(decode(&params, None, NumberMode::Native), Ok(vec![Value::Null]));
    assert_eq!(decode(&params, Some(&Json::Null), NumberMode::Native), Ok(vec![Value::Null]));
    assert_eq!(typed(nullable(ScalarType::String), Json::Null, NumberMode::Native), Ok(Value::Null));
    assert_eq!(one(ScalarType::String, json!("x")), Ok(Value::String("x".to_owned())));
    let error = one(ScalarType::String, Json::Null).unwrap_err();
    assert!(error.contains("null is not accepted for non-nullable parameter"), "{error}");
}

#[test]
fn a_required_parameter_must_be_given() {
    let params = [QueryParam { name: "x".to_owned(), ty: PropType::new(ScalarType::I64) }];
    let error = decode(&params, None, NumberMode::Native).unwrap_err();
    assert_eq!(error, ParamError::Missing("x".to_owned()));
    assert_eq!(error.to_string(), "parameter 'x' not provided");
}

#[test]
fn unknown_keys_are_refused() {
    let params = [QueryParam { name: "name".to_owned(), ty: nullable(ScalarType::I64) }];
    let error = decode(&params, Some(&json!({ "nane": {} })), NumberMode::Native).unwrap_err();
    assert_eq!(error.to_string(), "parameter 'nane' not found; did you mean 'name'?");
}

#[test]
fn integers() {
    let large = 9_007_199_254_740_993_i64;
    assert_eq!(one(ScalarType::I64, json!(large)), Ok(Value::I64(large)));
    assert!(
        typed(PropType::new(ScalarType::I64), json!(large), NumberMode::Double).unwrap_err().contains("decimal string")
    );
    assert_eq!(
        typed(PropType::new(ScalarType::I64), json!(large.to_string()), NumberMode::Double),
        Ok(Value::I64(large))
    );
    assert_eq!(typed(PropType::new(ScalarType::I32), json!(3.0), NumberMode::Double), Ok(Value::I64(3)));
    assert!(one(ScalarType::I32, json!(2_147_483_648_i64)).unwrap_err().contains("exceeds I32"));
    assert!(one(ScalarType::U32, json!(-1)).is_err());
    assert!(one(ScalarType::I32, json!(1.0)).is_err());
    assert_eq!(one(ScalarType::I32, json!("12")), Ok(Value::I64(12)));
    assert_eq!(one(ScalarType::I32, json!("-7")), Ok(Value::I64(-7)));
    assert!(one(ScalarType::I32, json!("+7")).is_err());
    assert!(
        one(ScalarType::U64, json!(9_223_372_036_854_775_808_u64))
            .unwrap_err()
            .contains("exceeds current engine range")
    );
    assert_eq!(one(ScalarType::U64, json!(i64::MAX)), Ok(Value::I64(i64::MAX)));
}

#[test]
fn floats_and_bools() {
    assert!(one(ScalarType::F64, json!("1.5")).is_err());
    assert_eq!(one(ScalarType::F64, json!(1)), Ok(Value::F64(1.0)));
    assert_eq!(one(ScalarType::F32, json!(0.1)), Ok(Value::F32(0.1)));
    assert!(one(ScalarType::F32, json!(1e39)).is_err());
    assert!(one(ScalarType::Bool, json!(1)).is_err());
    assert_eq!(one(ScalarType::Bool, json!(true)), Ok(Value::Bool(true)));
}

#[test]
fn lists_vectors_dates() {
    let strings = |value| typed(list(ScalarType::String), value, NumberMode::Native);
    assert_eq!(strings(json!(["a"])), Ok(Value::List(vec![Value::String("a".to_owned())])));
    assert_eq!(strings(json!([])), Ok(Value::List(Vec::new())));
    assert!(strings(json!("a")).is_err());
    assert!(strings(json!(["a", null])).unwrap_err().contains("item 1 is null"));
    let dates = typed(list(ScalarType::Date), json!(["2024-01-01"]), NumberMode::Native);
    assert_eq!(dates, Ok(Value::List(vec![Value::Date(19_723)])));
    assert!(one(ScalarType::Vector(3), json!([1, 2])).unwrap_err().contains("expected 3 values"));
    assert!(one(ScalarType::Vector(3), json!(["a", 1, 2])).is_err());
    assert_eq!(one(ScalarType::Vector(2), json!([1, 0.5])), Ok(Value::Vector(vec![1.0, 0.5])));
    assert_eq!(one(ScalarType::DateTime, json!("2024-01-01T00:00:00Z")), Ok(Value::DateTime(1_704_067_200_000)));
    assert!(one(ScalarType::DateTime, json!(5)).is_err());
    assert!(one(ScalarType::Date, json!("yesterday")).unwrap_err().contains("invalid Date literal"));
}
