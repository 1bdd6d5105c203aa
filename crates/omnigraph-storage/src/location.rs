//! Locations of graphs: a path or URL, parsed.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The location of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// A folder by its absolute path.
    Folder(PathBuf),
    /// A prefix within an S3 bucket; the prefix may be empty and has no slash at either end.
    S3 {
        /// The name of the bucket.
        bucket: String,
        /// The key prefix of the graph.
        prefix: String,
    },
    /// A store in the memory of this process by name. It lives as long as the process.
    Memory(String),
}

impl Location {
    /// Parses a path, `file:///folder`, `s3://bucket/prefix` or `memory://name`. A relative path is resolved against the current
    /// folder of the process.
    ///
    /// # Errors
    /// [`Error::InvalidLocation`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, |path| std::path::absolute(path))
    }

    /// Parses like [`Location::parse`], and resolves a relative path against the absolute folder `base`.
    ///
    /// # Errors
    /// [`Error::InvalidLocation`] for anything else.
    pub fn parse_in(text: &str, base: &Path) -> Result<Self> {
        Self::parse_with(text, |path| std::path::absolute(base.join(path)))
    }

    fn parse_with(text: &str, absolute: impl Fn(&Path) -> std::io::Result<PathBuf>) -> Result<Self> {
        let bad = |reason: &str| Error::InvalidLocation { given: text.to_owned(), reason: reason.to_owned() };
        if text.is_empty() {
            return Err(bad("empty text"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return absolute(Path::new(text)).map(Self::Folder).map_err(|e| bad(&e.to_string()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let url = url::Url::parse(text).map_err(|e| bad(&e.to_string()))?;
                url.to_file_path().map(Self::Folder).map_err(|()| bad("a file URL has an absolute path and no host"))
            }
            "s3" => parse_s3(rest).map_err(bad),
            "memory" => match rest {
                "" => Err(bad("a memory store needs a name")),
                name if name.contains('/') => Err(bad("the name of a memory store cannot contain a slash")),
                name => Ok(Self::Memory(name.to_owned())),
            },
            _ => Err(bad("unsupported scheme")),
        }
    }
}

fn parse_s3(rest: &str) -> Result<Location, &'static str> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err("missing bucket name");
    }
    if !bucket.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return Err("invalid bucket name: only letters, digits, dots, dashes and underscores are allowed");
    }
    let prefix = prefix.trim_matches('/');
    if object_store::path::Path::parse(prefix).is_err() {
        return Err("invalid prefix: empty segment, dot segment or control character");
    }
    Ok(Location::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Memory(name) => write!(f, "memory://{name}"),
        }
    }
}

impl std::str::FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}
