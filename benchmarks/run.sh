#!/usr/bin/env bash
# Loads the same graph into Omnigraph and into other databases, asks all the same questions, compares the answers, then the times.
#
#   benchmarks/run.sh                    the package graph of Debian
#   benchmarks/run.sh --synthetic        a million nodes and ten million edges as well
#   benchmarks/run.sh --peers-only       the other databases alone; builds nothing
#
# Everything that is made lies in $CARGO_TARGET_DIR. Make the machine idle first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/omnigraph-target}
export PATH="$HOME/.cargo/bin:$PATH"
readonly place=$CARGO_TARGET_DIR/bench
readonly venv=$CARGO_TARGET_DIR/bench-venv
readonly engines=(duckdb ladybug)
readonly versions=(duckdb==2.0.0 ladybug==0.22.0)
# What ladybug continues: asked instead where ladybug cannot be had.
readonly predecessor=kuzu==0.11.3

peers_only='' synthetic=''
for argument in "$@"; do
    case $argument in
        --peers-only) peers_only=yes ;;
        --synthetic) synthetic=yes ;;
        *)
            sed -n '4,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
            exit 2
            ;;
    esac
done

install() {
    local stamp=$venv/installed
    [ "$(cat "$stamp" 2>/dev/null)" = "${versions[*]}" ] && return
    echo "installing ${versions[*]} into $venv" >&2
    python3 -m venv --clear "$venv"
    local pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
    "${pip[@]}" "${versions[@]}" || "${pip[@]}" "${versions[0]}" "$predecessor"
    printf '%s\n' "${versions[*]}" >"$stamp"
}

# peers <questions>: their results, from files in the folder of the graph.
peers() {
    local engine folder=$place/$1
    for engine in "${engines[@]}"; do
        (cd benchmarks && "$venv/bin/python" -m peers load "$engine" "$1" "$folder") >&2
        echo "asking $engine" >&2
        (cd benchmarks && "$venv/bin/python" -m peers warm "$engine" "$1" "$folder") >"$folder/$engine.jsonl"
    done
}

# ours <questions> <schema> <file>...: our results, from these files.
ours() {
    local questions=$1 schema=$2 folder=$place/$1 omnigraph=$CARGO_TARGET_DIR/release/omnigraph begun
    shift 2
    rm -rf "$folder/omnigraph"
    "$omnigraph" init --schema "$schema" "$folder/omnigraph" >&2
    begun=$(date +%s%N)
    "$omnigraph" load "${@/#/--data=}" --mode overwrite "$folder/omnigraph" >&2
    printf '{"engine": "omnigraph", "load_s": %.2f}\n' "$((($(date +%s%N) - begun) / 10000000))e-2" >&2
    # A bench runs in the folder of its crate, so every path is absolute.
    cargo bench --quiet --workspace --locked --bench questions -- \
        --graph "$folder/omnigraph" --questions "$PWD/benchmarks/$questions" --json >"$folder/omnigraph.jsonl"
}

# report <questions>
report() {
    local engine results=()
    [ "$peers_only" ] || results+=("omnigraph=$place/$1/omnigraph.jsonl")
    for engine in "${engines[@]}"; do
        results+=("$engine=$place/$1/$engine.jsonl")
    done
    printf '\n== %s, load of the machine %s\n\n' "$1" "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)"
    python3 benchmarks/compare.py "benchmarks/$1" "${results[@]}"
}

install
mkdir -p "$place"
[ "$peers_only" ] || cargo build --workspace --locked --release --bins

python3 benchmarks/split.py examples/debian/debian.jsonl.zst "$place/debian"
peers debian
[ "$peers_only" ] || ours debian examples/debian/debian.pg examples/debian/debian.jsonl.zst
status=0
report debian || status=$?

if [ "$synthetic" ]; then
    python3 benchmarks/generate.py --form csv "$place/synthetic"
    peers synthetic
    # Written by the load of DuckDB.
    [ "$peers_only" ] || ours synthetic benchmarks/synthetic/synthetic.pg "$place/synthetic/"{Point,Link}.parquet
    report synthetic || status=$?
fi
exit "$status"
