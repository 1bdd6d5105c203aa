//! Fields of a record of CSV, quoted as RFC 4180 has it.

use std::borrow::Cow;

/// A field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it stood in quotes: without them no text is no value.
    pub(super) quoted: bool,
    /// Where it starts in the record.
    pub(super) start: usize,
}

/// What is no CSV, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) message: &'static str,
    pub(super) at: usize,
}

/// The fields of `record`, which holds no line end outside of quotes.
pub(super) struct Fields<'a> {
    record: &'a str,
    delimiter: char,
    /// Where the next field starts; none behind the last.
    next: Option<usize>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(record: &'a str, delimiter: u8) -> Self {
        Self { record, delimiter: char::from(delimiter), next: Some(0) }
    }

    fn quoted(&mut self, start: usize) -> Result<Field<'a>, Malformed> {
        let mut text = Cow::Borrowed("");
        let mut at = start + 1;
        loop {
            let rest = self.record.get(at..).unwrap_or_default();
            let Some(close) = rest.find('"') else {
                return Err(Malformed { message: "a quote that is never closed", at: start });
            };
            let part = rest.get(..close).unwrap_or_default();
            if text.is_empty() {
                text = Cow::Borrowed(part)
            } else {
                text.to_mut().push_str(part)
            }
            at += close + 1;
            let rest = self.record.get(at..).unwrap_or_default();
            if rest.starts_with('"') {
                text.to_mut().push('"');
                at += 1;
            } else if rest.is_empty() {
                self.next = None;
                return Ok(Field { text, quoted: true, start });
            } else if rest.starts_with(self.delimiter) {
                self.next = Some(at + 1);
                return Ok(Field { text, quoted: true, start });
            } else {
                return Err(Malformed { message: "text behind a closing quote; a quote within quotes is doubled", at });
            }
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next?;
        let rest = self.record.get(start..).unwrap_or_default();
        if rest.starts_with('"') {
            let field = self.quoted(start);
            if field.is_err() {
                self.next = None;
            }
            return Some(field);
        }
        let text = rest.split(self.delimiter).next().unwrap_or_default();
        self.next = (text.len() < rest.len()).then_some(start + text.len() + 1);
        if let Some(quote) = text.find('"') {
            self.next = None;
            let message = "a quote within a field that has none around it; put the field in quotes and double this one";
            return Some(Err(Malformed { message, at: start + quote }));
        }
        Some(Ok(Field { text: Cow::Borrowed(text), quoted: false, start }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str) -> Vec<Result<(String, bool), usize>> {
        let fields = Fields::of(record, b',');
        fields.map(|field| field.map(|field| (field.text.into_owned(), field.quoted)).map_err(|flaw| flaw.at)).collect()
    }

    #[test]
    fn fields_are_split_as_rfc_4180_has_it() {
        let plain = |text: &str| Ok((text.to_owned(), false));
        let quoted = |text: &str| Ok((text.to_owned(), true));
        for (record, wanted) in [
            ("", vec![plain("")]),
            ("a,b", vec![plain("a"), plain("b")]),
            (",", vec![plain(""), plain("")]),
            ("\"\",", vec![quoted(""), plain("")]),
            ("\"a,b\",c", vec![quoted("a,b"), plain("c")]),
            ("\"say \"\"hi\"\"\"", vec![quoted("say \"hi\"")]),
            ("\"\"\"\"", vec![quoted("\"")]),
            ("\"two\nlines\"", vec![quoted("two\nlines")]),
            (" a , b", vec![plain(" a "), plain(" b")]),
            ("ü,\"ü\"\"\"", vec![plain("ü"), quoted("ü\"")]),
            ("a,5\" nail,b", vec![plain("a"), Err(3)]),
            ("a,\"b\"c", vec![plain("a"), Err(5)]),
            ("a,\"b", vec![plain("a"), Err(2)]),
        ] {
            assert_eq!(split(record), wanted, "{record:?}");
        }
    }
}
