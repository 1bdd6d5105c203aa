#!/usr/bin/env bash
# Makes the virtual environment with the outside readers of Lance datasets that the tests run, unless it is there already, and
# prints the path of its Python. The versions are fixed: what these tools do to heads must be what the tests saw.
#
#   scripts/outside-venv.sh <folder>
set -euo pipefail

readonly readers=(pylance==14.0.2 lancedb==0.40.0)
readonly folder=${1:?usage: scripts/outside-venv.sh <folder>}
readonly stamp=$folder/installed

if [ "$(cat "$stamp" 2>/dev/null)" != "${readers[*]}" ]; then
    echo "outside-venv: installing ${readers[*]} into $folder" >&2
    python3 -m venv --clear "$folder" >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${readers[@]}" >&2
    printf '%s\n' "${readers[*]}" >"$stamp"
fi
echo "$folder/bin/python"
