#!/usr/bin/env bash
# Loads the package graph of Debian 12 into a new graph and runs a few queries.
#
#   scripts/demo.sh <target folder>      run by `make demo`, which builds first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly target=${1:?usage: scripts/demo.sh <target folder>}
readonly omnigraph=$target/debug/omnigraph
readonly folder=$target/demo
export OMNIGRAPH_STORE=$folder/debian.omni

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
fi

heading() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}
run() {
    printf '%s$ omnigraph %s%s\n' "$dim" "$*" "$plain"
    "$omnigraph" "$@"
}
# query <heading> <query> [flag...]: prints the heading, the query text and the result.
query() {
    heading "$1"
    printf '%s%s%s\n' "$dim" "$2" "$plain"
    "$omnigraph" query -e "$2" "${@:3}"
}

rm -rf "$folder"
mkdir -p "$folder"

heading 'Debian 12 as a graph: every package, its maintainer, what it depends on, recommends and suggests.'
run init --schema examples/debian/debian.pg
started=$SECONDS
run load --data examples/debian/debian.jsonl.zst --mode overwrite
printf '%s(%d s, in one atomic commit)%s\n' "$dim" "$((SECONDS - started))" "$plain"

readonly needs='query needs() {
  match {
    $p: Package { name: "curl" }
    $p dependsOn $d
  }
  return { $d.name as package, $d.version as version, $d.description as description }
  order { $d.name }
}'
query 'What does curl need?' "$needs"

query 'Which packages have the most dependents?' 'query pillars() {
  match {
    $p: Package
    $p dependsOn $d
  }
  return { $d.name as package, count($p) as dependents }
  order { dependents desc }
  limit 10
}'

query 'Which games need the most disk space (in KiB)?' 'query biggest() {
  match { $p: Package { section: "games" } }
  return { $p.name as game, $p.installed_size as kib, $p.description as description }
  order { $p.installed_size desc }
  limit 8
}'

query 'Who maintains curl?' 'query keeper() {
  match {
    $p: Package { name: "curl" }
    $m maintains $p
  }
  return { $m.name as maintainer, $m.email as email }
}'

query 'Which sections do the Debian Science Maintainers maintain?' 'query science() {
  match {
    $m: Maintainer { email: "debian-science-maintainers@lists.alioth.debian.org" }
    $m maintains $p
  }
  return { $p.section as section, count($p) as packages }
  order { packages desc }
  limit 6
}'

query 'What does the image editor GIMP recommend?' 'query company() {
  match {
    $p: Package { name: "gimp" }
    $p recommends $r
  }
  return { $r.name as package, $r.description as description }
  order { $r.name }
}'

query 'What does a web browser depend on in total, by distance?' 'query reach() {
  match {
    $p: Package { name: "firefox-esr" }
    $p $steps@dependsOn{1,20} $d
  }
  return { $steps as steps, count($d) as packages }
  order { steps }
}'

query 'What is the shortest chain from Wine to sysvinit-utils, and how many are there of that length?' 'query chains() {
  match {
    $a: Package { name: "wine" }
    $b: Package { name: "sysvinit-utils" }
    path $chain = all_shortest $a dependsOn{1,30} $b
  }
  return { min(length($chain)) as steps, count(*) as chains }
}'

query 'Which packages match "puzzle game children" best?' 'query fun() {
  match { $p: Package }
  return { $p.name as package, $p.description as description, bm25($p.description, "puzzle game children") as score }
  order { bm25($p.description, "puzzle game children") desc }
  limit 5
}'

heading 'What if curl needed a cow? A branch costs one small file, whatever the size of the graph.'
run branch create cow
printf '{"edge": "DependsOn", "from": "curl", "to": "cowsay", "data": {"alternative": 0}}\n' >"$folder/cow.jsonl"
run load --data "$folder/cow.jsonl" --mode append --branch cow
query 'The same query, on the branch:' "$needs" --branch cow
query 'And on main, which is unchanged:' "$needs"

heading 'The commits of the branch, newest first:'
run commit list --branch cow

cat <<END

The graph is in $OMNIGRAPH_STORE
Run more:  $omnigraph query --store $OMNIGRAPH_STORE -e 'query q() { match { \$p: Package { name: "git" } } return { \$p.description } }'
END
