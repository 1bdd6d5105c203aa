"""Omnigraph's command line, as a user types it."""

import json
import subprocess


class Failed(Exception):
    """A command ended with something else than success; holds what it said."""


class Omnigraph:
    def __init__(self, binary):
        self.binary = binary

    def run(self, *arguments):
        """What a command prints.

        Raises `Failed` with its messages if it fails.
        """
        command = [self.binary, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            raise Failed(f"{command[1]} failed with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def create(self, graph, schema, data):
        """A new graph with these records in one commit."""
        self.run("init", "--schema", schema, graph)
        self.run("load", "--data", data, "--mode", "overwrite", graph)

    def query(self, graph, file, name, params):
        """`{"columns": […], "rows": [{…}, …]}`"""
        given = json.dumps(params, ensure_ascii=False)
        printed = self.run("query", name, "--query", file, "--params", given, "--store", graph, "--json")
        answer = json.loads(printed)
        return {"columns": answer.get("columns", []), "rows": answer["rows"]}
