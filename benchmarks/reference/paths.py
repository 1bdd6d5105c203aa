"""How one package comes to need another."""

import heapq

from .dependencies import NEEDS, needed, needing
from .graph import distances

BOUND = 30


def shortest(graph, start, end, bound):
    """The shortest chain, the least by the names on it, or `None`: greedy steps, each to the least name that is nearer to the end."""
    left = needing(graph, end, 0)
    if left.get(start, bound + 1) > bound:
        return None
    chain = [start]
    while chain[-1] != end:
        nearer = left[chain[-1]] - 1
        chain.append(min(other for other in graph.targets(NEEDS, chain[-1]) if left.get(other) == nearer))
    return chain


def why(graph, **ends):
    chain = shortest(graph, ends["from"], ends["to"], BOUND)
    return ("steps", "packages"), [(len(chain) - 1, [graph.whole(name) for name in chain])]


def ways(graph, **ends):
    far = distances(ends["from"], lambda node: graph.targets(NEEDS, node))
    chains = {ends["from"]: 1}
    for node in sorted(far, key=far.get):
        for other in graph.targets(NEEDS, node):
            if far[other] == far[node] + 1:
                chains[other] = chains.get(other, 0) + chains[node]
    return ("steps", "chains"), [(far[ends["to"]], chains[ends["to"]])]


def steps(graph, **ends):
    return ("steps",), [(needed(graph, ends["from"], 1, BOUND)[ends["to"]],)]


def too_far(graph, **ends):
    chain = shortest(graph, ends["from"], ends["to"], 3)
    return ("steps",), [(len(chain) - 1,)] if chain else []


def first_choices_only(graph, **ends):
    costs = {}
    for source, target, alternative, _ in graph.edges[NEEDS]:
        costs.setdefault(source, []).append((target, alternative * 5 + 1))
    done, queue = {}, [(0, 0, ends["from"])]
    while queue:
        cost, length, node = heapq.heappop(queue)
        if node not in done:
            done[node] = (length, cost)
            for other, price in costs.get(node, ()):
                heapq.heappush(queue, (cost + price, length + 1, other))
    length, cost = done[ends["to"]]
    return ("steps", "cost"), [(length, float(cost))]
