//! The crates of the workspace and what they depend on, as Cargo itself reads the manifests.
//!
//! Asking Cargo rather than parsing TOML gives inherited, renamed and per-target dependencies for nothing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// When a dependency is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It ships, or builds what ships.
    Normal,
    /// Only tests, benches and examples see it.
    Dev,
}

/// One dependency of a crate, by its package name.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// One crate of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Path of its `Cargo.toml` from the workspace root.
    pub(crate) manifest: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Reads the crates of the workspace at `root`. Needs no network: nothing is resolved.
///
/// # Errors
/// When Cargo cannot be run or refuses a manifest, with what it said.
pub(crate) fn load(root: &Path) -> Result<Vec<Crate>, String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root);
    let output = command.output().map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    Ok(parse(&metadata))
}

fn parse(metadata: &Value) -> Vec<Crate> {
    let root = text(&metadata["workspace_root"]);
    list(&metadata["packages"]).map(|package| parse_crate(package, &root)).collect()
}

fn parse_crate(package: &Value, root: &str) -> Crate {
    let manifest = text(&package["manifest_path"]);
    Crate {
        name: text(&package["name"]),
        manifest: manifest.strip_prefix(root).unwrap_or(&manifest).trim_start_matches('/').to_owned(),
        dependencies: list(&package["dependencies"]).map(parse_dependency).collect(),
    }
}

fn parse_dependency(dependency: &Value) -> Dependency {
    let kind = if dependency["kind"] == "dev" { Kind::Dev } else { Kind::Normal };
    Dependency { name: text(&dependency["name"]), kind, optional: dependency["optional"] == true }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read() {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "packages": [{
                "name": "a",
                "manifest_path": "/w/crates/a/Cargo.toml",
                "dependencies": [
                    { "name": "b", "kind": null, "optional": true },
                    { "name": "c", "kind": "dev", "optional": false },
                    { "name": "d", "kind": "build", "optional": false },
                ],
            }],
        });
        let crates = parse(&metadata);
        assert_eq!((crates[0].name.as_str(), crates[0].manifest.as_str()), ("a", "crates/a/Cargo.toml"));
        let kinds: Vec<_> = crates[0].dependencies.iter().map(|d| (d.name.as_str(), d.kind, d.optional)).collect();
        assert_eq!(kinds, [("b", Kind::Normal, true), ("c", Kind::Dev, false), ("d", Kind::Normal, false)]);
    }

    #[test]
    fn this_workspace_can_be_read() {
        let crates = load(&crate::workspace_root().unwrap()).unwrap();
        let own = crates.iter().find(|c| c.name == "xtask").unwrap();
        assert_eq!(own.manifest, "xtask/Cargo.toml");
        assert!(own.dependencies.iter().any(|d| d.name == "serde_json"));
    }
}
