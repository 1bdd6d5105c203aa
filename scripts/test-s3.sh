#!/bin/sh
# Makes the S3 server that the tests start, if it is not there yet, and prints the path of its executable.
# Usage: OMNIGRAPH_TEST_MOTO=$(scripts/test-s3.sh) cargo test
set -eu

version=5.2.1
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-target}
case $target in
    /*) ;;
    *) target=$root/$target ;;
esac
venv=$target/moto-venv
stamp=$venv/.moto-$version

# The stamp is written last: an installation that was interrupted is made anew.
if [ ! -f "$stamp" ]; then
    rm -rf "$venv"
    mkdir -p "$target"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$version" >&2
    : > "$stamp"
fi
printf '%s\n' "$venv/bin/moto_server"
