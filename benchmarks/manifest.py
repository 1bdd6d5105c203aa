"""The list of questions beside the query files of a folder: `manifest.json`, described in README.md."""

import json
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
DEBIAN = BENCHMARKS.parent / "examples" / "debian"
QUESTIONS = DEBIAN / "questions"


def questions(folder):
    """The questions of a folder, each name once."""
    listed = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))["questions"]
    names = [question["name"] for question in listed]
    if len(set(names)) != len(names):
        raise ValueError(f"{folder}: a name stands in the manifest twice")
    return listed
