//! Cursors of pages: the commit that a page was read from, and the order keys of its last row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// A position in the order of a result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageCursor {
    /// The commit that was read.
    #[serde(rename = "c")]
    pub(crate) commit: String,
    /// The order keys of the last row, as text.
    #[serde(rename = "k")]
    keys: Vec<Option<String>>,
}

impl PageCursor {
    /// Creates the cursor after a row, from arrays that each hold one of its order keys.
    pub(crate) fn after_row(commit: String, keys: &[ArrayRef]) -> Result<Self> {
        let text = |key: &ArrayRef| {
            if key.is_null(0) {
                return Ok(None);
            }
            // Bits keep a float exact; decimal text might round it.
            let key = match key.data_type() {
                DataType::Float64 | DataType::Float32 => float_bits(key),
                _ => cast(key, &DataType::Utf8)?,
            };
            Ok(key.as_string::<i32>().iter().next().flatten().map(str::to_owned))
        };
        Ok(Self { commit, keys: keys.iter().map(text).collect::<Result<_>>()? })
    }

    /// Returns the order keys, in the types of the order's columns.
    pub(crate) fn keys(&self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        if self.keys.len() != types.len() {
            return Err(foreign_cursor());
        }
        let key = |(key, ty): (&Option<String>, &DataType)| -> Result<ArrayRef> {
            let text: ArrayRef = Arc::new(StringArray::from(vec![key.as_deref()]));
            let array = match ty {
                DataType::Float64 | DataType::Float32 => float_from_bits(&text, ty)?,
                _ => cast(&text, ty).map_err(|_| foreign_cursor())?,
            };
            if array.is_null(0) != key.is_none() { Err(foreign_cursor()) } else { Ok(array) }
        };
        self.keys.iter().zip(types).map(key).collect()
    }

    /// Encodes the cursor as text for callers.
    pub(crate) fn encode(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// Decodes the text of a cursor.
    pub(crate) fn decode(text: &str) -> Result<Self> {
        let json = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| foreign_cursor())?;
        serde_json::from_slice(&json).map_err(|_| foreign_cursor())
    }
}

fn foreign_cursor() -> Error {
    Error::request(
        "invalid cursor: it does not belong to this query. Pass the `next_cursor` of its last page unchanged",
    )
}

fn float_bits(key: &ArrayRef) -> ArrayRef {
    let bits = match key.data_type() {
        DataType::Float64 => key.as_primitive::<Float64Type>().value(0).to_bits(),
        _ => u64::from(key.as_primitive::<Float32Type>().value(0).to_bits()),
    };
    Arc::new(StringArray::from(vec![bits.to_string()]))
}

fn float_from_bits(text: &ArrayRef, ty: &DataType) -> Result<ArrayRef> {
    let bits = text.as_string::<i32>().iter().next().flatten().map(str::parse::<u64>);
    let bits = bits.transpose().map_err(|_| foreign_cursor())?;
    Ok(match ty {
        DataType::Float64 => Arc::new(Float64Array::from(vec![bits.map(f64::from_bits)])),
        _ => {
            let narrow = |bits: u64| u32::try_from(bits).map(f32::from_bits).map_err(|_| foreign_cursor());
            Arc::new(Float32Array::from(vec![bits.map(narrow).transpose()?]))
        }
    })
}
