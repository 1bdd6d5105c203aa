//! Ids that follow from keys.

use omnigraph_compiler::catalog::{EdgeType, NodeType};

use super::graph::Properties;
use super::value::Value;

/// The id that follows from a node's key; none for a type without key.
///
/// # Errors
/// A component that is null or cannot be part of a key, by name.
pub(super) fn node_id(node: &NodeType, properties: &Properties) -> Result<Option<String>, String> {
    id_of(node.key.as_deref(), |name| properties.get(name).and_then(canonical))
}

/// The id that follows from an edge's key; none for a type without key.
///
/// # Errors
/// As [`node_id`].
pub(super) fn edge_id(
    edge: &EdgeType,
    (src, dst): (&str, &str),
    properties: &Properties,
) -> Result<Option<String>, String> {
    id_of(edge.key.as_deref(), |name| match name {
        "@src" => Some(src.to_owned()),
        "@dst" => Some(dst.to_owned()),
        name => properties.get(name).and_then(canonical),
    })
}

fn id_of(key: Option<&[String]>, text: impl Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
    let Some(key) = key else { return Ok(None) };
    let texts = key.iter().map(|name| text(name).ok_or_else(|| name.clone())).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(key_id(&texts)))
}

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
fn key_id(components: &[String]) -> String {
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
