"""Answers as text, and whether two are the same.

An answer is `{"columns": […], "rows": [{…}, …]}`. A long one is filed as the number of its rows and a SHA-256 of them.
"""

import hashlib
import json
import math

# More than this and only the number of rows and their digest are kept.
MOST_BYTES = 16_384
# Sums of floats depend on the order of the summands.
TOLERANCE = 1e-9


def line(row):
    """A row as canonical JSON: keys in order of code points, no blanks, letters as they are."""
    return json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(rows):
    """SHA-256 over the canonical lines of the rows, each with its line feed."""
    return hashlib.sha256("".join(f"{line(row)}\n" for row in rows).encode()).hexdigest()


def filed(answer):
    """An answer as the text of a file, a row to a line."""
    columns, rows = json.dumps(answer["columns"]), [json.dumps(row, ensure_ascii=False) for row in answer["rows"]]
    head = f'{{\n  "columns": {columns},\n  "row_count": {len(rows)},\n'
    if sum(map(len, rows)) > MOST_BYTES:
        return f'{head}  "sha256": "{digest(answer["rows"])}"\n}}\n'
    if not rows:
        return f'{head}  "rows": []\n}}\n'
    body = ",\n    ".join(rows)
    return f'{head}  "rows": [\n    {body}\n  ]\n}}\n'


def difference(expected, found):
    """What is wrong with an answer, in a few words; `None` if nothing is."""
    if expected["columns"] != found["columns"]:
        return f"columns {found['columns']}, expected {expected['columns']}"
    rows = found["rows"]
    if expected["row_count"] != len(rows):
        return f"{len(rows)} rows, expected {expected['row_count']}"
    if "sha256" in expected:
        return None if digest(rows) == expected["sha256"] else "the rows have another digest"
    for number, (wanted, row) in enumerate(zip(expected["rows"], rows, strict=True), start=1):
        if not same(wanted, row):
            return f"row {number} is {line(row)[:200]}, expected {line(wanted)[:200]}"
    return None


def same(one, other):
    """Equality, floats within a tolerance. A float is never an integer: the format tells them apart."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=TOLERANCE)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other
