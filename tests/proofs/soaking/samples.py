"""What the processes of the soak hold, sampled, and whether they keep what they promise."""

from __future__ import annotations

import contextlib
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import parents

MOST_GROWTH = 0.05
"""How much more memory the second half may take than the end of the first quarter."""

SLACK = 1 << 20
"""What a process may take more than that, in bytes: an allocator hands out large pieces."""


class Sample(NamedTuple):
    """What one process held at a time."""

    memory: int
    """Resident, in bytes."""
    descriptors: int
    threads: int


Row = Mapping[str, Sample]
"""By the names of the processes."""


def take(roots: Mapping[str, int]) -> Row:
    """Samples of the processes with these ids, and of their children, numbered in order."""
    found: dict[str, Sample] = {}
    tree = parents()
    for name, root in roots.items():
        children = sorted(pid for pid, parent in tree.items() if parent == root)
        named = {name: root, **{f"{name}, child {n}": pid for n, pid in enumerate(children, 1)}}
        for each, pid in named.items():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found[each] = _sample(pid)
    return found


def _sample(pid: int) -> Sample:
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return Sample(
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(list((folder / "fd").iterdir())),
        len(list((folder / "task").iterdir())),
    )


class Course(NamedTuple):
    """How one process fared."""

    name: str
    memory: tuple[float, float]
    """At the end of the first quarter, and the most that its second half held; in bytes."""
    descriptors: tuple[int, int]
    """The most of the first half, and of the second."""
    threads: tuple[int, int]

    @property
    def growth(self) -> float:
        """By how much of itself its memory grew."""
        before, after = self.memory
        return after / before - 1

    @property
    def broken(self) -> list[str]:
        """The promises that it did not keep."""
        before, after = self.memory
        found = []
        if after > before * (1 + MOST_GROWTH) + SLACK:
            found.append("memory")
        for name in ("descriptors", "threads"):
            first, second = getattr(self, name)
            if second > first:
                found.append(name)
        return found


def courses(rows: Sequence[Row]) -> list[Course]:
    """How each process fared that was there from the first quarter on to the end."""
    quarter, half = len(rows) // 4, len(rows) // 2
    names = [name for name in rows[-1] if all(name in row for row in rows[quarter:])]
    return [_course(name, rows, quarter, half) for name in names]


def _course(name: str, rows: Sequence[Row], quarter: int, half: int) -> Course:
    def most(field: Callable[[Sample], int], part: Sequence[Row]) -> int:
        return max(field(row[name]) for row in part if name in row)

    # The median of three: one sample may fall into a moment of work.
    around = rows[max(0, quarter - 1) : quarter + 2]
    smoothed = [
        statistics.median(row[name].memory for row in rows[n - 1 : n + 2])
        for n in range(max(half, 1), len(rows) - 1)
    ]
    return Course(
        name,
        (statistics.median(row[name].memory for row in around if name in row), max(smoothed)),
        (most(_descriptors, rows[:half]), most(_descriptors, rows[half:])),
        (most(_threads, rows[:half]), most(_threads, rows[half:])),
    )


def _descriptors(sample: Sample) -> int:
    return sample.descriptors


def _threads(sample: Sample) -> int:
    return sample.threads


def table(found: Sequence[Course]) -> str:
    """One line a process."""
    lines = [
        f"{'process':26} {'MB at 1/4':>9} {'2nd half':>9} {'growth':>7} {'fds':>9} {'threads':>8}"
    ]
    for each in found:
        before, after = (size / (1 << 20) for size in each.memory)
        fds = "-".join(map(str, each.descriptors))
        threads = "-".join(map(str, each.threads))
        sizes = f"{before:9.1f} {after:9.1f} {each.growth:7.1%}"
        said = f"  BROKEN: {', '.join(each.broken)}" if each.broken else ""
        lines.append(f"{each.name:26} {sizes} {fds:>9} {threads:>8}{said}")
    return "\n".join(lines)
