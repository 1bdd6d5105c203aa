"""One class for each other database, all with the same methods."""

import importlib
from decimal import Decimal
from pathlib import Path


class DuckDB:
    """A database file with tables; the edges are tables as well."""

    name, language = "duckdb", "sql"

    @staticmethod
    def library():
        """The module, imported by whoever takes the time before the clock starts."""
        return importlib.import_module("duckdb")

    def __init__(self, folder):
        library = self.library()
        self.version = f"duckdb {library.__version__}"
        self.connection = library.connect(str(Path(folder) / "duckdb.db"))

    def run(self, text, params=None):
        """The rows of a statement, each a list; none if it returns nothing."""
        return plain(self.connection.execute(text, params or {}).fetchall())


class Ladybug:
    """A property graph in a file. Where it cannot be had, its predecessor, which has the same interface."""

    name, language = "ladybug", "cypher"

    @staticmethod
    def library():
        """The module, imported by whoever takes the time before the clock starts."""
        try:
            return importlib.import_module("ladybug")
        except ImportError:
            return importlib.import_module("kuzu")

    def __init__(self, folder):
        library = self.library()
        self.version = f"{library.__name__} {library.__version__}"
        self.connection = library.Connection(library.Database(str(Path(folder) / "ladybug.db")))

    def run(self, text, params=None):
        """The rows of a statement, each a list; none if it returns nothing."""
        return plain(self.connection.execute(text, params or {}).get_all())


ENGINES = {engine.name: engine for engine in (DuckDB, Ladybug)}


def plain(rows):
    """Rows as JSON knows them: wide integers come as decimals."""
    return [[int(value) if isinstance(value, Decimal) and value == int(value) else value for value in row] for row in rows]


def statements(path):
    """The statements of a file, comments left out. They end in a semicolon at the end of a line."""
    lines = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if not line.startswith(("--", "//"))]
    return [text.strip() for text in "\n".join([*lines, ""]).split(";\n") if text.strip()]


def named_statements(path):
    """`{name: statement}` of a file in which a comment `name: …` begins each."""
    found, name = {}, None
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        marker = line.lstrip("-/ ")
        if line.startswith(("--", "//")):
            name = marker.removeprefix("name: ") if marker.startswith("name: ") else name
        elif line.strip() and name:
            found[name] = f"{found.get(name, '')}\n{line}".strip()
    return {name: text.removesuffix(";") for name, text in found.items()}
