//! A value as text: strings as they are, null as `null`, lists and objects as compact JSON.

use std::borrow::Cow;

use serde_json::Value;

/// The text of a value.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The text of a value on one line of a terminal: line ends and other control characters are spelled out, so that data can
/// neither break the layout nor speak to the terminal.
pub(super) fn one_line(value: &Value) -> String {
    let text = text(value);
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            plain if !plain.is_control() => line.push(plain),
            control => line.extend(control.escape_default()),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_read_as_text() {
        let texts = [json!("a b"), json!(null), json!(1.5), json!(true), json!([1, "x"]), json!({"k": null})];
        let texts = texts.each_ref().map(|value| text(value).into_owned());
        assert_eq!(texts, ["a b", "null", "1.5", "true", r#"[1,"x"]"#, r#"{"k":null}"#]);
    }

    #[test]
    fn a_line_stays_a_line_and_an_escape_sequence_is_only_shown() {
        assert_eq!(one_line(&json!("a\nb\r\tc\u{1b}[31m")), "a\\nb\\r\\tc\\u{1b}[31m");
        assert_eq!(one_line(&json!("naïve “quotes” 漢")), "naïve “quotes” 漢");
    }
}
