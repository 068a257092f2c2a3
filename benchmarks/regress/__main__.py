"""The current tree against another commit, figure by figure, in turns.

    python -m benchmarks.regress [--against COMMIT] [--rounds N] [--quick] [--json FILE]
        [--only sqlite,redis,postgresql,mariadb,memory] [--groups start,dispatch,drain,latency,io]

COMMIT is HEAD unless it is given, so that changes that are not committed are compared with what
they change. Only the package `lightjobs` is the other commit's; what measures it is this tree's.
In each round both trees have a turn on an emptied store, in the order A B, B A, A B, … A ratio
is the current tree's figure by the other's in the same round; the median of the rounds is shown,
with the least and the most. Where these lie on both sides of 1, the difference is within noise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ..figures import Failed, Found, Part, attempt
from ..machine import ROOT
from ..options import Options, arguments
from ..report import WIDTH
from ..results import Results
from .figures import FIGURES, GROUPS, line
from .stores import STORES, Store
from .tree import Tree, current, of_commit

PATIENCE = 300.0
"""A turn that takes longer has failed."""


def main() -> None:
    options, against, groups = _arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            trees = (current(folder / "current"), of_commit(against, folder / "other"))
        except ValueError as error:
            sys.exit(f"--against: {error}")
        for store in options.parts:
            connect, jobs = STORES[store]
            with connect() as running:
                versions = {**running.version, "against": trees[1].name}
                results = Results(options, versions, quiet=True)
                found = _rounds(trees, running, folder, options, jobs, groups)
            _report(store, trees, found, results)


def _arguments() -> tuple[Options, str, list[str]]:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--against", default="HEAD")
    parser.add_argument("--groups", default=",".join(GROUPS))
    own, words = parser.parse_known_args()
    groups = own.groups.split(",")
    if unknown := sorted(set(groups) - set(GROUPS)):
        parser.error(f"--groups has {', '.join(unknown)}; allowed: {', '.join(GROUPS)}")
    return arguments("regress", __doc__, tuple(STORES), words), own.against, groups


def _rounds(
    trees: tuple[Tree, Tree],
    store: Store,
    folder: Path,
    options: Options,
    jobs: int,
    groups: list[str],
) -> dict[str, Found]:
    """The figures of both trees by key, in turns."""
    found = {
        key: Found({tree.name: [] for tree in trees})
        for key, figure in FIGURES.items()
        if figure.group in groups
    }
    for number in range(options.rounds):
        for tree in trees if number % 2 == 0 else reversed(trees):
            store.empty()
            errors: dict[str, str] = {}
            measured = attempt(
                tree.name,
                lambda: turn(tree, store, folder, jobs // 10 if options.quick else jobs, groups),  # noqa: B023
                errors,
            )
            for key, each in found.items():
                _take(each, tree.name, key, measured, errors)
    return found


def turn(
    tree: Tree, store: Store, folder: Path, jobs: int, groups: list[str]
) -> dict[str, dict[str, float | str]]:
    """One turn of a tree in a new folder, which is its project."""
    with tempfile.TemporaryDirectory(dir=folder) as project:
        environment = {
            **{key: value for key, value in os.environ.items() if not _tells_a_store(key)},
            **store.environment,
            "BENCH_FOLDER": project,
            "JOB_MODULES": "benchmarks.regress.jobs",
            # The package of the tree comes before that of the repository.
            "PYTHONPATH": f"{tree.folder}:{ROOT}",
        }
        command = [tree.python, "-m", store.program, project, str(jobs), ",".join(groups)]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    if done.returncode:
        raise Failed(f"ended with {done.returncode}: {done.stderr[-2000:].strip()}")
    found: dict[str, dict[str, float | str]] = json.loads(done.stdout)
    return found


def _tells_a_store(key: str) -> bool:
    return key.startswith(("JOB_", "DB_", "REDIS_"))


def _take(
    found: Found,
    name: str,
    key: str,
    measured: dict[str, dict[str, float | str]] | None,
    errors: dict[str, str],
) -> None:
    if measured is None:
        found.errors[name] = errors[name]
    elif key in measured["figures"]:
        found.figures[name].append(float(measured["figures"][key]))
    elif (group := FIGURES[key].group) in measured["errors"]:
        found.errors[name] = str(measured["errors"][group])


def _report(
    store: str, trees: tuple[Tree, Tree], found: dict[str, Found], results: Results
) -> None:
    names = "".join(f"{tree.name:>12}" for tree in trees)
    print(f"{store:{3 * WIDTH - 4}}{names}   ratio  least-most")
    for key, each in found.items():
        if not any(each.figures.values()) and not each.errors:
            continue  # the store has no such figure
        figure = FIGURES[key]
        print(line(key, each), flush=True)
        title = f"{store}: {figure.title}"
        results.store(Part(f"{store}-{key}", title, figure.unit, [each], less=figure.less))


if __name__ == "__main__":
    main()
