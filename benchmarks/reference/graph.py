"""The records of the package graph in dictionaries."""

import json
import subprocess
from collections import defaultdict


class Graph:
    """Packages by name, maintainers by address, and edges in both directions.

    `edges[kind]` lists `(source, target, alternative, constraint)`. `out[kind][node]` and `into[kind][node]` are the sets of
    neighbours; a node without any has none, rather than an empty set of its own.
    """

    def __init__(self, lines):
        self.packages = {}
        self.maintainers = {}
        self.edges = defaultdict(list)
        self.out = defaultdict(lambda: defaultdict(set))
        self.into = defaultdict(lambda: defaultdict(set))
        for line in lines:
            self._add(json.loads(line))

    def _add(self, record):
        data = record["data"]
        if "edge" in record:
            kind, source, target = record["edge"], record["from"], record["to"]
            self.edges[kind].append((source, target, data.get("alternative"), data.get("constraint")))
            self.out[kind][source].add(target)
            self.into[kind][target].add(source)
        elif record["type"] == "Package":
            self.packages[data["name"]] = {"homepage": None} | data
        else:
            self.maintainers[data["email"]] = data

    def targets(self, kind, node):
        """Where edges of `kind` lead from `node`."""
        return self.out[kind].get(node, ())

    def sources(self, kind, node):
        """Where edges of `kind` lead to `node` from."""
        return self.into[kind].get(node, ())

    def either(self, kind, node):
        """The nodes at the other end of edges of `kind` at `node`."""
        return {*self.targets(kind, node), *self.sources(kind, node)}

    def section(self, name):
        """The names of the packages of a section."""
        return [package for package, data in self.packages.items() if data["section"] == name]

    def whole(self, name):
        """A package as a result shows it: its identity and all properties."""
        return {"@id": name} | self.packages[name]


def records(path):
    """The lines of an NDJSON file, which may be compressed with zstd."""
    if not path.endswith(".zst"):
        with open(path, encoding="utf-8") as plain:
            yield from plain
        return
    with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        yield from process.stdout
    if process.returncode:
        raise OSError(f"zstd cannot read {path}")


def distances(start, neighbours):
    """The number of steps from `start` to each node it reaches, itself at 0: breadth first."""
    found, frontier, steps = {start: 0}, [start], 0
    while frontier:
        steps += 1
        reached = []
        for node in frontier:
            for other in neighbours(node):
                if other not in found:
                    found[other] = steps
                    reached.append(other)
        frontier = reached
    return found


def walk(start, neighbours, least, most=None):
    """What a walk of `least` to `most` steps leads to, with the distance: each node once, at its shortest distance.

    The start counts at distance 0 only; a cycle does not lead back to it. A node with an edge to itself is also there one step after it
    was reached, if it is not there already.
    """
    result = {}
    for node, steps in distances(start, neighbours).items():
        admissible = [steps, steps + 1] if node in neighbours(node) else [steps]
        admissible = [number for number in admissible if least <= number and (most is None or number <= most)]
        if admissible:
            result[node] = admissible[0]
    return result
