#!/usr/bin/env bash
# Checks dependencies with cargo-deny (deny.toml): bans, licenses, sources. Advisories need a network and are left out.
# Installs cargo-deny into the target folder unless it is there already: about 200 crates, some minutes on two cores.
#
#   scripts/deny.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly version=0.20.2
readonly root=${CARGO_TARGET_DIR:-$HOME/.cache/omnigraph-target}/deny
readonly deny=$root/bin/cargo-deny

if [ "$("$deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
    echo "deny: installing cargo-deny $version into $root" >&2
    cargo install cargo-deny --version "$version" --locked --root "$root"
fi
# Development dependencies are checked for licenses and sources, and free in their direction.
"$deny" --locked check licenses sources
"$deny" --locked --exclude-dev check bans
