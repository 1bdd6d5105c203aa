"""Hubs, leaves and what lies between."""

from collections import Counter

from .dependencies import NEEDS

KINDS = ("DependsOn", "Recommends", "Suggests")


def most_needed(graph):
    rows = [(package, len(graph.sources(NEEDS, package))) for package in graph.packages]
    return ("package", "dependents"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def degree_distribution(graph):
    counts = Counter(len(graph.targets(NEEDS, package)) for package in graph.packages)
    return ("needs", "packages"), sorted(counts.items())


def busiest_by_all_edges(graph):
    rows = []
    for package in graph.packages:
        neighbours = set().union(*(graph.either(kind, package) for kind in KINDS))
        rows.append((package, len(neighbours)))
    return ("package", "neighbours"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def leaves(graph):
    return ("packages",), [(sum(not graph.targets(NEEDS, package) for package in graph.packages),)]


def unwanted(graph):
    counts = Counter()
    for package, data in graph.packages.items():
        if not any(graph.sources(kind, package) for kind in KINDS):
            counts[data["section"]] += 1
    return ("section", "packages"), sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:10]


def hubs(graph, least):
    rows = []
    for package in graph.packages:
        dependents = len(graph.sources(NEEDS, package))
        if dependents >= least:
            rows.append((package, dependents, len(graph.targets(NEEDS, package))))
    return ("package", "dependents", "needs"), sorted(rows, key=lambda row: (-row[1], row[0]))


def heaviest_needs(graph):
    rows = []
    for package in graph.packages:
        sizes = [graph.packages[other]["installed_size"] for other in graph.targets(NEEDS, package)]
        if sizes:
            rows.append((package, sum(sizes)))
    return ("package", "kib"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def kinds_of_edges(graph, name):
    counts = {kind: sum(edge[0] == name for edge in graph.edges[kind]) for kind in KINDS}
    return ("kind", "edges"), [(kind, count) for kind, count in sorted(counts.items()) if count]
