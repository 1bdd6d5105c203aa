//! A schema split over files, read through a function the caller supplies.
//!
//! Every file is read once, however many import it. Declarations of imported files come before those of the importing one,
//! in the order of the imports. Paths are relative to the importing file, use `/`, and are brought to a shortest form
//! before the caller sees them: the caller alone decides what may be read.

use super::ast::{Comment, Schema};
use super::parse::parse_at;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Sources;
use crate::span::Span;

/// What became of a root file and all that it imports.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// One tree without imports.
    pub schema: Schema,
    /// Every file read; spans of the tree and of the diagnostics point into them.
    pub sources: Sources,
    /// What is wrong, file by file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses `source`, called `name`, and everything it imports. `read` gets a path relative to the directory that `name` is
/// relative to, and answers with the text or with the reason there is none.
pub fn load(name: &str, source: &str, read: &mut dyn FnMut(&str) -> Result<String, String>) -> Loaded {
    let mut loader = Loader { loaded: Loaded::default(), read, open: Vec::new(), done: Default::default() };
    loader.file(normalise("", name).unwrap_or_else(|| name.to_owned()), source.to_owned());
    loader.loaded
}

/// How deep files may import files: each level costs stack.
const DEEPEST: usize = 64;

struct Loader<'a> {
    loaded: Loaded,
    read: &'a mut dyn FnMut(&str) -> Result<String, String>,
    open: Vec<String>,
    done: std::collections::BTreeSet<String>,
}

impl Loader<'_> {
    fn file(&mut self, name: String, text: String) {
        let base = self.loaded.sources.add(name.clone(), text.clone());
        let (schema, diagnostics) = parse_at(&text, base);
        self.loaded.diagnostics.extend(diagnostics);
        self.open.push(name.clone());
        let mut orphaned = Vec::new();
        for import in schema.imports {
            orphaned.extend(import.comments.leading);
            orphaned.extend(import.comments.trailing.map(|text| Comment { text, blank_after: false }));
            self.import(&name, &import.path.node, import.path.span);
        }
        self.open.pop();
        self.done.insert(name);
        let mut declarations = schema.declarations;
        // The imports are gone from the joined tree; what was said about them is not.
        match declarations.first_mut() {
            Some(first) => drop(first.comments.leading.splice(0..0, orphaned)),
            None => self.loaded.schema.tail.extend(orphaned),
        }
        self.loaded.schema.declarations.extend(declarations);
        self.loaded.schema.tail.extend(schema.tail);
    }

    fn import(&mut self, importer: &str, path: &str, span: Span) {
        let directory = importer.rsplit_once('/').map_or("", |(directory, _)| directory);
        let Some(target) = normalise(directory, path) else {
            let message = format!("cannot import `{path}`: an import is a path relative to the file it stands in");
            self.loaded.diagnostics.push(Diagnostic::error(Code::S004, span, message));
            return;
        };
        if let Some(at) = self.open.iter().position(|open| *open == target) {
            let chain = self.open[at..].iter().map(String::as_str).chain([target.as_str()]);
            let chain = chain.collect::<Vec<_>>().join(" -> ");
            let error = Diagnostic::error(Code::S005, span, format!("imports form a cycle: {chain}"))
                .with_help("move what both files need to a third file");
            self.loaded.diagnostics.push(error);
            return;
        }
        if self.done.contains(&target) {
            return;
        }
        if self.open.len() >= DEEPEST {
            let message = format!("cannot import `{path}`: more than {DEEPEST} files deep");
            self.loaded.diagnostics.push(Diagnostic::error(Code::S004, span, message));
            return;
        }
        match (self.read)(&target) {
            Ok(text) => self.file(target, text),
            Err(reason) => {
                self.done.insert(target);
                let message = format!("cannot import `{path}`: {reason}");
                self.loaded.diagnostics.push(Diagnostic::error(Code::S004, span, message));
            }
        }
    }
}

/// `path` seen from `directory`, without `.` and with `..` folded as far as possible; `None` for what is not relative.
fn normalise(directory: &str, path: &str) -> Option<String> {
    if path.trim().is_empty() || path.starts_with('/') || path.contains("://") || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if directory.starts_with('/') {
        return Some(format!("/{}", parts.join("/")));
    }
    Some(parts.join("/"))
}
