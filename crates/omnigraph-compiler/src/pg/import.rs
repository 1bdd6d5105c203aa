//! Schemas of several files, read through a function of the caller.
//!
//! Every file is read once. Declarations of imported files precede those of the importing one, in the order of the imports. Paths
//! are relative to the importing file, use `/`, and are normalized before the caller sees them. The caller alone decides which
//! files may be read.

use super::ast::{SchemaDocument, SourceComment};
use super::parse::parse_at;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::SourceMap;
use crate::span::Span;

/// A root file with all its imports.
#[derive(Clone, Debug, Default)]
pub struct LoadedSchema {
    /// One tree without imports.
    pub schema: SchemaDocument,
    /// Every file read; spans of the tree and of the diagnostics point into them.
    pub sources: SourceMap,
    /// Diagnostics, file by file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses `source`, called `name`, and all its imports. `read` gets a path relative to the directory that `name` is relative to,
/// and returns the text or an error.
pub fn load(name: &str, source: &str, read: &mut dyn FnMut(&str) -> Result<String, String>) -> LoadedSchema {
    let mut loader = SchemaLoader { loaded: LoadedSchema::default(), read, open: Vec::new(), done: Default::default() };
    loader.file(normalize("", name).unwrap_or_else(|| name.to_owned()), source.to_owned());
    loader.loaded
}

/// Greatest depth of imports: each level costs stack.
const MAX_IMPORT_DEPTH: usize = 64;

struct SchemaLoader<'a> {
    loaded: LoadedSchema,
    read: &'a mut dyn FnMut(&str) -> Result<String, String>,
    open: Vec<String>,
    done: std::collections::BTreeSet<String>,
}

impl SchemaLoader<'_> {
    fn file(&mut self, name: String, text: String) {
        let base = self.loaded.sources.add(name.clone(), text.clone());
        let (schema, diagnostics) = parse_at(&text, base);
        self.loaded.diagnostics.extend(diagnostics);
        self.open.push(name.clone());
        let mut orphaned = Vec::new();
        for import in schema.imports {
            orphaned.extend(import.comments.leading);
            orphaned.extend(import.comments.trailing.map(|text| SourceComment { text, blank_after: false }));
            self.import(&name, &import.path.node, import.path.span);
        }
        self.open.pop();
        self.done.insert(name);
        let mut declarations = schema.declarations;
        // The joined tree has no imports; their comments are kept.
        match declarations.first_mut() {
            Some(first) => drop(first.comments.leading.splice(0..0, orphaned)),
            None => self.loaded.schema.tail.extend(orphaned),
        }
        self.loaded.schema.declarations.extend(declarations);
        self.loaded.schema.tail.extend(schema.tail);
    }

    fn import(&mut self, importer: &str, path: &str, span: Span) {
        let directory = importer.rsplit_once('/').map_or("", |(directory, _)| directory);
        let Some(target) = normalize(directory, path) else {
            let message = format!("cannot import `{path}`: an import is a path relative to the importing file");
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
        if self.open.len() >= MAX_IMPORT_DEPTH {
            let message = format!("cannot import `{path}`: more than {MAX_IMPORT_DEPTH} files deep");
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

/// Resolves `path` from `directory`: without `.` and with `..` folded as far as possible. Returns `None` for a path that is not
/// relative.
fn normalize(directory: &str, path: &str) -> Option<String> {
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
