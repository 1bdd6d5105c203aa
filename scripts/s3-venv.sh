#!/usr/bin/env bash
# Makes the virtual environment with the S3-compatible server that the tests start, unless it is there already, and prints the
# path of its Python. The version is fixed: the tests check that this server honours conditional puts.
#
#   scripts/s3-venv.sh <folder>
set -euo pipefail

readonly server='moto[server]==5.2.5'
readonly folder=${1:?usage: scripts/s3-venv.sh <folder>}
readonly stamp=$folder/installed

if [ "$(cat "$stamp" 2>/dev/null)" != "$server" ]; then
    echo "s3-venv: installing $server into $folder" >&2
    python3 -m venv --clear "$folder" >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$server" >&2
    printf '%s\n' "$server" >"$stamp"
fi
echo "$folder/bin/python"
