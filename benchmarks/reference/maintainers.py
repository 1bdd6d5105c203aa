"""Who looks after what."""

from collections import Counter, defaultdict

from .dependencies import NEEDS


def keeper(graph, package):
    """The maintainers of a package."""
    return graph.sources("Maintains", package)


def same_hands(graph, name):
    rows = []
    for maintainer in keeper(graph, name):
        kept = graph.targets("Maintains", maintainer)
        rows += [(maintainer, other) for other in graph.targets(NEEDS, name) if other in kept]
    return ("maintainer", "package"), sorted(rows, key=lambda row: (row[1], row[0]))


def busiest(graph):
    rows = []
    for email, packages in graph.out["Maintains"].items():
        size = sum(graph.packages[package]["size"] for package in packages)
        rows.append((email, graph.maintainers[email]["name"], len(packages), size))
    return ("maintainer", "name", "packages", "bytes"), sorted(rows, key=lambda row: (-row[2], row[0]))[:10]


def versatile(graph, least):
    rows = []
    for email, packages in graph.out["Maintains"].items():
        sections = {graph.packages[package]["section"] for package in packages}
        if len(sections) >= least:
            rows.append((email, len(sections)))
    return ("maintainer", "sections"), sorted(rows, key=lambda row: (-row[1], row[0]))


def relies_on(graph, email):
    needing, needed = defaultdict(set), defaultdict(set)
    for package in graph.targets("Maintains", email):
        for other in graph.sources(NEEDS, package):
            for maintainer in keeper(graph, other):
                if maintainer != email:
                    needing[maintainer].add(other)
                    needed[maintainer].add(package)
    rows = [(maintainer, len(needing[maintainer]), len(needed[maintainer])) for maintainer in needing]
    return ("maintainer", "packages", "needed"), sorted(rows, key=lambda row: (-row[1], row[0]))[:10]


def namesakes(graph):
    emails = defaultdict(list)
    for email, maintainer in graph.maintainers.items():
        emails[maintainer["name"]].append(email)
    rows = [(name, len(some), sorted(some)) for name, some in emails.items() if len(some) >= 3]
    return ("name", "addresses", "emails"), sorted(rows, key=lambda row: (-row[1], row[0]))


def domains(graph):
    counts = Counter()
    for email in graph.maintainers:
        pieces = email.split("@")
        counts[pieces[1] if len(pieces) > 1 else None] += 1
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0] is not None, row[0] or ""))
    return ("domain", "maintainers"), rows[:10]


def portfolio(graph, email):
    names = defaultdict(list)
    for package in graph.targets("Maintains", email):
        names[graph.packages[package]["section"]].append(package)
    return ("section", "packages", "names"), [(key, len(some), sorted(some)) for key, some in sorted(names.items())]
