"""The tally: what is counted of a worker's runs when the store has settled them.

A settled batch is counted as a whole where that gives the same figures: a job that does nothing
takes 20 us, so a tenth of a microsecond for each is all that counting may take.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..execution.run import Run
from ..model import Done, Expired, HandBack, Outcome, Release, Settlement
from ..notes.observed import BOUNDS, MOST_PAIRS, OTHER, PARTS, part_of
from .refused import Settled
from .vitals import OUTCOMES, Totals

MOST_EXCEPTIONS = 100
"""How many triples of queue, handler and class of error are counted apart from each other. The
class of the others is OTHER."""

_DONE, _RETRIED, _FAILED, _RELEASED, _CANCELLED, _LOST = range(len(OUTCOMES))

# Where the figures of a pair of queue and handler stand in its list.
_SECONDS = len(OUTCOMES)
_DURATIONS = _SECONDS + 1
_WAITED = _DURATIONS + PARTS
_WAITS = _WAITED + 1
_FIGURES = _WAITS + PARTS

_ACCEPTED = Settlement.ACCEPTED


class Counts(NamedTuple):
    """What a tally has counted."""

    runs: Mapping[tuple[str, str], Totals]
    """By queue and stored handler."""
    exceptions: Mapping[tuple[str, str, str], int]
    """By queue, stored handler and class of the error."""


class Tally:
    """Counts runs. Any thread may do so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._figures: dict[tuple[str, str], list[Any]] = {}
        self._exceptions: dict[tuple[str, str, str], int] = {}
        self.changes = 0
        """How often something was counted."""
        self.ended = [0] * len(OUTCOMES)
        """How many runs ended as each of OUTCOMES."""

    def settled(self, runs: Sequence[Run], answers: Sequence[Settled]) -> None:
        """Count `runs`, of which there is at least one, with the answers of the store."""
        claim = runs[0].claim
        handler, queue = claim.handler, claim.queue
        for run, answer in zip(runs, answers, strict=True):
            claim = run.claim
            if (
                type(run.outcome) is not Done
                or answer[1] is not _ACCEPTED
                or claim.handler != handler
                or claim.queue != queue
            ):
                break
        else:  # nearly always
            self._add(queue, handler, _DONE, runs)
            return
        for (queue, handler, ended), group in _groups(runs, answers).items():
            self._add(queue, handler, ended, group)
            if ended in (_RETRIED, _FAILED):
                self._add_exceptions(queue, handler, group)

    def reclaimed(self, queue: str, handler: str, outcome: Outcome | None) -> None:
        """Count a run whose process has ended. `outcome` is what was settled for it; None if the
        run is lost."""
        ended = _LOST if outcome is None else _accepted_as(outcome)
        with self._lock:
            self._figures_of(queue, handler)[ended] += 1
            self.ended[ended] += 1
            self.changes += 1

    def _add(self, queue: str, handler: str, ended: int, runs: Sequence[Run]) -> None:
        seconds = [run.seconds for run in runs]
        total, count = sum(seconds), len(runs)
        with self._lock:
            figures = self._figures_of(queue, handler)
            figures[ended] += count
            figures[_SECONDS] += total
            if total <= BOUNDS[0]:
                figures[_DURATIONS] += count
            else:
                _distribute(seconds, figures, _DURATIONS)
            # The runs of a batch were due one after the other. So if the first and the last waited
            # about as long, all did.
            first, last = _wait(runs[0]), _wait(runs[-1])
            part = part_of(first)
            if part == part_of(last):
                figures[_WAITED] += (first + last) / 2 * count
                figures[_WAITS + part] += count
            else:
                waits = [_wait(run) for run in runs]
                figures[_WAITED] += sum(waits)
                _distribute(waits, figures, _WAITS)
            self.ended[ended] += count
            self.changes += 1

    def _figures_of(self, queue: str, handler: str) -> list[Any]:
        figures = self._figures.get((queue, handler))
        if figures is None:
            if len(self._figures) >= MOST_PAIRS:
                handler = OTHER
            figures = self._figures.setdefault((queue, handler), [0] * _FIGURES)
        return figures

    def _add_exceptions(self, queue: str, handler: str, runs: Iterable[Run]) -> None:
        with self._lock:
            for run in runs:
                if run.exception is not None:
                    key = queue, handler, error_name(run.exception)
                    if key not in self._exceptions and len(self._exceptions) >= MOST_EXCEPTIONS:
                        key = queue, OTHER, OTHER
                    self._exceptions[key] = self._exceptions.get(key, 0) + 1

    def text(self) -> str:
        """What has been counted, as JSON; see `read_counts`."""
        with self._lock:
            runs = [[*pair, *figures] for pair, figures in self._figures.items()]
            exceptions = [[*key, count] for key, count in self._exceptions.items()]
        return json.dumps([runs, exceptions], ensure_ascii=False, separators=(",", ":"))


def read_counts(text: str | bytes | None) -> Counts:
    """The counts of which `Tally.text` made `text`; none for no text."""
    if not text:
        return Counts({}, {})
    runs, exceptions = json.loads(text)
    return Counts(
        {(queue, handler): _totals(figures) for queue, handler, *figures in runs},
        {(queue, handler, error): count for queue, handler, error, count in exceptions},
    )


def error_name(error: BaseException) -> str:
    """The class of `error` by its full name, as a traceback names it; one of lightjobs' own errors
    without its module."""
    kind = type(error)
    module = str(kind.__module__)
    if module in ("builtins", "__main__") or module.startswith("lightjobs."):
        return kind.__qualname__
    return f"{module}.{kind.__qualname__}"


def _groups(
    runs: Sequence[Run], answers: Sequence[Settled]
) -> dict[tuple[str, str, int], list[Run]]:
    groups: dict[tuple[str, str, int], list[Run]] = {}
    for run, (_outcome, settlement) in zip(runs, answers, strict=True):
        if type(run.outcome) is not HandBack:  # its handler was not called
            key = run.claim.queue, run.claim.handler, _ended_as(run, settlement)
            groups.setdefault(key, []).append(run)
    return groups


def _ended_as(run: Run, settlement: Settlement | None) -> int:
    if settlement is Settlement.CANCELLED:
        return _CANCELLED
    if settlement is not _ACCEPTED:
        return _LOST
    return _accepted_as(run.outcome)


def _accepted_as(outcome: Outcome) -> int:
    if type(outcome) is Done:
        return _DONE
    if type(outcome) is Release:  # one that was asked for has no exception
        return _RELEASED if outcome.exception is None else _RETRIED
    return _CANCELLED if type(outcome) is Expired else _FAILED


def _wait(run: Run) -> float:
    """The seconds from the time the run was due to its start, without comparing two clocks."""
    return run.claim.waited + run.started_at - run.claimed_at


def _distribute(values: Iterable[float], figures: list[Any], at: int) -> None:
    for value in values:
        figures[at + part_of(value)] += 1


def _totals(figures: Sequence[Any]) -> Totals:
    return Totals(
        ended=tuple(figures[:_SECONDS]),
        seconds=figures[_SECONDS],
        durations=tuple(figures[_DURATIONS:_WAITED]),
        waited=figures[_WAITED],
        waits=tuple(figures[_WAITS:]),
    )
