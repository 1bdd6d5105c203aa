#!/usr/bin/env python3
"""compare.py <questions> <engine>=<results> …: first whether all engines answer the same, then how long each took.

The results are JSON lines as README.md describes them. The first engine is ours: its ratio to the fastest other is the last column.
Fails if answers differ or an engine failed; such a question has no times.
"""

import json
import sys
from pathlib import Path

from answers import same
from manifest import questions


def main():
    asked, engines = sys.argv[1], {}
    for argument in sys.argv[2:]:
        engine, path = argument.split("=", 1)
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        engines[engine] = {result["name"]: result for result in map(json.loads, lines)}
    names = [question["name"] for question in questions(asked)]
    agreeing = [name for name in names if agree(name, engines)]
    for kind, key in (("warm", "median_ms"), ("cold", "cold_ms")):
        table(kind, key, agreeing, engines)
    return 0 if agreeing == names else 1


def agree(name, engines):
    """Whether the answers that there are to a question are the same; prints what they are if not, and what failed."""
    results = [(engine, found[name]) for engine, found in engines.items() if name in found]
    failures = [(engine, result["error"]) for engine, result in results if "error" in result]
    answers = [(engine, result["answer"]) for engine, result in results if result.get("answer") is not None]
    different = [pair for pair in answers[1:] if not same(answers[0][1], pair[1])]
    for engine, error in failures:
        print(f"{name}: {engine} fails: {error}")
    for engine, answer in [answers[0], *different] if different else []:
        print(f"{name}: {engine} answers {json.dumps(answer, ensure_ascii=False)[:400]}")
    if not failures and not different:
        print(f"{name}: {f'the same answer from {len(answers)}' if len(answers) > 1 else 'no two answers to compare'}")
    return not failures and not different


def table(kind, key, names, engines):
    """Times in milliseconds, and the ratio of the first engine to the fastest other."""
    print(f"\n{kind + ', median ms':24}" + "".join(f"{engine:>12}" for engine in engines) + f"{'ratio':>10}")
    for name in names:
        times = [results.get(name, {}).get(key) for results in engines.values()]
        others = [time for time in times[1:] if time is not None]
        ratio = f"{times[0] / min(others):9.2f}x" if times[0] is not None and others else f"{'-':>10}"
        print(f"{name:24}" + "".join(f"{'-' if time is None else format(time, '.2f'):>12}" for time in times) + ratio)


if __name__ == "__main__":
    sys.exit(main())
