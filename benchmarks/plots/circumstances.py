"""How figures came about, in words: for the captions of pictures and below tables."""

from __future__ import annotations

from collections.abc import Sequence

from ..results import Run


def by_machine(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs of each machine."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(machine(run), []).append(run)
    return list(groups.values())


def command(run: Run) -> str:
    """Its date, command, number of rounds, and the load of the machine before it."""
    rounds = "1 round" if run.rounds == 1 else f"median of {run.rounds} rounds"
    quick = "quick, " if run.quick else ""
    return f"{run.date[:10]}, {run.command} ({quick}{rounds}, load {run.machine['load']})"


def machine(run: Run) -> str:
    """Processor, cores and kernel."""
    found = run.machine
    return f"{found['cpu']}, {found['cores']} cores, {found['kernel']}"


def versions(runs: Sequence[Run]) -> str:
    """All versions of all these runs, several of one thing where they differ."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        for name, version in run.versions.items():
            found.setdefault(name, {})[version] = None
    return ", ".join(f"{name} {' and '.join(each)}" for name, each in found.items())
