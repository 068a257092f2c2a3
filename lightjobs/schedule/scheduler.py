"""The dispatcher: brings the agenda's slots to the store. Any number may run at a time."""

from __future__ import annotations

import inspect
import logging
import random
from collections.abc import Mapping, Sequence

from ..current import dispatch_slots
from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import LastSlot, NewJob, Slot, Status
from .agenda import TOLERANCE, Agenda, Due
from .entry import Entry

BATCH = 500
"""How many slots are pushed in one step."""

LOOK_SECONDS = 1.0
"""The longest a scheduler sleeps, so that it notices within so long that the clock was set."""

READ_SECONDS = 10.0
"""The longest one that stands by does not ask the store: what was paused may be resumed."""

PATIENCE_SECONDS = (0.03, 0.08)
PATIENCE_FOR_EACH = (0.0005, 0.0015)
"""How long after a moment those that stand by look whether it was dispatched, at random within: at
least and at most, and so much more for each entry that is due. A leader needs a part of a
millisecond for each; and of twenty that look, one should be first by more than a batch takes."""

FORGET_SECONDS = 400 * 86_400
"""What is noted of an entry that is not in the schedule is dropped so long after its last moment:
more than a year, since another project on the same store may have it, and it be due once a year."""

AWAY_SECONDS = 0.5
"""The pause before a store that was away is asked again."""

_UNFINISHED = (Status.NEW, Status.QUEUED, Status.PAUSED)
_log = logging.getLogger("lightjobs.schedule")


class Scheduler:
    """Dispatches `entries` through `engine`. Time is given by the caller, in unix seconds.

    The store takes each slot once, however many schedulers push it, but twenty that push the same
    thousand jobs each second would keep it busy with refusals. So one leads and the others stand
    by: a little after each moment they read what was noted, and push it if nothing has moved since
    they last looked, or what they leave to somebody for the second time. Who has most of a batch
    refused stands by; who gets it leads. Nobody is elected, and nothing is at stake: two leaders,
    or none for a while, cost time and double nothing.
    """

    def __init__(self, engine: Engine, entries: Sequence[Entry]) -> None:
        self._engine = engine
        self._entries = entries
        self._agenda: Agenda | None = None
        self._missed_until = 0.0
        """Accuracy "none" makes up for nothing up to then."""
        self._leads = True
        self._look_at = 0.0
        """When to look again, standing by."""
        self._is_new = False
        """Whether no look has found anything late, or anybody at work, yet."""
        self._seen: dict[str, float] = {}
        """The moment noted of each entry at the last look, standing by; empty: there was none."""
        self._left: set[str] = set()
        """The entries whose due moments were left to others then."""

    def begin(self, now: float, since: float | None = None, beside_others: bool = False) -> None:
        """Read from the store where each entry stands; one that is new there begins at `since`
        (default: `now`). With `beside_others` it begins by standing by, unless all are new, and
        makes up for nothing that accuracy "none" says was missed. Raises StoreUnavailable."""
        known, new = self._read(now if since is None else since)
        self._forget(set(known), now)
        self._missed_until = now if beside_others else 0.0
        self._agenda = self._made(known, now)
        if beside_others and new < len(self._entries):
            self._leads = False
            self._note(known)
            agenda = self._made(known, now, active=True)
            # Where nothing is late somebody keeps pace, and will be at work when we look, or nobody
            # has begun: no time needs to be left to who is behind.
            self._is_new = agenda.count(now) == 0
            self._look_at = self._next_look(agenda, now)

    def _read(self, since: float) -> tuple[dict[str, LastSlot], int]:
        """What is noted of each entry, and how many were new and begin at `since`."""
        known = self._engine.schedule.slots()
        new = [entry.name for entry in self._entries if entry.name not in known]
        if new:
            self._engine.schedule.enroll(new, since)
            known = self._engine.schedule.slots()
        return known, len(new)

    def _made(self, known: Mapping[str, LastSlot], now: float, active: bool = False) -> Agenda:
        """What is due; with `active` but for paused entries, which are late and nobody's."""
        paused = {name for name, slot in known.items() if active and slot.paused}
        entries = [entry for entry in self._entries if entry.name not in paused]
        last = {name: slot.due for name, slot in known.items()}
        # A moment beyond the tolerance is never dispatched, so nobody need be waited for.
        return Agenda(entries, last, now, max(self._missed_until, now - TOLERANCE))

    def _forget(self, known: set[str], now: float) -> None:
        for name in known.difference(entry.name for entry in self._entries):
            self._engine.schedule.forget_entry(name, now - FORGET_SECONDS)

    def dispatch(self, now: float) -> float:
        """Dispatch what is due; return the moment to look again at the latest. Raises
        StoreUnavailable; what was not taken then is dispatched at the next call."""
        if self._agenda is None:
            self.begin(now)
        agenda, self._agenda = self._agenda, None
        assert agenda is not None
        # Whether a batch was taken whose reply was lost is not known: then the store is asked.
        if self._leads:
            due = agenda.due(now)
            self._push(due)
            self._seen, self._look_at = {}, now + _patience(len(due))
        elif not now < self._look_at <= now + READ_SECONDS:  # further off: the clock was set back
            agenda = self._stand_by(now)
        self._agenda = agenda
        next_at = agenda.next if self._leads else self._look_at
        return now + LOOK_SECONDS if next_at is None else min(next_at, now + LOOK_SECONDS)

    def _stand_by(self, now: float) -> Agenda:
        """Push what nobody is at; return what is due from then on."""
        known, _ = self._read(now)
        agenda = self._made(known, now, active=True)
        waiting = agenda.count(now)
        are_moving = self._are_moving(known)  # somebody is at it, or has died in the middle
        crowd = 0 if self._is_new else waiting
        self._is_new = self._is_new and not waiting and not are_moving
        # One of each entry tells: those that stand by must not slow a leader that is behind.
        late = agenda.due(now - _least_patience(crowd), most=1)
        if are_moving:
            ripe = [slot for slot in late if self._is_left_again(slot.entry.name, known)]
        else:
            ripe = late
        self._left = {slot.entry.name for slot in late}
        self._note(known)
        if ripe:
            self._push(ripe[:BATCH])  # all that follows is the leader's
            return self._made(self._engine.schedule.slots(), now)
        self._look_at = now + _patience(waiting) if late else self._next_look(agenda, now)
        return agenda

    def _note(self, known: Mapping[str, LastSlot]) -> None:
        self._seen = {name: slot.due for name, slot in known.items()}

    def _are_moving(self, known: Mapping[str, LastSlot]) -> bool:
        """Whether a moment was noted since the last look."""
        seen = self._seen
        return not seen or any(slot.due != seen.get(name) for name, slot in known.items())

    def _is_left_again(self, name: str, known: Mapping[str, LastSlot]) -> bool:
        return name in self._left and known[name].due == self._seen.get(name)

    def _next_look(self, agenda: Agenda, now: float) -> float:
        if agenda.next is None:
            return now + READ_SECONDS
        moment = max(agenda.next, now)
        patience = _patience(0 if self._is_new else agenda.count(moment))
        return min(moment + patience, now + READ_SECONDS)

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
        known = self._engine.schedule.slots() if alone else {}
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
        refused = []
        for slot, job_id in zip(slots, dispatch_slots(slots, self._engine), strict=True):
            if job_id is not None and slot.job is not None:
                _log.info("dispatched %s #ID: %s for %s", slot.job.handler, job_id, slot.entry)
            elif slot.job is not None:
                refused.append(slot.entry)
        return refused

    def _are_paused(self, entries: list[str]) -> bool:
        known = self._engine.schedule.slots()
        return all(name in known and known[name].paused for name in entries)

    def _is_unfinished(self, last: LastSlot) -> bool:
        job = None if last.job_id is None else self._engine.find(last.job_id)
        # One that was cancelled may still be running: its worker has yet to let go of it.
        return job is not None and (job.status in _UNFINISHED or job.worker is not None)

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


def _least_patience(due: int) -> float:
    return PATIENCE_SECONDS[0] + due * PATIENCE_FOR_EACH[0]


def _patience(due: int) -> float:
    most = PATIENCE_SECONDS[1] + due * PATIENCE_FOR_EACH[1]
    return min(random.uniform(_least_patience(due), most), READ_SECONDS)


def _is_wanted(entry: Entry) -> bool:
    try:
        answer = True if entry.when is None else entry.when()
        if inspect.isawaitable(answer):  # it would always count as true
            raise TypeError(f"nobody awaits {answer!r}")
        return bool(answer)
    except Exception:
        _log.exception("passed over %s: its when() raised", entry.name)
        return False
