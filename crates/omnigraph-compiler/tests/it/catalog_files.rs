//! Sources through the catalogue: what is wrong with them, or what they mean.

use omnigraph_compiler::compile_schema;

use crate::support::{cases, describe, mint};

/// Diagnostics, then the catalogue if there is one.
#[test]
fn builds_and_reports() {
    cases::run("catalog", |title, input| {
        let (catalog, diagnostics) = compile_schema(input, None, &mut mint::counting(1));
        let mut out = describe::diagnostics(input, &diagnostics);
        if let Some(catalog) = catalog {
            assert_eq!(catalog.verify(), Ok(()), "{title}");
            out.push_str("ok\n");
            out.push_str(&describe::catalog(&catalog));
        }
        out
    });
}
