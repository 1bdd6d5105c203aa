//! A schema of everyday size becomes the catalogue it describes.

use omnigraph_compiler::types::{PropType, Scalar};

const DEBIAN: &str = r#"
node Package {
  name: String @key
  version: String
  section: String @index
  priority: enum(required, important, standard, optional, extra)
  installed_size: I64
  homepage: String?
}
node Maintainer {
  email: String @key
  name: String
}
edge DependsOn: Package -> Package { alternative: I32  constraint: String? }
edge Maintains: Maintainer -> Package
"#;

#[test]
fn becomes_a_catalogue() {
    let mut next = 0u128;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = omnigraph_compiler::compile_schema(DEBIAN, None, &mut mint);
    assert_eq!(diagnostics, []);
    let catalog = catalog.unwrap();
    assert_eq!(catalog.nodes["Package"].key.as_deref(), Some(&["name".to_owned()][..]));
    let homepage = catalog.nodes["Package"].property("homepage").unwrap();
    assert_eq!(homepage.ty, PropType { nullable: true, ..PropType::of(Scalar::String) });
    assert_eq!(catalog.edges["Maintains"].from, "Maintainer");
    assert_eq!(catalog.edges["DependsOn"].properties.len(), 2);
}
