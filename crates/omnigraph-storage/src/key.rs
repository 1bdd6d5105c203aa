//! Names of objects: relative to the root, checked once, and safe on every store.

use std::fmt;

use object_store::path::Path;

use crate::{Error, Result};

/// The longest file name of common file systems.
const MAX_SEGMENT_BYTES: usize = 255;
/// The longest result of [`Key::encode_segment`]. It leaves bytes for a suffix such as `.json`.
const MAX_ENCODED_BYTES: usize = 240;
/// The longest key: the limit of S3 less bytes for the prefix of the root.
const MAX_KEY_BYTES: usize = 900;

/// The name of an object relative to the root of its store: segments joined by `/`.
///
/// A segment is not empty, not `.` or `..`, at most 255 bytes long, and free of backslashes and control characters.
/// The empty key is the root, which can be listed and joined but holds no object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key {
    text: String,
}

impl Key {
    /// Returns the root of the store.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses a key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when a segment is not allowed.
    pub fn parse(text: &str) -> Result<Self> {
        check(text).map_err(|reason| Error::InvalidKey { given: text.to_owned(), reason })?;
        Ok(Self { text: text.to_owned() })
    }

    /// Appends `tail`, one or more segments.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when a segment of `tail` is not allowed.
    pub fn join(&self, tail: &str) -> Result<Self> {
        if self.is_root() {
            return Self::parse(tail);
        }
        Self::parse(&format!("{}/{tail}", self.text))
    }

    /// Returns the text, with `/` between segments.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true for the root, which holds no object.
    pub fn is_root(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the last segment; empty for the root.
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the segments in order.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('/').filter(|segment| !segment.is_empty())
    }

    /// Returns the key without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self { text: self.text.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned() })
    }

    /// Encodes any name as one segment. Different names get different segments, also on file systems that ignore case.
    ///
    /// Lower-case ASCII letters, digits, `-`, `_` and inner dots are kept. Every other byte of the UTF-8 form becomes `%` and two
    /// lower-case hexadecimal digits. A file system therefore finds no letter to fold and no character to normalize.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for the empty name, and if the encoded form exceeds 240 bytes.
    pub fn encode_segment(name: &str) -> Result<String> {
        let bad = |reason: &str| Error::InvalidKey { given: name.to_owned(), reason: reason.to_owned() };
        if name.is_empty() {
            return Err(bad("empty name"));
        }
        let last = name.len() - 1;
        let mut encoded = String::with_capacity(name.len());
        for (index, byte) in name.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => encoded.push(char::from(byte)),
                b'.' if index != 0 && index != last => encoded.push('.'),
                _ => encoded.push_str(&format!("%{byte:02x}")),
            }
        }
        if encoded.len() > MAX_ENCODED_BYTES {
            return Err(bad(
                "too long: at most 240 bytes, and characters other than a-z and digits take three bytes or more",
            ));
        }
        Ok(encoded)
    }

    /// Decodes a segment that [`Key::encode_segment`] returned.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for any other segment.
    pub fn decode_segment(segment: &str) -> Result<String> {
        let name = percent_decode(segment).and_then(|bytes| String::from_utf8(bytes).ok());
        match name {
            Some(name) if Self::encode_segment(&name).is_ok_and(|canonical| canonical == segment) => Ok(name),
            _ => Err(Error::Corrupt {
                object: segment.to_owned(),
                reason: "the name has another encoding than names of this store".into(),
            }),
        }
    }

    /// Returns the path of the object in the backend.
    pub fn to_path(&self) -> Path {
        // A valid key is a valid path. `from` is a fallback that cannot fail.
        Path::parse(&self.text).unwrap_or_else(|_| Path::from(self.text.as_str()))
    }

    /// Returns the key of a path in a listing.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a name that this crate does not write.
    pub fn from_path(path: &Path) -> Result<Self> {
        Self::parse(path.as_ref())
    }
}

fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_KEY_BYTES {
        return Err(format!("{} bytes, at most {MAX_KEY_BYTES} are allowed", text.len()));
    }
    text.split('/').try_for_each(|segment| match segment {
        "" => Err("empty segment".to_owned()),
        "." | ".." => Err(format!("the segment {segment:?} is not allowed")),
        _ if segment.len() > MAX_SEGMENT_BYTES => Err(format!("a segment has more than {MAX_SEGMENT_BYTES} bytes")),
        _ if segment.contains('\\') => Err("backslash: use a slash between segments".to_owned()),
        _ if segment.chars().any(char::is_control) => Err("control character".to_owned()),
        _ => Ok(()),
    })
}

fn percent_decode(segment: &str) -> Option<Vec<u8>> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
