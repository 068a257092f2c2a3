"""What the notes of a torture come to."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .notes import Note


class Kill(NamedTuple):
    """Processes that were killed at one moment."""

    at: float
    """A monotonic time."""
    pids: frozenset[int]


class Left(NamedTuple):
    """What the store says when all is over."""

    failed: frozenset[int]
    """The numbers of the jobs that have failed for good."""
    waiting: frozenset[int]
    """The numbers of those that have not ended."""


class Report(NamedTuple):
    """The result of a torture. Times are in seconds."""

    acknowledged: int
    """Jobs whose dispatch returned."""
    completed: int
    """Those of them with a run that ended."""
    lost: int
    """Those of them that neither ended nor failed, nor wait in the store."""
    unfinished: int
    """Those of them that still waited when there was no more time."""
    double_outcomes: int
    """Jobs of which two outcomes were accepted."""
    failed: int
    """Those of the acknowledged that failed for good."""
    ran_again: int
    """Jobs with a run that was repeated without having failed."""
    refused: int
    """Jobs whose dispatch said that they were not stored."""
    in_doubt: int
    """Jobs whose dispatch could not say whether they were stored."""
    refused_but_ran: int
    """Jobs that ran although their dispatch said that they were not stored."""
    recovery: float | None
    """The longest time from a kill to the next run of a job that the killed process was running.
    None if none was hit."""
    wait: float | None
    """99 of 100 jobs waited no longer from the beginning of their dispatch to their first run.
    None without jobs."""
    lost_numbers: tuple[int, ...]

    @property
    def is_good(self) -> bool:
        """Whether there were jobs, and the store has kept its promise."""
        broken = self.lost, self.double_outcomes, self.unfinished, self.refused_but_ran
        return self.acknowledged > 0 and not any(broken)


def judge(
    ledger: Iterable[Note], runs: Iterable[Note], kills: Sequence[Kill], left: Left
) -> Report:
    """The report of what the producer and the jobs have noted."""
    dispatches: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for note in ledger:
        dispatches[note.event][note.number] = note.at
    by_event: defaultdict[str, list[Note]] = defaultdict(list)
    for note in runs:
        by_event[note.event].append(note)
    stored, starts = dispatches["stored"], by_event["start"]
    ended = {note.number for note in by_event["end"]}
    lost = sorted(stored.keys() - ended - left.failed - left.waiting)
    accepted = Counter(note.number for note in by_event["accepted"])
    each_start = Counter((note.number, note.attempt) for note in starts)
    started = {note.number for note in starts}
    return Report(
        acknowledged=len(stored),
        completed=len((stored.keys() & ended) - left.failed - left.waiting),
        lost=len(lost),
        unfinished=len(stored.keys() & left.waiting),
        double_outcomes=sum(count > 1 for count in accepted.values()),
        failed=len(stored.keys() & left.failed),
        ran_again=len({number for (number, _), count in each_start.items() if count > 1}),
        refused=len(dispatches["refused"]),
        in_doubt=len(dispatches["doubt"]),
        refused_but_ran=len(dispatches["refused"].keys() & started),
        recovery=_recovery(starts, [*by_event["end"], *by_event["raised"]], kills),
        wait=_wait(dispatches["asked"], starts),
        lost_numbers=tuple(lost),
    )


def _recovery(starts: Sequence[Note], ends: Sequence[Note], kills: Sequence[Kill]) -> float | None:
    moments: defaultdict[int, list[float]] = defaultdict(list)
    of_process: defaultdict[int, list[Note]] = defaultdict(list)
    for note in starts:
        moments[note.number].append(note.at)
        of_process[note.pid].append(note)
    over = {(note.number, note.fence, note.pid) for note in ends}
    found = []
    for kill in kills:
        for run in (run for pid in kill.pids for run in of_process[pid]):
            if run.at <= kill.at and (run.number, run.fence, run.pid) not in over:
                times = sorted(moments[run.number])
                after = times[bisect_right(times, kill.at) :]
                found += [after[0] - kill.at] if after else []
    return max(found, default=None)


def _wait(asked: Mapping[int, float], starts: Sequence[Note]) -> float | None:
    first: dict[int, float] = {}
    for note in starts:
        first[note.number] = min(note.at, first.get(note.number, math.inf))
    waits = sorted(at - asked[number] for number, at in first.items() if number in asked)
    return waits[min(len(waits) - 1, len(waits) * 99 // 100)] if waits else None
