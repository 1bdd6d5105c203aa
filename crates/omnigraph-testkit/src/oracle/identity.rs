//! Ids that follow from keys.

use omnigraph_compiler::catalog::{EdgeType, NodeType};

use super::graph::PropertyValues;
use super::value::OracleValue;

/// Returns the id that follows from a node's key; `None` for a type without key.
///
/// # Errors
/// The name of a component that is null or cannot be part of a key.
pub(super) fn node_id(node: &NodeType, properties: &PropertyValues) -> Result<Option<String>, String> {
    id_of(node.key.as_deref(), |name| properties.get(name).and_then(canonical))
}

/// Returns the id that follows from an edge's key; `None` for a type without key.
///
/// # Errors
/// As [`node_id`].
pub(super) fn edge_id(
    edge: &EdgeType,
    (src, dst): (&str, &str),
    properties: &PropertyValues,
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

/// Returns the canonical text of a value as part of an id; `None` for null and values that cannot be part of one.
pub(super) fn canonical(value: &OracleValue) -> Option<String> {
    Some(match value {
        OracleValue::Text(text) => text.clone(),
        OracleValue::Bool(value) => value.to_string(),
        OracleValue::Integer(value) => value.to_string(),
        OracleValue::Date(days) => days.to_string(),
        OracleValue::DateTime(millis) => millis.to_string(),
        // Both zeros are `0`.
        OracleValue::F32(value) if *value == 0.0 => "0".to_owned(),
        OracleValue::F64(value) if *value == 0.0 => "0".to_owned(),
        OracleValue::F32(value) if value.is_finite() => value.to_string(),
        OracleValue::F64(value) if value.is_finite() => value.to_string(),
        _ => return None,
    })
}

/// Returns the id of the components of a key: the text of a single one, otherwise a JSON array of texts.
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
        assert_eq!(text(OracleValue::F64(1.250)), "1.25");
        assert_eq!(text(OracleValue::F64(3.0)), "3");
        assert_eq!(text(OracleValue::F64(1e21)), "1000000000000000000000");
        assert_eq!(text(OracleValue::F64(-0.0)), "0");
        assert_eq!(text(OracleValue::F32(16_777_217.0)), "16777216");
        assert_eq!(text(OracleValue::Date(19_724)), "19724");
        assert_eq!(text(OracleValue::Integer(u64::MAX.into())), "18446744073709551615");
        assert_eq!(canonical(&OracleValue::Null), None);
        assert_eq!(canonical(&OracleValue::F64(f64::NAN)), None);
    }

    #[test]
    fn keys_of_several_components() {
        assert_eq!(key_id(&["ana".into()]), "ana");
        assert_eq!(key_id(&["7".into(), "ac\"me".into()]), r#"["7","ac\"me"]"#);
    }
}
