"""Answers to the questions about the package graph, computed with dictionaries and loops, straight from the records.

Nothing here knows the database or its query language: each function states in Python what its namesake among the questions means.
A question is a function of a `Graph` and the parameters; it returns the names of the columns and the rows, in order.
"""

import importlib

MODULES = ("dependencies", "cycles", "maintainers", "degrees", "text", "values", "paths", "combinations")


def answer(graph, file, name, params):
    """The answer to question `name` of `file` (such as `cycles.gq`): `{"columns": […], "rows": [{…}, …]}`."""
    module = file.removesuffix(".gq")
    if module not in MODULES:
        raise LookupError(f"nothing answers the questions of {file}")
    columns, rows = getattr(importlib.import_module(f"{__name__}.{module}"), name)(graph, **params)
    return {"columns": list(columns), "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
