#!/usr/bin/env bash
# Makes the virtual environment with the outside readers of Lance datasets that the tests run, unless it is there already, and
# prints the path of its Python. The versions are fixed: what these tools do to heads must be what the tests saw.
#
#   scripts/outside-venv.sh <folder>
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/venv.sh" "${1:?usage: scripts/outside-venv.sh <folder>}" pylance==14.0.2 lancedb==0.40.0
