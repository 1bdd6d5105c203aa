#!/usr/bin/env bash
# Makes the virtual environment with the S3-compatible server that the tests start, unless it exists, and prints the path of its
# Python. The version is fixed, because the tests check that this server supports conditional puts.
#
#   scripts/s3-venv.sh <folder>
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/venv.sh" "${1:?usage: scripts/s3-venv.sh <folder>}" 'moto[server]==5.2.5'
