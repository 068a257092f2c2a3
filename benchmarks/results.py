"""What a benchmark has found, as it goes to the terminal and into one JSON file.

    options = arguments("redis", __doc__, PARTS)           # benchmarks/options.py
    results = Results(options, {"redis": "7.0.15", "huey": "3.5.0"})
    found = Found()
    for _ in range(options.rounds):
        for peer in peers:
            found.take(peer.name, lambda peer=peer: rate(peer))
    results.add(Part("drain-1", "drain, 1 worker process", "jobs/s", [found], wanted=10))

A `Found` keeps figures by name, one for each round, and the errors: a name whose measurement raised
has no more turns in this part, and its error is printed, stored and drawn. The first name is the
one that is compared with the others.

A part that is measured at several values of something, such as a concurrency, is a series. It has a
`Found` for each value: `[Found(x=1), Found(x=10)]`, and `x` of the part says what the values are.

`Results.add` prints a part and writes it. The file keeps the parts of earlier runs unless they are
measured again, and each part says which run it is from: date, command, machine and versions.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from .figures import Found, Part
from .machine import machine, versions
from .options import Options
from .report import show

DIGITS = 6
"""So many significant digits of a figure are stored."""


@dataclass
class Run:
    """The circumstances of a part."""

    date: str
    command: str
    rounds: int
    quick: bool
    machine: dict[str, Any]
    versions: dict[str, str]


class Stored(NamedTuple):
    """A part with the run that it was measured in."""

    part: Part
    run: Run


class Results:
    """Takes the parts of one run, prints each and merges it into the file. `others` are the
    versions of servers and peers."""

    def __init__(self, options: Options, others: Mapping[str, str], *, quiet: bool = False) -> None:
        self._path = options.json
        self._run = Run(
            date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            command=shlex.join(["python", "-m", f"benchmarks.{options.name}", *sys.argv[1:]]),
            rounds=options.rounds,
            quick=options.quick,
            machine=machine(),
            versions={**versions(), **others},
        )
        if not quiet:
            print(f"{versions_of(self._run)}; {self._run.machine['cores']} cores", flush=True)

    def add(self, part: Part) -> None:
        """Print `part`, and store it."""
        show(part)
        self.store(part)

    def store(self, part: Part) -> None:
        """Put `part` in the place of what the file has under its key."""
        stored = read(self._path) if self._path.exists() else {}
        write(self._path, {**stored, part.key: Stored(part, self._run)})


def versions_of(run: Run) -> str:
    """All versions, as they are printed."""
    return ", ".join(f"{name} {version}" for name, version in run.versions.items())


def read(path: Path) -> dict[str, Stored]:
    """The parts of a file by key, in their order."""
    content = json.loads(path.read_text(encoding="utf-8"))
    runs = {date: Run(date=date, **run) for date, run in content["runs"].items()}
    found = {}
    for part in content["parts"]:
        run = runs[part.pop("run")]
        points = [Found(**point) for point in part.pop("points")]
        found[part["key"]] = Stored(Part(points=points, **part), run)
    return found


def write(path: Path, stored: Mapping[str, Stored]) -> None:
    """Write the parts and the runs that they are from."""
    runs, parts = {}, []
    for part, run in stored.values():
        runs[run.date] = {name: value for name, value in asdict(run).items() if name != "date"}
        parts.append({"run": run.date, **asdict(part), "points": [*map(_point, part.points)]})
    text = json.dumps({"runs": runs, "parts": parts}, indent=1, ensure_ascii=False)
    # A list of numbers reads better on one line.
    text = re.sub(r"\[[-+.e\d,\s]+\]", lambda found: " ".join(found[0].split()), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def _point(found: Found) -> dict[str, Any]:
    figures = {
        name: [float(f"{figure:.{DIGITS}g}") for figure in figures]
        for name, figures in found.figures.items()
    }
    return {"x": found.x, "figures": figures, "errors": found.errors}
