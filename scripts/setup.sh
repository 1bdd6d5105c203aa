#!/usr/bin/env bash
# Installs missing tools: a C compiler and make, protoc with its include files, and the Python packages for virtual environments,
# which the tests use. Prints nothing if all of them are installed.
#
#   scripts/setup.sh          tools of the build
#   scripts/setup.sh tests    also tools of the tests
set -euo pipefail

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

has_compiler() { command -v cc >/dev/null 2>&1 && command -v make >/dev/null 2>&1; }
# protoc alone is not enough: the well-known .proto files are a package of their own on Debian.
has_protoc() {
    command -v "${PROTOC:-protoc}" >/dev/null 2>&1 || return 1
    local scratch probe=0
    scratch=$(mktemp -d)
    printf 'syntax = "proto3";\nimport "google/protobuf/timestamp.proto";\nmessage M { google.protobuf.Timestamp at = 1; }\n' \
        >"$scratch/probe.proto"
    "${PROTOC:-protoc}" --proto_path="$scratch" ${PROTOC_INCLUDE:+--proto_path="$PROTOC_INCLUDE"} \
        --descriptor_set_out=/dev/null "$scratch/probe.proto" >/dev/null 2>&1 || probe=1
    rm -rf "$scratch"
    return $probe
}
# `import venv` succeeds on a Debian that cannot make one: ensurepip is what its package split leaves out.
has_venv() { python3 -c 'import venv, ensurepip' >/dev/null 2>&1; }

# Prints nothing for root, and `sudo` for a user who can become root.
becoming_root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    elif command -v sudo >/dev/null 2>&1; then
        echo sudo
    else
        fail "installing $* needs root, and there is no sudo" "as root: apt-get update && apt-get install -y $*"
    fi
}

apt_install() {
    local log root
    root=$(becoming_root "$@") || exit 1
    log=$(mktemp)
    local apt=($root env DEBIAN_FRONTEND=noninteractive apt-get)
    local install=("${apt[@]}" install -y --no-install-recommends "$@")
    # The lists of a fresh image are empty, those of an old machine stale: fetch them only when the packages are not to be had.
    if "${install[@]}" >"$log" 2>&1 </dev/null ||
        { "${apt[@]}" update >>"$log" 2>&1 </dev/null && "${install[@]}" >>"$log" 2>&1 </dev/null; }; then
        rm -f "$log"
        return 0
    fi
    tail -n 15 "$log" >&2
    rm -f "$log"
    return 1
}

install_packages() {
    if command -v apt-get >/dev/null 2>&1; then
        local packages=()
        for name in "$@"; do
            case $name in
                compiler) packages+=(build-essential) ;;
                protoc) packages+=(protobuf-compiler libprotobuf-dev) ;;
                venv) packages+=(python3 python3-venv) ;;
            esac
        done
        echo "setup: installing ${packages[*]}"
        apt_install "${packages[@]}" || fail "could not install ${packages[*]}" "install them by hand, then run again"
    elif command -v brew >/dev/null 2>&1; then
        local packages=()
        for name in "$@"; do
            case $name in
                compiler) fail "there is no C compiler or make: run xcode-select --install" ;;
                protoc) packages+=(protobuf) ;;
                venv) packages+=(python3) ;;
            esac
        done
        echo "setup: installing ${packages[*]}"
        brew install --quiet "${packages[@]}" || fail "could not install ${packages[*]}" "install them by hand, then run again"
    else
        fail "missing: $*, and neither apt-get nor brew is here to install it" \
            "needed: a C compiler, make, protoc with google/protobuf/*.proto, and python3 with venv for the tests"
    fi
}

main() {
    command -v cargo >/dev/null 2>&1 || fail "there is no cargo: install Rust from https://rustup.rs and open a new shell"
    local missing=()
    has_compiler || missing+=(compiler)
    has_protoc || missing+=(protoc)
    if [ "${1:-build}" = tests ]; then
        has_venv || missing+=(venv)
    fi
    [ ${#missing[@]} -gt 0 ] || return 0
    install_packages "${missing[@]}"

    for name in "${missing[@]}"; do
        "has_$name" || fail "$name was installed and still does not work" "see what 'protoc --version' and 'python3 -m venv' say"
    done
}

main "$@"
