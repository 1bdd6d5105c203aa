#!/usr/bin/env python3
"""Computes the answers to the questions about the package graph without any database, and files them beside the questions.

expected.py            writes what differs
expected.py --check    writes nothing; fails if a filed answer is not what is computed now
"""

import argparse
import json
import sys

from answers import filed
from manifest import DEBIAN, QUESTIONS, questions
from reference import answer
from reference.graph import Graph, records

EXPECTED = QUESTIONS / "expected"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--data", default=str(DEBIAN / "debian.jsonl.zst"), help="the records")
    arguments = parser.parse_args()
    graph = Graph(records(arguments.data))
    stale = []
    for question in questions(QUESTIONS):
        path = EXPECTED / f"{question['name']}.json"
        text = filed(answer(graph, question["file"], question["query"], question["params"]))
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(question["name"])
        if not arguments.check:
            EXPECTED.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    known = {f"{question['name']}.json" for question in questions(QUESTIONS)}
    stale += sorted(path.name for path in EXPECTED.glob("*.json") if path.name not in known)
    print(json.dumps({"differ": stale}))
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
