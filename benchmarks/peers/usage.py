"""What processes use, read from /proc: processor time and memory of a process and all below it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds(root: int) -> float:
    """Processor seconds of `root` and its descendants, user and system, and of those that have
    ended and were waited for; in steps of 10 ms."""
    # utime, stime, and the same of waited-for children; counted from what follows the name.
    return sum(sum(map(int, fields[11:15])) for fields in family(root).values()) / _TICKS


def memory(root: int) -> float:
    """Megabytes of `root` and its descendants. A page that several of them share is counted in
    equal parts (PSS)."""
    total = 0
    for pid in family(root):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            lines = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def family(root: int) -> dict[int, list[str]]:
    """For each process of the tree what follows its name in /proc/PID/stat."""
    found: dict[int, list[str]] = {}
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            stat = Path("/proc", entry, "stat").read_text()
            fields = found[int(entry)] = stat.rpartition(") ")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry))
    family, left = {}, [root]
    while left:
        pid = left.pop()
        left += children.get(pid, ())
        if pid in found:
            family[pid] = found[pid]
    return family
