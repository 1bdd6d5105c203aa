#!/usr/bin/env python3
"""Asks Omnigraph the questions about the package graph and compares with answers that no database computed.

check.py --omnigraph target/debug/omnigraph            load the graph into a temporary folder, ask everything
check.py --omnigraph … --graph debian.omni cycles      ask a graph that is loaded already; only questions and files named so
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from answers import difference
from cli import Failed, Omnigraph
from manifest import DEBIAN, QUESTIONS, questions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omnigraph", required=True, help="the program")
    parser.add_argument("--graph", help="a graph that holds the records already")
    parser.add_argument("--full", action="store_true", help="print each answer that differs in full")
    parser.add_argument("only", nargs="*", help="names of questions, or of files without their ending")
    arguments = parser.parse_args()
    chosen = [question for question in questions(QUESTIONS) if wanted(question, arguments.only)]
    if not chosen:
        parser.error(f"no question or file is named so: {' '.join(arguments.only)}")
    omnigraph = Omnigraph(arguments.omnigraph)
    with tempfile.TemporaryDirectory(prefix="omnigraph-check-") as folder:
        graph = arguments.graph or load(omnigraph, Path(folder) / "debian.omni")
        wrong = sum(not ask(omnigraph, graph, question, arguments.full) for question in chosen)
    print(f"\n{len(chosen) - wrong} of {len(chosen)} as expected")
    return 1 if wrong else 0


def wanted(question, only):
    return not only or question["name"] in only or question["file"].removesuffix(".gq") in only


def load(omnigraph, graph):
    started = time.monotonic()
    omnigraph.create(graph, DEBIAN / "debian.pg", DEBIAN / "debian.jsonl.zst")
    print(f"loaded in {time.monotonic() - started:.1f} s\n")
    return graph


def ask(omnigraph, graph, question, full):
    """Prints a line of the table; whether the answer is as expected."""
    name = question["name"]
    expected = json.loads((QUESTIONS / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    started, found = time.monotonic(), None
    try:
        found = omnigraph.query(graph, QUESTIONS / question["file"], question["query"], question["params"])
        problem = difference(expected, found)
    except Failed as failure:
        problem = str(failure)
    seconds = time.monotonic() - started
    verdict = "ok" if problem is None else "differs" if found else "fails"
    print(f"{verdict:8} {name:28} {expected['row_count']:>6} rows {seconds:7.2f} s  {problem or ''}".rstrip(), flush=True)
    if full and problem and found:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    return problem is None


if __name__ == "__main__":
    sys.exit(main())
