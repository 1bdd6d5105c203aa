//! A header of columns, then the rows. A field is quoted when it has a comma, a quote or a line end.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cell::text;
use super::{Answer, Out};

pub(super) fn write(answer: &Answer<'_>, out: &mut Out) -> io::Result<()> {
    record(out, answer.columns.iter().map(|column| Cow::Borrowed(column.as_str())))?;
    answer.rows.iter().try_for_each(|row| record(out, answer.cells(row).map(text)))
}

fn record<'a>(out: &mut impl Write, fields: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    for (position, field) in fields.enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_when_they_must_be() {
        let mut bytes = Vec::new();
        let fields = ["plain", "a,b", "say \"hi\"", "two\nlines", "", "with space"];
        record(&mut bytes, fields.into_iter().map(Cow::Borrowed)).unwrap();
        let expected = "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,with space\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
