//! Schemas on disk: a file, and the files that it imports.

use std::path::Path;

use omnigraph_compiler::catalog::provisional_ids;
use omnigraph_compiler::pg::{self, Loaded};
use omnigraph_compiler::{Catalog, compile_loaded};

use crate::error::{Failure, Result};
use crate::input;

/// A schema as it was read.
#[derive(Debug)]
pub(crate) struct SchemaFile {
    /// The name of the file that was asked for.
    pub(crate) name: String,
    loaded: Loaded,
}

impl SchemaFile {
    /// Reads a schema and everything it imports.
    ///
    /// # Errors
    ///
    /// [`Failure::Input`] if the file itself cannot be read; what is wrong in it, or with an import, is for [`Self::catalog`] to say.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = input::read("schema", path)?;
        let loaded = pg::load(&text.name, &text.source, &mut |imported| {
            std::fs::read_to_string(imported).map_err(|error| error.to_string())
        });
        Ok(Self { name: text.name, loaded })
    }

    /// The text that means the whole schema: the file as it stands, or printed without imports if it has any.
    pub(crate) fn source(&self) -> String {
        match self.loaded.sources.files() {
            [only] => only.text.clone(),
            _ => pg::print(&self.loaded.schema),
        }
    }

    /// What it means, with the identities that `previous` gave, and provisional ones for what is new.
    ///
    /// # Errors
    ///
    /// Every error of the schema with file, line and caret.
    pub(crate) fn catalog(&self, previous: Option<&Catalog>) -> Result<Catalog> {
        let (catalog, found) = compile_loaded(&self.loaded, previous, &mut provisional_ids());
        let rendered = |found: &[_]| self.loaded.sources.render_text(found).trim_end().to_owned();
        catalog.ok_or_else(|| {
            let errors: Vec<_> = found.into_iter().filter(omnigraph_compiler::Diagnostic::is_error).collect();
            Failure::Input(rendered(&errors))
        })
    }
}
