//! Ids that follow from keys.

use super::value::Value;

/// The canonical text of a value as part of an id; `None` for null and for what cannot be part of one.
pub(super) fn canonical(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Date(days) => days.to_string(),
        Value::DateTime(millis) => millis.to_string(),
        // Both zeros are `0`.
        Value::F32(value) if *value == 0.0 => "0".to_owned(),
        Value::F64(value) if *value == 0.0 => "0".to_owned(),
        Value::F32(value) if value.is_finite() => value.to_string(),
        Value::F64(value) if value.is_finite() => value.to_string(),
        _ => return None,
    })
}

/// The id of the components of a key: the text of a single one, otherwise a JSON array of texts.
pub(super) fn key_id(components: &[String]) -> String {
    match components {
        [only] => only.clone(),
        several => serde_json::Value::from(several.to_vec()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_texts() {
        let text = |value| canonical(&value).unwrap();
        assert_eq!(text(Value::F64(1.250)), "1.25");
        assert_eq!(text(Value::F64(3.0)), "3");
        assert_eq!(text(Value::F64(1e21)), "1000000000000000000000");
        assert_eq!(text(Value::F64(-0.0)), "0");
        assert_eq!(text(Value::F32(16_777_217.0)), "16777216");
        assert_eq!(text(Value::Date(19_724)), "19724");
        assert_eq!(text(Value::Integer(u64::MAX.into())), "18446744073709551615");
        assert_eq!(canonical(&Value::Null), None);
        assert_eq!(canonical(&Value::F64(f64::NAN)), None);
    }

    #[test]
    fn keys_of_several_components() {
        assert_eq!(key_id(&["ana".into()]), "ana");
        assert_eq!(key_id(&["7".into(), "ac\"me".into()]), r#"["7","ac\"me"]"#);
    }
}
