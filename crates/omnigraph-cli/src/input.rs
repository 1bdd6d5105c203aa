//! Files that a command reads whole: schemas with their imports, queries, parameters.

use std::path::Path;

use omnigraph_compiler::catalog::provisional_ids;
use omnigraph_compiler::pg::{self, LoadedSchema};
use omnigraph_compiler::{Catalog, compile_loaded};

use crate::error::{CliError, Result};

/// A text and its name in messages.
#[derive(Clone, Debug)]
pub(crate) struct SourceText {
    pub(crate) name: String,
    pub(crate) source: String,
}

/// Reads a text file.
///
/// # Errors
///
/// [`CliError::Input`] with the file and its purpose.
pub(crate) fn read_text(purpose: &str, path: &Path) -> Result<SourceText> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(source) => Ok(SourceText { name, source }),
        Err(error) => Err(CliError::Input(format!("cannot read the {purpose} {name}: {error}"))),
    }
}

/// Parses JSON; `name` is its name in messages.
///
/// # Errors
///
/// [`CliError::Input`] with the name and the position.
pub(crate) fn parse_json(name: &str, text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|error| CliError::Input(format!("{name} is not valid JSON: {error}")))
}

/// A schema file and the files that it imports.
#[derive(Debug)]
pub(crate) struct SchemaFile {
    /// The name of the root file.
    pub(crate) name: String,
    loaded: LoadedSchema,
}

impl SchemaFile {
    /// Reads a schema and everything it imports.
    ///
    /// # Errors
    ///
    /// [`CliError::Input`] if the root file cannot be read. [`Self::catalog`] reports errors in it and in its imports.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = read_text("schema", path)?;
        let loaded = pg::load(&text.name, &text.source, &mut |imported| {
            std::fs::read_to_string(imported).map_err(|error| error.to_string())
        });
        Ok(Self { name: text.name, loaded })
    }

    /// Returns the text of the whole schema: the file verbatim, or printed without imports if it has any.
    pub(crate) fn source(&self) -> String {
        match self.loaded.sources.files() {
            [only] => only.text.clone(),
            _ => pg::print(&self.loaded.schema),
        }
    }

    /// Compiles the schema, with the type ids of `previous` and provisional ids for new types.
    ///
    /// # Errors
    ///
    /// Every error of the schema with file, line and caret.
    pub(crate) fn catalog(&self, previous: Option<&Catalog>) -> Result<Catalog> {
        let (catalog, found) = compile_loaded(&self.loaded, previous, &mut provisional_ids());
        catalog.ok_or_else(|| {
            let errors: Vec<_> = found.into_iter().filter(omnigraph_compiler::Diagnostic::is_error).collect();
            CliError::Input(self.loaded.sources.render_text(&errors).trim_end().to_owned())
        })
    }
}
