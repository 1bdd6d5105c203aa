//! Escapes inside strings: `\"`, `\\`, `\n`, `\r`, `\t` and no others.

/// An escape that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEscape {
    /// Where its backslash stands, in bytes from the start of the text.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
    /// The escape itself.
    pub text: String,
}

/// Decodes what stands between the quotes of a string.
///
/// # Errors
/// The first escape that is not in the list.
pub fn unescape(inner: &str) -> Result<String, BadEscape> {
    let mut decoded = String::with_capacity(inner.len());
    let mut characters = inner.char_indices();
    while let Some((offset, c)) = characters.next() {
        if c != '\\' {
            decoded.push(c);
            continue;
        }
        match characters.next().map(|(_, escaped)| escaped) {
            Some('"') => decoded.push('"'),
            Some('\\') => decoded.push('\\'),
            Some('n') => decoded.push('\n'),
            Some('r') => decoded.push('\r'),
            Some('t') => decoded.push('\t'),
            other => {
                let text: String = std::iter::once('\\').chain(other).collect();
                return Err(BadEscape { offset, length: text.len(), text });
            }
        }
    }
    Ok(decoded)
}

/// Writes `text` as a string token that decodes to it again. Line feeds become `\n`, so that a printed program keeps its
/// lines.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
