"""python -m peers load|warm|cold <engine> <questions> <folder> [<name>]

load   creates the database in the folder from the files there
warm   times every question that the peer answers; a JSON line for each
cold   a fresh process opens the database and asks one question: prints how long that took and nothing else
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from manifest import questions
from peers.engines import ENGINES, named_statements, statements
from peers.measure import MOST_RUNS, median_ms

COLD_RUNS = 5


def load(engine, asked, folder):
    """Creates the database; prints the seconds it took."""
    for old in Path(folder).glob(f"{engine.name}.db*"):
        old.unlink()
    started = time.perf_counter()
    database = engine(folder)
    for statement in statements(Path(asked) / f"{engine.name}_load.{engine.language}"):
        database.run(statement.replace("{folder}", str(folder)))
    print(json.dumps({"engine": engine.name, "version": database.version, "load_s": round(time.perf_counter() - started, 2)}))


def arguments_of(question):
    """A function that gives the parameters of one run after the other."""
    unique, runs = question.get("unique"), iter(range(1 << 62))
    if unique is None:
        return lambda: question["params"]
    begun = time.time_ns()
    return lambda: question["params"] | {unique: f"bench-{begun}-{next(runs)}"}


def warm(engine, asked, folder):
    """Prints a result for each question. Only one process can have the database open, so the cold runs come first, and only reads."""
    known = named_statements(Path(asked) / f"{engine.name}.{engine.language}")
    answered = [question for question in questions(asked) if question["name"] in known]
    reads = [question["name"] for question in answered if "unique" not in question]
    cold_times = {name: cold_ms(engine, asked, folder, name) for name in reads}
    database = engine(folder)
    for question in answered:
        name, params = question["name"], arguments_of(question)
        answer = database.run(known[name], params())
        most = question.get("repetitions", MOST_RUNS)
        median, runs = median_ms(lambda name=name, params=params: database.run(known[name], params()), most)
        result = {"name": name, "median_ms": median, "runs": runs, "cold_ms": cold_times.get(name), "rows": len(answer)}
        result["answer"] = answer if name in cold_times else None
        print(json.dumps(result, ensure_ascii=False), flush=True)


def cold_ms(engine, asked, folder, name):
    command = [sys.executable, "-m", "peers", "cold", engine.name, asked, folder, name]
    times = []
    for _ in range(COLD_RUNS):
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
        times.append(float(done.stdout))
    return statistics.median(times)


def cold(engine, asked, folder, name):
    text = named_statements(Path(asked) / f"{engine.name}.{engine.language}")[name]
    (question,) = (question for question in questions(asked) if question["name"] == name)
    params = arguments_of(question)()
    engine.library()
    started = time.perf_counter()
    engine(folder).run(text, params)
    print((time.perf_counter() - started) * 1000)


def main():
    verb, engine, *rest = sys.argv[1:]
    {"load": load, "warm": warm, "cold": cold}[verb](ENGINES[engine], *rest)


if __name__ == "__main__":
    main()
