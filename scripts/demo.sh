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

heading() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}
run() {
    printf '%s$ omnigraph %s%s\n' "$dim" "$*" "$plain"
    "$omnigraph" "$@"
}
# ask <question> <query> [flag...]: the question as a heading, the query as it can be typed, the answer.
ask() {
    heading "$1"
    printf '%s%s%s\n' "$dim" "$2" "$plain"
    "$omnigraph" query --store "$graph" -e "$2" "${@:3}"
}

rm -rf "$place"
mkdir -p "$place"

heading 'Debian 12 as a graph: every package, its maintainer, what it depends on, recommends and suggests.'
run init --schema examples/debian/debian.pg "$graph"
started=$SECONDS
run load --data examples/debian/debian.jsonl.zst --mode overwrite "$graph"
printf '%s(%d s, in one atomic commit)%s\n' "$dim" "$((SECONDS - started))" "$plain"

readonly needs='query needs() {
  match {
    $p: Package { name: "curl" }
    $p dependsOn $d
  }
  return { $d.name as package, $d.version as version, $d.description as description }
  order { $d.name }
}'
ask 'What does curl need?' "$needs"

ask 'What does everything else stand on?' 'query pillars() {
  match {
    $p: Package
    $p dependsOn $d
  }
  return { $d.name as package, count($p) as dependents }
  order { dependents desc }
  limit 10
}'

ask 'Which games take the most room once installed (in KiB)?' 'query biggest() {
  match { $p: Package { section: "games" } }
  return { $p.name as game, $p.installed_size as kib, $p.description as description }
  order { $p.installed_size desc }
  limit 8
}'

ask 'Who looks after curl?' 'query keeper() {
  match {
    $p: Package { name: "curl" }
    $m maintains $p
  }
  return { $m.name as maintainer, $m.email as email }
}'

ask 'What do the Debian Science Maintainers keep most of?' 'query science() {
  match {
    $m: Maintainer { email: "debian-science-maintainers@lists.alioth.debian.org" }
    $m maintains $p
  }
  return { $p.section as section, count($p) as packages }
  order { packages desc }
  limit 6
}'

ask 'What goes well with the image editor GIMP?' 'query company() {
  match {
    $p: Package { name: "gimp" }
    $p recommends $r
  }
  return { $r.name as package, $r.description as description }
  order { $r.name }
}'

ask 'How far does a web browser reach? Everything it needs in the end, by distance.' 'query reach() {
  match {
    $p: Package { name: "firefox-esr" }
    $p $steps@dependsOn{1,20} $d
  }
  return { $steps as steps, count($d) as packages }
  order { steps }
}'

ask 'What is the shortest chain from Wine to sysvinit-utils, and how many are there of that length?' 'query chains() {
  match {
    $a: Package { name: "wine" }
    $b: Package { name: "sysvinit-utils" }
    path $chain = all_shortest $a dependsOn{1,30} $b
  }
  return { min(length($chain)) as steps, count(*) as chains }
}'

ask 'What is best for solving puzzles with the family?' 'query fun() {
  match { $p: Package }
  return { $p.name as package, $p.description as description, bm25($p.description, "puzzle game children") as score }
  order { bm25($p.description, "puzzle game children") desc }
  limit 5
}'

heading 'What if curl needed a cow? A branch costs one small file, whatever the size of the graph.'
run branch create cow --uri "$graph"
printf '{"edge": "DependsOn", "from": "curl", "to": "cowsay", "data": {"alternative": 0}}\n' >"$place/cow.jsonl"
run load --data "$place/cow.jsonl" --mode append --branch cow "$graph"
ask 'The same question, on the branch:' "$needs" --branch cow
heading 'And on main, where nothing happened:'
"$omnigraph" query --store "$graph" -e "$needs"

heading 'What happened, newest first:'
run commit list "$graph" --branch cow

cat <<END

The graph is in $graph
Ask it more:  $omnigraph query --store $graph -e 'query q() { match { \$p: Package { name: "git" } } return { \$p.description } }'
END
