"""Whether the rows in the tables agree with each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ...text import shortened
from ..consistency import (
    AHEAD_SECONDS,
    LATE_SECONDS,
    LEASE_SECONDS,
    LOOK_AGAIN_SECONDS,
    ConsistencyStore,
    Finding,
    findings,
    recover_dead,
)
from .database import Database, repeatable, undone
from .rows import Row

MOST = 10_000
"""How many faults of a kind one call finds."""

UNKNOWN_STATUS = "its status was {}, which does not exist"
"""The exception of a job that was failed for its status."""

_SECONDS = {
    "slot_ahead": {"ahead": AHEAD_SECONDS},
    "sweep_ahead": {"ahead": AHEAD_SECONDS},
    "dead_worker": {"late": LATE_SECONDS},
}
"""Further parameters of the statements that find a kind."""

_KINDS = ("unknown_worker", "dead_worker", "unknown_status", "unknown_priority", "endless")


class _Wrong(NamedTuple):
    """A fault as it was found: its kind, whose it is, and what makes it one."""

    kind: str
    name: Any
    state: Any


class SqlConsistency(ConsistencyStore):
    """The consistency of a SqlEngine. `recover` puts back what a worker holds, or all dead
    workers."""

    def __init__(self, database: Database, recover: Callable[[str | None, float], int]) -> None:
        self._db = database
        self._recover = recover

    def verify(self, fix: bool) -> list[Finding]:
        seen = self._look()
        if seen:
            time.sleep(LOOK_AGAIN_SECONDS)
            still = set(self._look())
            seen = [wrong for wrong in seen if wrong in still]
        names: dict[str, list[str]] = {}
        for wrong in seen:
            names.setdefault(wrong.kind, []).append(str(wrong.name))
        return findings(names, self._mend(seen) if fix else {})

    def _look(self) -> list[_Wrong]:
        kinds = [*_KINDS, "slot_ahead", "sweep_ahead"]
        if not self._db.has_php:
            kinds.append("workerless")
        return [_Wrong(kind, *row) for kind in kinds for row in self._find(kind)]

    @repeatable
    def _find(self, kind: str) -> list[Row]:
        return self._db.rows(f"verify_{kind}", {"limit": MOST, **_SECONDS.get(kind, {})})

    def _mend(self, seen: list[_Wrong]) -> dict[str, int]:
        mended: dict[str, int] = {}
        for worker in {wrong.state for wrong in seen if wrong.kind == "unknown_worker"}:
            self._recover(worker, LEASE_SECONDS)
        dead = {wrong for wrong in seen if wrong.kind == "dead_worker"}
        for wrong in [wrong for wrong in seen if wrong not in dead]:
            mended[wrong.kind] = mended.get(wrong.kind, 0) + self._mend_one(wrong)
        if dead:  # last: a search that was put off would find none
            recover_dead(self._recover, lambda: bool(dead & set(self._dead())))
            mended["dead_worker"] = len(dead - set(self._dead()))
        return mended

    def _dead(self) -> list[_Wrong]:
        return [_Wrong("dead_worker", *row) for row in self._find("dead_worker")]

    @undone
    def _mend_one(self, wrong: _Wrong) -> int:
        run = partial(self._db.run, f"mend_{wrong.kind}")
        match wrong.kind:
            case "unknown_worker":
                return 1  # by a recovery of its worker
            case "sweep_ahead":
                with self._db.transaction():
                    run({"ahead": AHEAD_SECONDS})
                    return self._db.run("note_sweep", {})
            case "slot_ahead":
                return run({"name": wrong.name, "ahead": AHEAD_SECONDS})
            case "unknown_status":
                exception = UNKNOWN_STATUS.format(shortened(repr(wrong.state)))
                return run({"name": wrong.name, "exception": exception})
        return run({"name": wrong.name})
