"""Arithmetic, text and tables: what needs no edge."""

import math
import re
from collections import Counter, defaultdict


def absent_first(value):
    return (value is not None, value or "")


def look_up(graph, name):
    columns = ("version", "section", "priority", "homepage")
    return columns, [tuple(graph.packages[name][column] for column in columns)]


def whole_package(graph, name):
    return ("p",), [(graph.whole(name),)]


def largest(graph, section):
    rows = [(name, graph.packages[name]["installed_size"]) for name in graph.section(section)]
    return ("package", "kib"), sorted(rows, key=lambda row: (-row[1], row[0]))[:15]


def swelling(graph, least):
    rows = []
    for name, data in graph.packages.items():
        if data["size"] >= least:
            factor = data["installed_size"] * 1024 / data["size"]
            rows.append((name, math.floor(factor * 100 + 0.5) / 100))
    return ("package", "factor"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def sections(graph):
    groups = defaultdict(list)
    for data in graph.packages.values():
        groups[data["section"]].append(data)
    rows = []
    for section, some in groups.items():
        kib, sizes = sum(data["installed_size"] for data in some), [data["size"] for data in some]
        rows.append((section, len(some), kib, kib / len(some), min(sizes), max(sizes)))
    columns = ("section", "packages", "kib", "mean", "smallest", "largest")
    return columns, sorted(rows, key=lambda row: (-row[2], row[0]))[:12]


def urgent(graph):
    kinds = [(data["section"], data["priority"]) for data in graph.packages.values()]
    counts = Counter(kind for kind in kinds if kind[1] not in ("optional", "extra"))
    return ("section", "priority", "packages"), [(*kind, count) for kind, count in sorted(counts.items())]


def classes(graph):
    counts, kib = Counter(), Counter()
    for data in graph.packages.values():
        size = data["installed_size"]
        name = "small" if size < 100 else "middling" if size < 10000 else "large"
        counts[name] += 1
        kib[name] += size
    return ("class", "packages", "mib"), [(name, count, kib[name] // 1024) for name, count in counts.most_common()]


def page(graph, section, skip, rows):
    names = sorted(graph.section(section))[skip : skip + rows]
    return ("package", "version"), [(name, graph.packages[name]["version"]) for name in names]


def distinct_sections(graph, prefix):
    found = {data["section"] for name, data in graph.packages.items() if name.startswith(prefix)}
    return ("section",), [(section,) for section in sorted(found)]


def hosts(graph):
    pages = [data["homepage"] for data in graph.packages.values() if data["homepage"] is not None]
    pieces = [page.split("/") for page in pages]
    counts = Counter(some[2].lower() if len(some) > 2 else None for some in pieces)
    return ("host", "packages"), sorted(counts.items(), key=lambda row: (-row[1], absent_first(row[0])))[:10]


def homeless(graph):
    packages, pages = Counter(), Counter()
    for data in graph.packages.values():
        packages[data["priority"]] += 1
        pages[data["priority"]] += data["homepage"] is not None
    return ("priority", "packages", "with_homepage"), [(key, packages[key], pages[key]) for key in sorted(packages)]


def epochs(graph, section):
    rows = []
    for name in graph.section(section):
        version = graph.packages[name]["version"]
        if re.search("^[0-9]+:", version):
            pieces = version.split(":")
            rows.append((name, int(pieces[0]), pieces[1]))
    return ("package", "epoch", "version"), sorted(rows)


def names(graph, prefix, most):
    rows = []
    for name in graph.packages:
        if name.startswith(prefix) and len(name) <= len(prefix) + most:
            rows.append((name[len(prefix) :].upper(), len(name)))
    return ("rest", "letters"), sorted(rows, key=lambda row: (row[1], row[0]))


def some_of(graph, names):
    rows = [(name, graph.packages[name]["homepage"]) for name in names if name in graph.packages]
    return ("package", "homepage"), sorted(rows, key=lambda row: (absent_first(row[1]), row[0]))
