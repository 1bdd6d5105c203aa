#!/usr/bin/env bash
# Makes the virtual environment with the external readers of Lance datasets that the tests run, unless it exists, and prints the
# path of its Python. The versions are fixed, because the tests check the effect of these tools on the Lance mirror.
#
#   scripts/reader-venv.sh <folder>
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/venv.sh" "${1:?usage: scripts/reader-venv.sh <folder>}" pylance==14.0.2 lancedb==0.40.0
