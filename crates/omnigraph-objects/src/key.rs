//! Names of objects: relative, checked once, and safe on every store.

use std::fmt;

use object_store::path::Path;

use crate::{Error, Result};

/// The longest file name that common file systems take, in bytes.
const MAX_SEGMENT: usize = 255;

/// What [`Key::encode_segment`] may fill: it leaves room for a suffix such as `.json`.
const MAX_ENCODED: usize = 240;

/// The longest key that S3 takes, in bytes, less room for the root's own prefix.
const MAX_KEY: usize = 900;

/// The name of an object relative to the root of its store: segments joined by `/`.
///
/// A segment is not empty, not `.` or `..`, at most 255 bytes long, and free of backslashes and control characters.
/// The empty key stands for the root: it can be listed and joined, and holds no object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Key {
    text: String,
}

impl Key {
    /// The root of the store.
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks `text` and makes a key of it.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when a segment is not allowed.
    pub fn parse(text: &str) -> Result<Self> {
        check(text).map_err(|reason| Error::InvalidKey { given: text.to_owned(), reason })?;
        Ok(Self { text: text.to_owned() })
    }

    /// This key with `tail`, one or more segments, below it.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when a segment of `tail` is not allowed.
    pub fn join(&self, tail: &str) -> Result<Self> {
        if self.is_root() {
            return Self::parse(tail);
        }
        Self::parse(&format!("{}/{tail}", self.text))
    }

    /// The text, with `/` between segments.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the root, which holds no object.
    pub fn is_root(&self) -> bool {
        self.text.is_empty()
    }

    /// The last segment; empty for the root.
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The segments in order.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('/').filter(|segment| !segment.is_empty())
    }

    /// The key without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self { text: self.text.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned() })
    }

    /// Turns any name into one segment, and never two names into one, also on file systems that ignore case.
    ///
    /// Lower-case ASCII letters, digits, `-`, `_` and inner dots stand for themselves; every other byte of the UTF-8
    /// form becomes `%` and two lower-case hexadecimal digits. The result therefore has no upper-case letter that a
    /// file system could fold and no character that one could normalise.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for the empty name and for one whose encoded form exceeds 240 bytes.
    pub fn encode_segment(name: &str) -> Result<String> {
        let bad = |reason: &str| Error::InvalidKey { given: name.to_owned(), reason: reason.to_owned() };
        if name.is_empty() {
            return Err(bad("it is empty"));
        }
        let last = name.len() - 1;
        let mut encoded = String::with_capacity(name.len());
        for (at, byte) in name.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => encoded.push(char::from(byte)),
                b'.' if at != 0 && at != last => encoded.push('.'),
                _ => encoded.push_str(&format!("%{byte:02x}")),
            }
        }
        if encoded.len() > MAX_ENCODED {
            return Err(bad(
                "it is too long; letters other than a-z count three bytes each, and 240 bytes are allowed",
            ));
        }
        Ok(encoded)
    }

    /// The name that [`Key::encode_segment`] made `segment` of.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it made no such segment.
    pub fn decode_segment(segment: &str) -> Result<String> {
        let name = percent_decode(segment).and_then(|bytes| String::from_utf8(bytes).ok());
        match name {
            Some(name) if Self::encode_segment(&name).is_ok_and(|canonical| canonical == segment) => Ok(name),
            _ => Err(Error::Corrupt {
                at: segment.to_owned(),
                reason: "the name is not encoded as we encode names".into(),
            }),
        }
    }

    /// The same key as the store underneath names it.
    pub fn to_path(&self) -> Path {
        // Both sides forbid the same segments, and ours forbids a few more; `from` is the fallback that cannot fail.
        Path::parse(&self.text).unwrap_or_else(|_| Path::from(self.text.as_str()))
    }

    /// The key of a path from a listing.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for names that only others can have put there.
    pub fn from_path(path: &Path) -> Result<Self> {
        Self::parse(path.as_ref())
    }
}

fn check(text: &str) -> Result<(), String> {
    if text.len() > MAX_KEY {
        return Err(format!("it has {} bytes; at most {MAX_KEY} are allowed", text.len()));
    }
    text.split('/').try_for_each(|segment| match segment {
        "" => Err("it has an empty segment".to_owned()),
        "." | ".." => Err(format!("the segment {segment:?} points elsewhere")),
        _ if segment.len() > MAX_SEGMENT => Err(format!("a segment has more than {MAX_SEGMENT} bytes")),
        _ if segment.contains('\\') => Err("it has a backslash; segments are joined by a slash".to_owned()),
        _ if segment.chars().any(char::is_control) => Err("it has a control character".to_owned()),
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
