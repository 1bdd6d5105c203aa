#!/usr/bin/env python3
"""split.py <records> <folder>: records of a graph into one NDJSON file for each type, as other databases load them."""

import contextlib
import json
import sys
from pathlib import Path

from reference.graph import records


def main():
    source, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    with contextlib.ExitStack() as stack:
        for line in records(source):
            record = json.loads(line)
            kind = record.get("edge") or record["type"]
            if kind not in files:
                files[kind] = stack.enter_context((folder / f"{kind}.json").open("w", encoding="utf-8"))
            ends = {end: record[end] for end in ("from", "to") if end in record}
            print(json.dumps(ends | record["data"], ensure_ascii=False), file=files[kind])


if __name__ == "__main__":
    main()
