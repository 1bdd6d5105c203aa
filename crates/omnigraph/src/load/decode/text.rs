//! Texts that ids are made of.

/// The canonical text of a float as part of an id: shortest that reads back, no exponent, both zeros `0`.
pub(super) fn float_text(value: f64, shortest: String) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    Some(if value == 0.0 { "0".to_owned() } else { shortest })
}

/// The id of a composite key: a compact JSON array of texts.
pub(super) fn composite_id(parts: &[String]) -> String {
    serde_json::Value::from(parts.to_vec()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(composite_id(&["7".into(), "ac\"me".into()]), r#"["7","ac\"me"]"#);
        assert_eq!(float_text(-0.0, (-0.0f64).to_string()).as_deref(), Some("0"));
        assert_eq!(float_text(1.25, 1.25f64.to_string()).as_deref(), Some("1.25"));
        assert_eq!(float_text(1e21, 1e21f64.to_string()).as_deref(), Some("1000000000000000000000"));
        assert_eq!(float_text(f64::NAN, String::new()), None);
    }
}
