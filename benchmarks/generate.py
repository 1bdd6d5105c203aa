#!/usr/bin/env python3
"""Writes the synthetic graph: the same for the same numbers and seed, whatever the form.

generate.py --form ndjson            records for a load, to stdout, nodes before edges; nothing is held in memory
generate.py --form csv <folder>      point.csv and link.csv, with numbers for names

Sources are spread evenly. Targets are not: the share of the edges that lead to the first x of n points is the cube root of x/n, so that
a few points are hubs and most are hardly linked to. Point i is of cohort i modulo 1000.
"""

import argparse
import random
import sys
from pathlib import Path

COHORTS, MOST_WEIGHT, LINES = 1000, 100, 10_000


def links(nodes, edges, seed):
    """`(source, target, weight)` of each edge."""
    uniform = random.Random(seed).random
    for _ in range(edges):
        yield int(nodes * uniform()), int(nodes * uniform() ** 3), int(MOST_WEIGHT * uniform())


def write(file, lines):
    """Lines, many at a time."""
    block = []
    for line in lines:
        block.append(line)
        if len(block) == LINES:
            file.write("".join(block))
            block.clear()
    file.write("".join(block))


def ndjson(arguments):
    write(
        sys.stdout,
        (f'{{"type":"Point","data":{{"name":"p{point}","cohort":{point % COHORTS}}}}}\n' for point in range(arguments.nodes)),
    )
    write(
        sys.stdout,
        (
            f'{{"edge":"Link","from":"p{source}","to":"p{target}","data":{{"weight":{weight}}}}}\n'
            for source, target, weight in links(arguments.nodes, arguments.edges, arguments.seed)
        ),
    )


def csv(arguments):
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "point.csv").open("w", encoding="ascii") as file:
        file.write("number,cohort\n")
        write(file, (f"{point},{point % COHORTS}\n" for point in range(arguments.nodes)))
    with (folder / "link.csv").open("w", encoding="ascii") as file:
        file.write("source,target,weight\n")
        write(file, (f"{source},{target},{weight}\n" for source, target, weight in links(arguments.nodes, arguments.edges, arguments.seed)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=("ndjson", "csv"), required=True)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder", nargs="?", help="where the CSV files go")
    arguments = parser.parse_args()
    if arguments.form == "csv" and not arguments.folder:
        parser.error("CSV files need a folder")
    (ndjson if arguments.form == "ndjson" else csv)(arguments)


if __name__ == "__main__":
    main()
