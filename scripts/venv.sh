#!/usr/bin/env bash
# Makes a virtual environment with these packages, unless it exists, and prints the path of its Python.
#
#   scripts/venv.sh <folder> <requirement>...
set -euo pipefail

readonly folder=${1:?usage: scripts/venv.sh <folder> <requirement>...}
readonly requirements=("${@:2}")
readonly stamp=$folder/installed

if [ "$(cat "$stamp" 2>/dev/null)" != "${requirements[*]}" ]; then
    echo "venv: installing ${requirements[*]} into $folder" >&2
    python3 -m venv --clear "$folder" >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${requirements[@]}" >&2
    printf '%s\n' "${requirements[*]}" >"$stamp"
fi
echo "$folder/bin/python"
