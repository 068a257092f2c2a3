"""Whether the rows in the tables agree with each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ...text import shortened
from ..consistency import AHEAD_SECONDS, LOOK_AGAIN_SECONDS, ConsistencyStore, Finding, findings
from .database import Database, repeatable, undone
from .rows import Row

MOST = 10_000
"""How many faults of a kind one call finds."""

UNKNOWN_STATUS = "its status was {}, which does not exist"
"""The exception of a job that was failed for its status."""

_AHEAD = ("slot_ahead", "sweep_ahead")


class _Wrong(NamedTuple):
    """A fault as it was found: its kind, whose it is, and what makes it one."""

    kind: str
    name: Any
    state: Any


class SqlConsistency(ConsistencyStore):
    """The consistency of a SqlEngine. `recover` puts back what a worker holds."""

    def __init__(self, database: Database, recover: Callable[[str], int]) -> None:
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
        kinds = ["unknown_worker", "unknown_status", "unknown_priority", "endless", *_AHEAD]
        if not self._db.has_php:
            kinds.append("workerless")
        return [_Wrong(kind, *row) for kind in kinds for row in self._find(kind)]

    @repeatable
    def _find(self, kind: str) -> list[Row]:
        ahead = {"ahead": AHEAD_SECONDS} if kind in _AHEAD else {}
        return self._db.rows(f"verify_{kind}", {"limit": MOST, **ahead})

    def _mend(self, seen: list[_Wrong]) -> dict[str, int]:
        mended: dict[str, int] = {}
        for worker in {wrong.state for wrong in seen if wrong.kind == "unknown_worker"}:
            self._recover(worker)
        for wrong in seen:
            mended[wrong.kind] = mended.get(wrong.kind, 0) + self._mend_one(wrong)
        return mended

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
