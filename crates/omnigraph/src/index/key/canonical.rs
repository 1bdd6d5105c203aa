//! Canonical texts: values as the texts that ids consist of.
//!
//! Equal values of one type have the same text, different values have different texts. Numbers are decimal, floats the
//! shortest decimal that parses back, both zeros `0`, dates days, instants milliseconds. A tuple is a compact JSON array of
//! texts.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};

/// The canonical texts of one column, or of the tuples of several.
#[derive(Debug)]
pub(crate) struct CanonicalTexts<'a> {
    columns: Vec<TextColumn<'a>>,
}

/// The reason that a row has no canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CanonicalTextError {
    /// The component at this index is null.
    Null(usize),
    /// The component at this index is NaN or infinite.
    NotFinite(usize),
}

#[derive(Debug)]
enum TextColumn<'a> {
    String(&'a StringArray),
    Bool(&'a BooleanArray),
    I32(&'a PrimitiveArray<Int32Type>),
    I64(&'a PrimitiveArray<Int64Type>),
    U32(&'a PrimitiveArray<UInt32Type>),
    U64(&'a PrimitiveArray<UInt64Type>),
    F32(&'a PrimitiveArray<Float32Type>),
    F64(&'a PrimitiveArray<Float64Type>),
    Date(&'a PrimitiveArray<Date32Type>),
    DateTime(&'a PrimitiveArray<TimestampMillisecondType>),
}

impl<'a> CanonicalTexts<'a> {
    /// Returns the texts of `columns`; `None` if a column has a type that cannot be part of an id.
    pub(crate) fn new(columns: &[&'a ArrayRef]) -> Option<Self> {
        let columns = columns.iter().map(|column| TextColumn::new(column)).collect::<Option<Vec<_>>>()?;
        (!columns.is_empty()).then_some(Self { columns })
    }

    /// Replaces the content of `into` by the text of a row.
    pub(crate) fn write(&self, row: usize, into: &mut String) -> Result<(), CanonicalTextError> {
        into.clear();
        if let [single] = self.columns.as_slice() {
            return single.append(row, 0, into);
        }
        let mut part = String::new();
        for (index, column) in self.columns.iter().enumerate() {
            into.push(if index == 0 { '[' } else { ',' });
            part.clear();
            column.append(row, index, &mut part)?;
            push_quoted(&part, into);
        }
        into.push(']');
        Ok(())
    }

    /// Returns the texts of a row, one per column.
    pub(crate) fn parts(&self, row: usize) -> Result<Vec<String>, CanonicalTextError> {
        let part = |(index, column): (usize, &TextColumn<'_>)| {
            let mut text = String::new();
            column.append(row, index, &mut text).map(|()| text)
        };
        self.columns.iter().enumerate().map(part).collect()
    }
}

impl<'a> TextColumn<'a> {
    fn new(column: &'a ArrayRef) -> Option<Self> {
        Some(match column.data_type() {
            DataType::Utf8 => Self::String(column.as_string_opt()?),
            DataType::Boolean => Self::Bool(column.as_boolean_opt()?),
            DataType::Int32 => Self::I32(column.as_primitive_opt()?),
            DataType::Int64 => Self::I64(column.as_primitive_opt()?),
            DataType::UInt32 => Self::U32(column.as_primitive_opt()?),
            DataType::UInt64 => Self::U64(column.as_primitive_opt()?),
            DataType::Float32 => Self::F32(column.as_primitive_opt()?),
            DataType::Float64 => Self::F64(column.as_primitive_opt()?),
            DataType::Date32 => Self::Date(column.as_primitive_opt()?),
            DataType::Timestamp(TimeUnit::Millisecond, _) => Self::DateTime(column.as_primitive_opt()?),
            _ => return None,
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::String(values) => values.is_null(row),
            Self::Bool(values) => values.is_null(row),
            Self::I32(values) => values.is_null(row),
            Self::I64(values) => values.is_null(row),
            Self::U32(values) => values.is_null(row),
            Self::U64(values) => values.is_null(row),
            Self::F32(values) => values.is_null(row),
            Self::F64(values) => values.is_null(row),
            Self::Date(values) => values.is_null(row),
            Self::DateTime(values) => values.is_null(row),
        }
    }

    fn append(&self, row: usize, index: usize, into: &mut String) -> Result<(), CanonicalTextError> {
        if self.is_null(row) {
            return Err(CanonicalTextError::Null(index));
        }
        match self {
            Self::String(values) => into.push_str(values.value(row)),
            Self::Bool(values) => into.push_str(if values.value(row) { "true" } else { "false" }),
            Self::I32(values) => into.push_str(&values.value(row).to_string()),
            Self::I64(values) => into.push_str(&values.value(row).to_string()),
            Self::U32(values) => into.push_str(&values.value(row).to_string()),
            Self::U64(values) => into.push_str(&values.value(row).to_string()),
            Self::Date(values) => into.push_str(&values.value(row).to_string()),
            Self::DateTime(values) => into.push_str(&values.value(row).to_string()),
            Self::F32(values) => {
                let value = values.value(row);
                append_float(f64::from(value), &value, into).ok_or(CanonicalTextError::NotFinite(index))?;
            }
            Self::F64(values) => {
                let value = values.value(row);
                append_float(value, &value, into).ok_or(CanonicalTextError::NotFinite(index))?;
            }
        }
        Ok(())
    }
}

/// Appends a float; `shown` is the same value at its own width, which Rust formats as the shortest decimal without an exponent.
fn append_float(value: f64, shown: &dyn std::fmt::Display, into: &mut String) -> Option<()> {
    if value == 0.0 {
        into.push('0');
    } else if value.is_finite() {
        into.push_str(&shown.to_string());
    } else {
        return None;
    }
    Some(())
}

/// Appends a text as a JSON string.
fn push_quoted(text: &str, into: &mut String) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        into.push_str(&serde_json::Value::from(text).to_string());
    } else {
        into.push('"');
        into.push_str(text);
        into.push('"');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float32Array, Float64Array, Int32Array};

    use super::*;

    fn texts(columns: &[ArrayRef]) -> Vec<Result<String, CanonicalTextError>> {
        let columns: Vec<&ArrayRef> = columns.iter().collect();
        let canonical = CanonicalTexts::new(&columns).unwrap();
        let text = |row| {
            let mut text = String::new();
            canonical.write(row, &mut text).map(|()| text)
        };
        (0..columns[0].len()).map(text).collect()
    }

    #[test]
    fn floats_have_one_text() {
        let doubles = Float64Array::from(vec![1.25, 3.0, -0.0, 1e21, f64::NAN]);
        let expected = ["1.25", "3", "0", "1000000000000000000000"].map(|text| Ok(text.to_owned()));
        let found = texts(&[Arc::new(doubles)]);
        assert_eq!(found[..4], expected);
        assert_eq!(found[4], Err(CanonicalTextError::NotFinite(0)));
        assert_eq!(
            texts(&[Arc::new(Float32Array::from(vec![16_777_217.0, 0.1]))]),
            [Ok("16777216".to_owned()), Ok("0.1".to_owned())]
        );
    }

    #[test]
    fn tuples_are_arrays_of_texts() {
        let bays: ArrayRef = Arc::new(Int32Array::from(vec![Some(7), Some(8), None]));
        let tenants: ArrayRef = Arc::new(StringArray::from(vec!["ac\"me", "a,b", "c"]));
        let expected =
            [Ok(r#"["7","ac\"me"]"#.to_owned()), Ok(r#"["8","a,b"]"#.to_owned()), Err(CanonicalTextError::Null(0))];
        assert_eq!(texts(&[bays, tenants]), expected);
    }

    #[test]
    fn quotes_agree_with_json() {
        for text in ["", "plain", "ü", "tab\t", "\"", "\\", "\u{1}", "line\n", "\u{7f}"] {
            let mut quoted = String::new();
            push_quoted(text, &mut quoted);
            assert_eq!(quoted, serde_json::Value::from(text).to_string());
        }
    }
}
