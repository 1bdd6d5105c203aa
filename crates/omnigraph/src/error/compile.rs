//! Findings of the compiler as errors of the engine.

use omnigraph_compiler::Diagnostic;
use omnigraph_compiler::diagnostic::{render_json, render_text};

use super::Error;

/// Returns the error of a source that does not compile. `file` is the name of the source in messages.
pub(crate) fn compile_error(file: &str, source: &str, diagnostics: &[Diagnostic]) -> Error {
    let rendered = render_text(file, source, diagnostics).trim_end().to_owned();
    let findings = match render_json(file, source, diagnostics) {
        serde_json::Value::Array(findings) => findings,
        other => vec![other],
    };
    Error::Compile { rendered, findings }
}
