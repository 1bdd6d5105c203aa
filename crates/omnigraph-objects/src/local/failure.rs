//! From an error of the operating system to one of a store, with what was attempted and on which path.

use std::io;
use std::path::{Path, PathBuf};

use object_store::Error;

/// The name of this store in errors.
const STORE: &str = "folder";

/// What failed, on which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub(super) struct Failure {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Keeps the kinds that a store tells apart and names the path in all of them.
pub(super) fn failure(action: &'static str, path: &Path, source: io::Error) -> Error {
    let kind = source.kind();
    let shown = path.display().to_string();
    let failure = Box::new(Failure { action, path: path.to_owned(), source });
    match kind {
        io::ErrorKind::NotFound => Error::NotFound { path: shown, source: failure },
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: shown, source: failure },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::PermissionDenied { path: shown, source: failure }
        }
        io::ErrorKind::Unsupported => Error::NotSupported { source: failure },
        _ => Error::Generic { store: STORE, source: failure },
    }
}

/// As [`failure`] for something that should be there: a path that leads through a file leads nowhere, and a folder is
/// no object. Object stores have no such notions and say "not found".
pub(super) fn absent_or(action: &'static str, path: &Path, source: io::Error) -> Error {
    let source = match source.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => io::ErrorKind::NotFound.into(),
        _ => source,
    };
    failure(action, path, source)
}

/// A request that makes no sense for this object.
pub(super) fn refused(path: &Path, reason: String) -> Error {
    Error::Generic { store: STORE, source: format!("{}: {reason}", path.display()).into() }
}
