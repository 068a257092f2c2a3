"""The dispatcher: brings the agenda's slots to the store. Any number may run at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..engines.base import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..record import NEW, PAUSED, QUEUED, LastSlot, NewJob, Slot
from .agenda import Agenda, Due
from .entry import Entry

BATCH = 500
"""How many slots are pushed in one step."""

LOOK_SECONDS = 1.0
"""The longest a scheduler sleeps, so that it notices within so long that the clock was set."""

AWAY_SECONDS = 0.5
"""The pause before a store that was away is asked again."""

_UNFINISHED = (NEW, QUEUED, PAUSED)
_log = logging.getLogger("lightjobs.schedule")


class Scheduler:
    """Dispatches `entries` through `engine`. Time is given by the caller, in unix seconds."""

    def __init__(self, engine: Engine, entries: Sequence[Entry]) -> None:
        self._engine = engine
        self._entries = entries
        self._agenda: Agenda | None = None

    def begin(self, now: float, since: float | None = None) -> None:
        """Read from the store where each entry stands; one that is new there begins at `since`
        (default: `now`). Raises StoreUnavailable."""
        known = self._engine.slots()
        new = [entry.name for entry in self._entries if entry.name not in known]
        if new:
            self._engine.enroll(new, now if since is None else since)
            known = self._engine.slots()
        last = {name: slot.due for name, slot in known.items()}
        self._agenda = Agenda(self._entries, last, now)

    def dispatch(self, now: float) -> float:
        """Dispatch what is due; return the moment to look again at the latest. Raises
        StoreUnavailable; what was not taken then is dispatched at the next call."""
        if self._agenda is None:
            self.begin(now)
        agenda, self._agenda = self._agenda, None
        assert agenda is not None
        # Whether a batch was taken whose reply was lost is not known: then the store is asked.
        self._push(agenda.due(now))
        self._agenda = agenda
        due = agenda.next
        return now + LOOK_SECONDS if due is None else min(float(due), now + LOOK_SECONDS)

    def tick(self, now: float) -> float:
        """As `dispatch`, but waits for a store that is away."""
        try:
            return self.dispatch(now)
        except StoreUnavailable as error:
            _log.warning("the store is away: %s", error)
            return now + AWAY_SECONDS

    def _push(self, due: list[Due]) -> None:
        busy = self._busy(due)
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            slots = [Slot(d.entry.name, d.moment, self._job(d, busy)) for d in batch]
            for slot, job_id in zip(slots, self._engine.push_slots(slots), strict=True):
                if job_id is not None:
                    assert slot.job is not None
                    _log.info("dispatched %s #ID: %s for %s", slot.job.handler, job_id, slot.entry)

    def _busy(self, due: list[Due]) -> set[str]:
        """The entries without overlapping whose last job has not ended."""
        alone = {slot.entry.name for slot in due if not slot.entry.overlapping}
        if not alone:
            return set()
        known = self._engine.slots()
        return {name for name in alone if name in known and self._is_unfinished(known[name])}

    def _is_unfinished(self, last: LastSlot) -> bool:
        job = None if last.job_id is None else self._engine.find(last.job_id)
        return job is not None and job.status in _UNFINISHED

    def _job(self, due: Due, busy: set[str]) -> NewJob | None:
        """The job to push for a slot; None when the slot is passed over."""
        entry = due.entry
        if entry.name in busy:
            _log.info("passed over %s: its last job has not ended", entry.name)
            return None
        if not _is_wanted(entry):
            return None
        if not entry.overlapping:
            busy.add(entry.name)
        try:
            return entry.new_job(due.moment)
        except LightjobsError as error:
            _log.error("passed over %s: %s", entry.name, error)
            return None


def _is_wanted(entry: Entry) -> bool:
    try:
        return entry.when is None or bool(entry.when())
    except Exception:
        _log.exception("passed over %s: its when() raised", entry.name)
        return False
