# All commands of this repository. CI runs only `make` targets.
#
#   make demo     build, load the package graph of Debian, run queries
#   make test     every check and every test
#   make bench    benchmarks, in release
#   make deny     licenses, sources and bans of dependencies
#   make fuzz     mutated schemas and queries against the compiler, for a minute
#   make nightly  a million random operations compared with the reference evaluator, with a new seed each night
#   make lint     fmt check, clippy, repository lints, commit subjects      make fmt     format
#
# Building different sets of crates unifies features differently and compiles the large dependencies again, so every target builds
# the whole workspace, with one profile.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo test lint fmt fmt-check clippy tidy deny docs bench fuzz nightly clean

# rustup's cargo may be missing on the PATH of this shell.
export PATH := $(HOME)/.cargo/bin:$(PATH)
# Outside the tree, so that several clones share what they build and a tool that watches the tree stays quiet.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/omnigraph-target

CARGO_FLAGS := --workspace --locked

help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile

setup:
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh tests

demo: setup
	@echo "building (the first time takes a while: the storage and query engines are compiled from source)"
	@cargo build $(CARGO_FLAGS) --bins
	@scripts/demo.sh "$(CARGO_TARGET_DIR)"

# Unit, integration and doc tests of every crate. Clippy compiles benches and examples; the tests of the engine run the examples.
test: setup-tests lint
	@python=$$(scripts/s3-venv.sh "$(CARGO_TARGET_DIR)/s3-venv"); \
	export OMNIGRAPH_TEST_S3_PYTHON="$$python"; \
	reader=$$(scripts/reader-venv.sh "$(CARGO_TARGET_DIR)/reader-venv"); \
	export OMNIGRAPH_TEST_READER_PYTHON="$$reader"; \
	cargo test $(CARGO_FLAGS) --lib --bins --tests --no-fail-fast
	@cargo test $(CARGO_FLAGS) --doc
	@echo "make test: everything passed"

lint: setup fmt-check clippy tidy

fmt:
	@cargo fmt --all

fmt-check:
	@cargo fmt --all -- --check

clippy:
	@cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

tidy:
	@cargo run --quiet --locked -p xtask -- tidy
	@cargo run --quiet --locked -p xtask -- commits

# Licenses, sources and bans of dependencies. The first run installs cargo-deny.
deny: setup
	@scripts/deny.sh

docs:
	@RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps --lib

# Another seed each time. `cargo test` runs the same for two seconds with a fixed one.
fuzz:
	@OMNIGRAPH_FUZZ_SECONDS=$${OMNIGRAPH_FUZZ_SECONDS:-60} OMNIGRAPH_FUZZ_SEED=$${OMNIGRAPH_FUZZ_SEED:-$$(date +%s)} \
	cargo test --locked --release -p omnigraph-compiler --test it -- --nocapture fuzz::mutated

# Prints its first seed. OMNIGRAPH_RANDOM_SEED repeats a night, or one workload with OMNIGRAPH_RANDOM_OPERATIONS=1.
nightly: setup
	@OMNIGRAPH_RANDOM_OPERATIONS=$${OMNIGRAPH_RANDOM_OPERATIONS:-1000000} OMNIGRAPH_RANDOM_SEED=$${OMNIGRAPH_RANDOM_SEED:-$$(date +%s)} \
	cargo test $(CARGO_FLAGS) --test it -- --nocapture random_mutations::

bench: setup
	@cargo bench $(CARGO_FLAGS)

clean:
	@cargo clean
