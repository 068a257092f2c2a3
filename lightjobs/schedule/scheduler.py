"""The dispatcher: brings the agenda's slots to the store. Any number may run at a time."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence

from .. import chain
from ..engines.base import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..record import NEW, PAUSED, QUEUED, LastSlot, NewJob, Slot
from .agenda import Agenda, Due
from .entry import Entry

BATCH = 500
"""How many slots are pushed in one step."""

LOOK_SECONDS = 1.0
"""The longest a scheduler sleeps, so that it notices within so long that the clock was set."""

STANDBY_SECONDS = (0.5, 1.5)
"""The time between two looks of those that stand by: enough for the leader to be done, and little
enough to replace a dead one in seconds. At random, so that of many one is first."""

FORGET_SECONDS = 400 * 86_400
"""What is noted of an entry that is not in the schedule is dropped so long after its last moment:
more than a year, since another project on the same store may have it, and it be due once a year."""

AWAY_SECONDS = 0.5
"""The pause before a store that was away is asked again."""

_UNFINISHED = (NEW, QUEUED, PAUSED)
_log = logging.getLogger("lightjobs.schedule")


class Scheduler:
    """Dispatches `entries` through `engine`. Time is given by the caller, in unix seconds.

    The store takes each slot once, however many schedulers push it, but twenty that push the same
    thousand jobs each second would keep it busy with refusals. So one leads and the others stand
    by: they read what was noted, and push what they find untouched at two looks in a row. Who has
    most of a batch refused stands by; who gets it leads. Nobody is elected, and nothing is at
    stake: two leaders, or none for a while, cost time and double nothing.
    """

    def __init__(self, engine: Engine, entries: Sequence[Entry]) -> None:
        self._engine = engine
        self._entries = entries
        self._agenda: Agenda | None = None
        self._leads = True
        self._look_at = 0.0
        """When to look again, standing by."""
        self._untouched: dict[str, float] = {}
        """Entries found overdue at the last look, standing by, and the moment noted of each."""

    def begin(self, now: float, since: float | None = None, beside_others: bool = False) -> None:
        """Read from the store where each entry stands; one that is new there begins at `since`
        (default: `now`). With `beside_others` what is overdue already is left to whoever may be
        at it, as by those that stand by. Raises StoreUnavailable."""
        known = self._read(now if since is None else since)
        self._forget(set(known), now)
        self._agenda = self._made(known, now)
        if beside_others and self._agenda.next is not None and self._agenda.next <= now:
            self._leads = False

    def _read(self, since: float) -> dict[str, LastSlot]:
        known = self._engine.slots()
        new = [entry.name for entry in self._entries if entry.name not in known]
        if not new:
            return known
        self._engine.enroll(new, since)
        return self._engine.slots()

    def _made(self, known: Mapping[str, LastSlot], now: float) -> Agenda:
        return Agenda(self._entries, {name: slot.due for name, slot in known.items()}, now)

    def _forget(self, known: set[str], now: float) -> None:
        for name in known.difference(entry.name for entry in self._entries):
            self._engine.forget_entry(name, now - FORGET_SECONDS)

    def dispatch(self, now: float) -> float:
        """Dispatch what is due; return the moment to look again at the latest. Raises
        StoreUnavailable; what was not taken then is dispatched at the next call."""
        if self._agenda is None:
            self.begin(now)
        agenda, self._agenda = self._agenda, None
        assert agenda is not None
        # Whether a batch was taken whose reply was lost is not known: then the store is asked.
        if self._leads:
            self._push(agenda.due(now))
            self._look_at = now + random.uniform(*STANDBY_SECONDS)
        elif self._look_at <= now:
            agenda = self._stand_by(now)
        self._agenda = agenda
        due = agenda.next if self._leads else self._look_at
        return now + LOOK_SECONDS if due is None else min(due, now + LOOK_SECONDS)

    def _stand_by(self, now: float) -> Agenda:
        """Push what nobody has touched since the last look; return what is due from then on."""
        known = self._read(now)
        # One of each entry tells: those that stand by must not slow a leader that is behind.
        due = self._made(known, now).due(now - STANDBY_SECONDS[0], most=1)
        free = [slot for slot in due if not known[slot.entry.name].paused]
        before = self._untouched
        self._untouched = {slot.entry.name: known[slot.entry.name].due for slot in free}
        ripe = [slot for slot in free if before.get(slot.entry.name) == known[slot.entry.name].due]
        if ripe:
            self._push(ripe[:BATCH])  # all that follows is the leader's
            known = self._engine.slots()
        agenda = self._made(known, now)
        self._look_at = max(now, agenda.next or now) + random.uniform(*STANDBY_SECONDS)
        return agenda

    def tick(self, now: float) -> float:
        """As `dispatch`, but waits for a store that is away."""
        try:
            return self.dispatch(now)
        except StoreUnavailable as error:
            _log.warning("the store is away: %s", error)
            return now + AWAY_SECONDS

    def _push(self, due: list[Due]) -> None:
        """Push the slots, up to the first batch that another scheduler was ahead with."""
        alone = {slot.entry.name for slot in due if not slot.entry.overlapping}
        known = self._engine.slots() if alone else {}
        busy = {name for name in alone if name in known and self._is_unfinished(known[name])}
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            slots = [Slot(d.entry.name, d.moment, self._job(d, busy)) for d in batch]
            refused = self._push_batch(slots)
            # Most of it: of two that push the same slots in other batches, one must go on.
            if 2 * len(refused) > len(batch) and not self._are_paused(refused):
                # The other goes on with the rest; pushing it too would only be in its way.
                self._leads = False
                return
        self._leads = True

    def _push_batch(self, slots: list[Slot]) -> list[str]:
        """Push the slots; return the entries whose jobs were refused."""
        refused, pushed = [], []
        for slot, job_id in zip(slots, self._engine.push_slots(slots), strict=True):
            if job_id is not None and slot.job is not None:
                pushed.append((job_id, slot.job))
                _log.info("dispatched %s #ID: %s for %s", slot.job.handler, job_id, slot.entry)
            elif slot.job is not None:
                refused.append(slot.entry)
        if pushed and chain.current is not None:
            chain.pushed(*zip(*pushed, strict=True))
        return refused

    def _are_paused(self, entries: list[str]) -> bool:
        known = self._engine.slots()
        return all(name in known and known[name].paused for name in entries)

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
