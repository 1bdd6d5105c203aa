//! Where a page ended: the commit that was read, and what placed the last row in the order.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Result};

/// A place in the order of a result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The commit that was read.
    #[serde(rename = "c")]
    pub(super) commit: String,
    /// The order keys of the last row, as text; null as null.
    #[serde(rename = "k")]
    keys: Vec<Option<String>>,
}

impl Cursor {
    /// The place after the row whose order keys these arrays of one hold.
    pub(super) fn after(commit: String, keys: &[ArrayRef]) -> Result<Self> {
        let text = |key: &ArrayRef| {
            if key.is_null(0) {
                return Ok(None);
            }
            // Floats are kept by their bits: decimal text might lose some.
            let key = match key.data_type() {
                DataType::Float64 => bits(key, DataType::Float64)?,
                DataType::Float32 => bits(key, DataType::Float32)?,
                _ => cast(key, &DataType::Utf8)?,
            };
            Ok(arrow::array::AsArray::as_string::<i32>(&key).iter().next().flatten().map(str::to_owned))
        };
        Ok(Self { commit, keys: keys.iter().map(text).collect::<Result<_>>()? })
    }

    /// The order keys, in the types that the order has.
    pub(super) fn keys(&self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        if self.keys.len() != types.len() {
            return Err(foreign());
        }
        let key = |(key, ty): (&Option<String>, &DataType)| -> Result<ArrayRef> {
            let text: ArrayRef = std::sync::Arc::new(arrow::array::StringArray::from(vec![key.as_deref()]));
            let array = match ty {
                DataType::Float64 | DataType::Float32 => unbits(&text, ty)?,
                _ => cast(&text, ty).map_err(|_| foreign())?,
            };
            if array.is_null(0) != key.is_none() { Err(foreign()) } else { Ok(array) }
        };
        self.keys.iter().zip(types).map(key).collect()
    }

    /// As callers carry it.
    pub(super) fn encode(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    /// As callers bring it back.
    pub(super) fn decode(text: &str) -> Result<Self> {
        let json = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| foreign())?;
        serde_json::from_slice(&json).map_err(|_| foreign())
    }
}

fn foreign() -> Error {
    Error::request("the cursor is not one of this query; pass the `next_cursor` of its last page as it is")
}

fn bits(key: &ArrayRef, ty: DataType) -> Result<ArrayRef> {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float32Type, Float64Type};
    let bits = match ty {
        DataType::Float64 => key.as_primitive::<Float64Type>().value(0).to_bits(),
        _ => u64::from(key.as_primitive::<Float32Type>().value(0).to_bits()),
    };
    Ok(std::sync::Arc::new(arrow::array::StringArray::from(vec![bits.to_string()])))
}

fn unbits(text: &ArrayRef, ty: &DataType) -> Result<ArrayRef> {
    use arrow::array::{AsArray, Float32Array, Float64Array};
    let bits = text.as_string::<i32>().iter().next().flatten().map(str::parse::<u64>);
    let bits = bits.transpose().map_err(|_| foreign())?;
    Ok(match ty {
        DataType::Float64 => std::sync::Arc::new(Float64Array::from(vec![bits.map(f64::from_bits)])),
        _ => {
            let narrow = |bits: u64| u32::try_from(bits).map(f32::from_bits).map_err(|_| foreign());
            std::sync::Arc::new(Float32Array::from(vec![bits.map(narrow).transpose()?]))
        }
    })
}
