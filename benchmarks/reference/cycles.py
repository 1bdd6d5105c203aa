"""Packages that need each other, or themselves."""

from .dependencies import NEEDS, needed
from .graph import walk


def mutual(graph):
    pairs = {(one, other) for one, other, _, _ in graph.edges[NEEDS]}
    return ("one", "other"), sorted((a, b) for a, b in pairs if a < b and (b, a) in pairs)


def triangles(graph):
    rows = []
    for a in graph.packages:
        for b in graph.targets(NEEDS, a):
            for c in graph.targets(NEEDS, b):
                if a < b and a < c and b != c and a in graph.targets(NEEDS, c):
                    rows.append((a, b, c))
    return ("first", "second", "third"), sorted(rows)


def needs_itself(graph, section):
    rows = []
    for package in graph.section(section):
        if any(package in needed(graph, other, 1, 3) for other in graph.targets(NEEDS, package)):
            rows.append((package,))
    return ("package",), sorted(rows)


def recommends_itself(graph):
    return ("package",), sorted({(source,) for source, target, _, _ in graph.edges["Recommends"] if source == target})


def around_a_loop(graph, name):
    found = walk(name, lambda node: graph.targets("Recommends", node), 1, 2)
    return ("package",), [(other,) for other in sorted(found)]


def not_round_a_cycle(graph, name):
    return ("found",), [(sum(other == name for other in needed(graph, name, 1)),)]
