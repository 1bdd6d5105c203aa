#!/usr/bin/env bash
# Loads the package graph of Debian 12 into a fresh graph and asks it a few things.
#
#   scripts/demo.sh <target folder>      run by `make demo`, which builds first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly target=${1:?usage: scripts/demo.sh <target folder>}
readonly omnigraph=$target/debug/omnigraph
readonly place=$target/demo
readonly graph=$place/debian.omni

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
fi

run() {
    printf '%s$ omnigraph %s%s\n' "$dim" "$*" "$plain"
    "$omnigraph" "$@"
}
# ask <question> <query>: the question as a heading, the query as it can be typed, the answer.
ask() {
    printf '\n%s%s%s\n%s%s%s\n' "$bold" "$1" "$plain" "$dim" "$2" "$plain"
    "$omnigraph" query --store "$graph" --format table -e "$2"
}

rm -rf "$place"
mkdir -p "$place"

printf '\n%sDebian 12 as a graph: every package, its maintainer, what it depends on, recommends and suggests.%s\n' "$bold" "$plain"
run init --schema examples/debian/debian.pg "$graph"
run load --data examples/debian/debian.jsonl.zst --mode overwrite "$graph"

ask 'How many packages are there?' 'query packages() {
  match { $p: Package }
  return { count($p) as packages }
}'

ask 'What does curl need?' 'query needs() {
  match {
    $p: Package { name: "curl" }
    $p dependsOn $d
  }
  return { $d.name, $d.version, $d.description }
  order { $d.name }
}'

ask 'What does everything else stand on?' 'query pillars() {
  match { $p dependsOn $d }
  return { $d.name as package, count($p) as dependents }
  order { dependents desc }
  limit 10
}'

ask 'Who looks after the most packages?' 'query busiest() {
  match { $m maintains $p }
  return { $m.name as maintainer, count($p) as packages }
  order { packages desc }
  limit 10
}'

ask 'What does the Debian Games Team maintain, largest first?' 'query games() {
  match {
    $m: Maintainer { email: "pkg-games-devel@lists.alioth.debian.org" }
    $m maintains $p
  }
  return { $p.name, $p.installed_size, $p.description }
  order { $p.installed_size desc }
  limit 10
}'

ask 'Which maintainers does curl rely on, two steps down?' 'query people() {
  match {
    $p: Package { name: "curl" }
    $p dependsOn $d
    $d dependsOn $e
    $m maintains $e
  }
  return { $m.name as maintainer, count($e) as paths }
  order { paths desc }
  limit 10
}'

printf '\n%sAll of it arrived in one commit:%s\n' "$bold" "$plain"
run commit list "$graph"

cat <<END

The graph is in $graph
Ask it more:  $omnigraph query --store $graph -e 'query q() { match { \$p: Package { name: "git" } } return { \$p.description } }'
END
