"""What outside readers see of heads, and what their own maintenance does: `outside.py show|maintain|append <heads folder>`, and
`outside.py remote <uri> <storage options>`."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import lance
import lancedb


def rows(table):
    """Rows as text that does not depend on their order."""
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in table.to_pylist())


def show(heads):
    """Every head, opened by path with pylance and by name with LanceDB; both must see the same."""
    database = lancedb.connect(str(heads))
    seen = {}
    for path in sorted(heads.glob("*.lance")):
        dataset = lance.dataset(str(path))
        found = rows(dataset.to_table())
        assert rows(database.open_table(path.stem).to_arrow()) == found, path
        assert dataset.count_rows() == len(found), path
        seen[path.stem] = found
    return seen


def maintain(heads):
    """Everything that a zealous owner of the datasets might do, each to the end."""
    for path in sorted(heads.glob("*.lance")):
        dataset = lance.dataset(str(path))
        dataset.optimize.compact_files(target_rows_per_fragment=1 << 20, materialize_deletions_threshold=0.0)
        dataset = lance.dataset(str(path))
        dataset.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)
        dataset = lance.dataset(str(path))
        assert dataset.count_rows() == len(dataset.to_table()), path
    return {}


def append(heads):
    """Rows that are none of the graph's."""
    dataset = lance.dataset(str(heads / "Sailor.lance"))
    lance.write_dataset(dataset.to_table().slice(0, 1), dataset.uri, mode="append")
    return {}


def remote(uri, settings):
    """The rows of one dataset in a bucket."""
    return {"rows": rows(lance.dataset(uri, storage_options=json.loads(settings)).to_table())}


if __name__ == "__main__":
    work, *arguments = sys.argv[1:]
    if work == "remote":
        print(json.dumps(remote(*arguments)))
    else:
        print(json.dumps({"show": show, "maintain": maintain, "append": append}[work](Path(*arguments))))
