"""What the command line of a benchmark says."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).resolve().parent / "results"


class Options(NamedTuple):
    """How many rounds of which parts, and where the JSON goes."""

    name: str
    rounds: int
    quick: bool
    parts: list[str]
    json: Path


def arguments(
    name: str, doc: str | None, parts: Sequence[str], words: Sequence[str] | None = None
) -> Options:
    """Read the command line, or `words`. A quick run has a file of its own, which is not under
    version control, so that it does not replace figures of a whole run."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round with a tenth of the jobs")
    parser.add_argument("--only", default=",".join(parts), help=f"of {', '.join(parts)}")
    parser.add_argument("--json", type=Path, help=f"default: benchmarks/results/{name}.json")
    options = parser.parse_args(words)
    chosen = options.only.split(",")
    if unknown := sorted(set(chosen) - set(parts)):
        parser.error(f"--only has {', '.join(unknown)}; allowed: {', '.join(parts)}")
    file = options.json or RESULTS / f"{name}{'-quick' if options.quick else ''}.json"
    rounds = 1 if options.quick else options.rounds
    return Options(name, rounds, options.quick, chosen, file)
