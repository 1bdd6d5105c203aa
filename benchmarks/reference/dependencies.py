"""What a package needs, and what needs it."""

from collections import Counter, defaultdict

from .graph import walk

NEEDS = "DependsOn"


def needed(graph, name, least, most=None):
    return walk(name, lambda node: graph.targets(NEEDS, node), least, most)


def needing(graph, name, least, most=None):
    return walk(name, lambda node: graph.sources(NEEDS, node), least, most)


def direct_dependencies(graph, name):
    rows = [(to, constraint, rank) for source, to, rank, constraint in graph.edges[NEEDS] if source == name]
    return ("package", "constraint", "alternative"), sorted(rows, key=lambda row: row[0])


def direct_dependents(graph, name):
    names = sorted(graph.sources(NEEDS, name))
    return ("package", "section"), [(other, graph.packages[other]["section"]) for other in names]


def everything_needed(graph, name):
    return ("package",), [(other,) for other in sorted(needed(graph, name, 1, 30))]


def everything_needed_count(graph, name):
    found = needed(graph, name, 1)
    return ("packages", "kib"), [(len(found), sum(graph.packages[other]["installed_size"] for other in found))]


def with_itself(graph, name):
    return ("package",), [(other,) for other in sorted(needed(graph, name, 0, 2))]


def dependents_within_three(graph, name):
    return ("packages",), [(len(needing(graph, name, 1, 3)),)]


def dependents_by_section(graph, name):
    counts = Counter(graph.packages[other]["section"] for other in needing(graph, name, 1, 10))
    return ("section", "packages"), sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:12]


def exactly_two_away(graph, name):
    return ("package",), [(other,) for other in sorted(needed(graph, name, 2, 2))]


def distances(graph, name):
    return ("steps", "packages"), sorted(Counter(needed(graph, name, 1, 30).values()).items())


def dependents_and_their_needs(graph):
    arriving = Counter(target for _, target, _, _ in graph.edges[NEEDS])
    return ("walks",), [(sum(arriving[source] for source, _, _, _ in graph.edges[NEEDS]),)]


def redundant(graph, section):
    found = defaultdict(set)
    for package in graph.section(section):
        direct = graph.targets(NEEDS, package)
        for via in direct:
            found[package].update(other for other in graph.targets(NEEDS, via) if other in direct)
    rows = [(package, len(others)) for package, others in found.items() if others]
    return ("package", "redundant"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]
