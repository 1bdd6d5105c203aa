"""Several kinds of edges, conditions on edges, blocks, optional parts and unions."""

from collections import Counter, defaultdict

from .degrees import KINDS
from .dependencies import NEEDS, needed
from .graph import walk
from .values import absent_first


def outwards(graph, *kinds):
    """The neighbours of a node over edges of any of these kinds, in their direction."""
    return lambda node: set().union(*(graph.targets(kind, node) for kind in kinds))


def listed(names):
    return ("package",), [(name,) for name in sorted(names)]


def with_recommendations(graph, name):
    found = walk(name, outwards(graph, NEEDS, "Recommends"), 1, 2)
    counts = Counter(graph.packages[other]["section"] for other in found)
    return ("section", "packages"), sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def pairs_and_edges(graph, section):
    packages = set(graph.section(section))
    edges = [edge[:2] for kind in KINDS for edge in graph.edges[kind] if edge[0] in packages]
    return ("rows",), sorted([(len(set(edges)),), (len(edges),)])


def neighbours(graph, name):
    return listed(graph.either(NEEDS, name) | graph.either("Recommends", name))


def neighbourhood(graph, name):
    found = walk(name, lambda node: graph.either("Recommends", node), 1, 3)
    return ("steps", "packages"), sorted(Counter(found.values()).items())


def first_choices(graph, name):
    first = defaultdict(set)
    for source, target, alternative, _ in graph.edges[NEEDS]:
        if alternative == 0:
            first[source].add(target)
    return ("packages",), [(len(walk(name, lambda node: first.get(node, ()), 1, 30)),)]


def second_choices(graph, name):
    return listed(edge[1] for edge in graph.edges["Recommends"] if edge[0] == name and edge[2] == 1)


def most_alternatives(graph):
    most = {}
    for source, _, alternative, _ in graph.edges[NEEDS]:
        most[source] = max(alternative, most.get(source, alternative))
    return ("package", "alternatives"), sorted(most.items(), key=lambda row: (-row[1], row[0]))[:10]


def pinned(graph):
    counts = Counter()
    for source, _, _, constraint in graph.edges[NEEDS]:
        if constraint is not None and constraint.startswith("= "):
            counts[graph.packages[source]["section"]] += 1
    return ("section", "pinned"), sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:10]


def unconstrained(graph, name):
    return listed(edge[1] for edge in graph.edges[NEEDS] if edge[0] == name and edge[3] is None)


def self_contained(graph, section):
    inside = set(graph.section(section))
    return listed(name for name in inside if graph.targets(NEEDS, name) and inside.issuperset(graph.targets(NEEDS, name)))


def documented(graph, section):
    near = outwards(graph, "Recommends", "Suggests")
    docs = set(graph.section("doc"))
    return listed(name for name in graph.section(section) if not docs.isdisjoint(near(name)))


def perhaps(graph, email):
    rows = []
    for package in graph.targets("Maintains", email):
        rows += [(package, other) for other in graph.targets("Recommends", package) or (None,)]
    return ("package", "recommended"), sorted(rows, key=lambda row: (absent_first(row[1]), row[0]))


def either(graph, needs, recommends):
    names = {*graph.sources(NEEDS, needs), *graph.sources("Recommends", recommends)}
    return ("package", "section"), [(name, graph.packages[name]["section"]) for name in sorted(names)]


def shared_needs(graph, one, other):
    shared = needed(graph, one, 1, 30).keys() & needed(graph, other, 1, 30).keys()
    return ("shared", "first", "last"), [(len(shared), min(shared, default=None), max(shared, default=None))]
