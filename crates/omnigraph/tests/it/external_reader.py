"""Reads and changes Lance datasets by path with pylance and LanceDB: one JSON request per line in, one JSON response per line out."""

import json
import sys
from datetime import timedelta

import lance


def open_dataset(request):
    """Opens the latest version, or the given one."""
    return lance.dataset(request["uri"], version=request.get("version"), storage_options=request.get("storage_options"))


def as_text(table):
    """Returns rows as JSON text in an order that does not depend on theirs."""
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in table.to_pylist())


def describe(request):
    dataset = open_dataset(request)
    dataset.validate()
    return {
        "version": dataset.version,
        "row_count": dataset.count_rows(),
        "fragments": sorted(fragment.fragment_id for fragment in dataset.get_fragments()),
        "metadata": dataset.metadata,
        "has_stable_row_ids": dataset.has_stable_row_ids,
    }


def count_rows(request):
    return open_dataset(request).count_rows(request.get("filter"))


def rows(request):
    dataset = open_dataset(request)
    found = as_text(dataset.to_table())
    assert dataset.count_rows() == len(found), request
    return found


def lancedb_rows(request):
    """Opens a table by name with LanceDB."""
    import lancedb

    return as_text(lancedb.connect(request["uri"]).open_table(request["table"]).to_arrow())


def append(request):
    """Appends a copy of the first row."""
    dataset = open_dataset(request)
    lance.write_dataset(dataset.to_table().slice(0, 1), dataset.uri, mode="append")


def delete(request):
    open_dataset(request).delete(request["filter"])


def compact(request):
    open_dataset(request).optimize.compact_files(**request.get("options", {}))


def cleanup(request):
    """Deletes every version but the latest, and every file that it does not need."""
    open_dataset(request).cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)


def restore(request):
    open_dataset(request).restore()


OPERATIONS = {
    operation.__name__: operation
    for operation in (describe, count_rows, rows, lancedb_rows, append, delete, compact, cleanup, restore)
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        response = {"ok": OPERATIONS[request["operation"]](request)}
    except Exception as error:  # pylint: disable=broad-except
        response = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(response), flush=True)
