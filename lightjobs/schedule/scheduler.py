"""The scheduler: pushes the agenda's slots to the store. Any number of them may run at a time."""

from __future__ import annotations

import inspect
import logging
import random
from collections.abc import Mapping, Sequence

from ..current import dispatch_slots, prepared
from ..engines import outage
from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import LastSlot, NewJob, Slot, Status, Template
from .agenda import TOLERANCE, Agenda, Due
from .entry import Entry

BATCH = 500
"""How many slots are pushed in one call."""

LOOK_SECONDS = 1.0
"""The longest sleep of a scheduler, and so the time within which it notices that the clock was
set."""

READ_SECONDS = 10.0
"""The longest time between two reads of the store while standing by: a paused entry may have been
resumed."""

PATIENCE_SECONDS = (0.03, 0.08)
PATIENCE_FOR_EACH = (0.0005, 0.0015)
"""How long after a due moment a scheduler that stands by looks whether it was dispatched: a random
time between the first and the second figure, plus the same for each entry that is due. The leader
needs a fraction of a millisecond for each entry, and of twenty schedulers that look, one should be
ahead of the others by more than the time a batch takes."""

FORGET_SECONDS = 400 * 86_400
"""How long after its last moment the store's note of an entry is dropped if the entry is not in the
schedule. More than a year, because the entry may belong to another project on the same store and be
due once a year."""

AWAY_SECONDS = 0.5
"""The pause before the next try when the store is away."""

_UNFINISHED = (Status.NEW, Status.QUEUED, Status.PAUSED)
_log = logging.getLogger("lightjobs.schedule")


class Scheduler:
    """Dispatches `entries` through `engine`. The caller passes the time, in unix seconds.

    The store takes each slot once, however many schedulers push it, but twenty schedulers that push
    the same thousand jobs each second would keep it busy with refusals. So one of them leads and
    the others stand by. Shortly after each due moment, those that stand by read what the store has
    noted. If nothing has changed since they last looked, they push what is late; otherwise they
    push only what they have already left to another scheduler once. A scheduler stands by once most
    of a batch is refused, and leads once a batch is accepted. There is no election, and nothing
    depends on there being one leader: two leaders, or none for a while, cost time but dispatch
    nothing twice.
    """

    def __init__(self, engine: Engine, entries: Sequence[Entry]) -> None:
        self._engine = engine
        self._entries = entries
        self._agenda: Agenda | None = None
        self._missed_until = 0.0
        """Entries with accuracy "none" do not make up for moments up to this one."""
        self._leads = True
        self._look_at = 0.0
        """When to look again while standing by."""
        self._is_new = False
        """True until a look finds something late or another scheduler at work."""
        self._seen: dict[str, float] = {}
        """The moment noted for each entry at the last look while standing by; empty before it."""
        self._left: set[str] = set()
        """The entries whose due moments were left to another scheduler at that look."""

    def begin(self, now: float, since: float | None = None, among_others: bool = False) -> None:
        """Read from the store up to where each entry was dispatched. An entry that is new there
        begins at `since` (default: `now`). With `among_others` the scheduler begins by standing
        by, unless all entries are new, and entries with accuracy "none" do not make up for moments
        before `now`. Raises StoreUnavailable."""
        known, new = self._read(now if since is None else since)
        self._forget(set(known), now)
        self._describe(now)
        self._missed_until = now if among_others else 0.0
        self._agenda = self._make_agenda(known, now)
        if among_others and new < len(self._entries):
            self._leads = False
            self._note(known)
            agenda = self._make_agenda(known, now, active=True)
            # If nothing is late, either another scheduler keeps pace and will be at work when we
            # look, or none has begun. No scheduler is behind and needs more time.
            self._is_new = agenda.count(now) == 0
            self._look_at = self._next_look(agenda, now)

    def _read(self, since: float) -> tuple[dict[str, LastSlot], int]:
        """What the store has noted of each entry, and how many entries were new and now begin at
        `since`."""
        known = self._engine.schedule.slots()
        new = [entry.name for entry in self._entries if entry.name not in known]
        if new:
            self._engine.schedule.enroll(new, since)
            known = self._engine.schedule.slots()
        return known, len(new)

    def _describe(self, now: float) -> None:
        """Have the store keep what each entry dispatches and when it is due next, where it has not
        got that yet. Programs without the project's code show it, and run the entry."""
        noted = self._engine.schedule.slots(templates=True)
        templates: dict[str, Template] = {}
        nexts: dict[str, float | None] = {}
        for entry in self._entries:
            last = noted.get(entry.name)
            if last is None:
                continue
            template, following = _template(entry), entry.next_after(int(now // 1))
            is_next = last.next is not None and last.next > now
            if template is not None and (last.template != template or is_next != bool(following)):
                templates[entry.name], nexts[entry.name] = template, following
        if templates:
            self._engine.schedule.describe(templates, nexts)

    def _make_agenda(
        self, known: Mapping[str, LastSlot], now: float, active: bool = False
    ) -> Agenda:
        """What is due. `active` leaves paused entries out: they are late without any scheduler
        being behind."""
        paused = {name for name, slot in known.items() if active and slot.paused}
        entries = [entry for entry in self._entries if entry.name not in paused]
        last = {name: slot.due for name, slot in known.items()}
        # Under accuracy "none" a moment later than the tolerance is never dispatched, so there is
        # no scheduler to wait for.
        return Agenda(entries, last, now, max(self._missed_until, now - TOLERANCE))

    def _forget(self, known: set[str], now: float) -> None:
        for name in known.difference(entry.name for entry in self._entries):
            self._engine.schedule.forget_entry(name, now - FORGET_SECONDS)

    def dispatch(self, now: float) -> float:
        """Dispatch what is due and return the moment by which to call again. Raises
        StoreUnavailable; the next call then dispatches what the store has not taken."""
        if self._agenda is None:
            self.begin(now)
        agenda, self._agenda = self._agenda, None
        assert agenda is not None
        # The agenda stays None if this raises: a batch whose reply was lost may have been taken, so
        # the next call asks the store.
        if self._leads:
            due = agenda.due(now)
            self._push(due)
            self._seen, self._look_at = {}, now + _patience(len(due))
        elif not now < self._look_at <= now + READ_SECONDS:  # later: the clock was set back
            agenda = self._stand_by(now)
        self._agenda = agenda
        next_at = agenda.next if self._leads else self._look_at
        return now + LOOK_SECONDS if next_at is None else min(next_at, now + LOOK_SECONDS)

    def _stand_by(self, now: float) -> Agenda:
        """Push what no other scheduler is dispatching; return what is due from then on."""
        known, new = self._read(now)
        if new:
            self._describe(now)
        agenda = self._make_agenda(known, now, active=True)
        waiting = agenda.count(now)
        are_moving = self._are_moving(known)  # another is at work, or died in the middle
        crowd = 0 if self._is_new else waiting
        self._is_new = self._is_new and not waiting and not are_moving
        # One slot of each entry is enough: a scheduler that stands by must not slow down a leader
        # that is behind.
        late = agenda.due(now - _least_patience(crowd), most=1)
        if are_moving:
            ripe = [slot for slot in late if self._is_left_again(slot.entry.name, known)]
        else:
            ripe = late
        self._left = {slot.entry.name for slot in late}
        self._note(known)
        if ripe:
            self._push(ripe[:BATCH])  # the rest is left to whichever scheduler then leads
            return self._make_agenda(self._engine.schedule.slots(), now)
        self._look_at = now + _patience(waiting) if late else self._next_look(agenda, now)
        return agenda

    def _note(self, known: Mapping[str, LastSlot]) -> None:
        self._seen = {name: slot.due for name, slot in known.items()}

    def _are_moving(self, known: Mapping[str, LastSlot]) -> bool:
        """Whether a moment has been noted since the last look."""
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
        """Like `dispatch`, but if the store is away, logs that and returns when to try again."""
        try:
            until = self.dispatch(now)
            outage.back(_log)
            return until
        except StoreUnavailable as error:
            outage.away(_log, error)
            return now + AWAY_SECONDS

    def _push(self, due: list[Due]) -> None:
        """Push the slots, and stop after the first batch that another scheduler has pushed."""
        alone = {slot.entry.name for slot in due if not slot.entry.overlapping}
        known = self._engine.schedule.slots() if alone else {}
        busy = {name for name in alone if name in known and self._is_unfinished(known[name])}
        for start in range(0, len(due), BATCH):
            batch = due[start : start + BATCH]
            slots = [self._slot(each, busy) for each in batch]
            refused = self._push_batch(slots)
            # More than half must be refused: of two schedulers that push the same slots in
            # different batches, one must go on.
            if 2 * len(refused) > len(batch) and not self._are_paused(refused):
                # The other goes on with the rest; pushing it here too would only slow it down.
                self._leads = False
                return
        self._leads = True

    def _push_batch(self, slots: list[Slot]) -> list[str]:
        """Push the slots; return the names of the entries whose jobs were refused."""
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
        # A cancelled job may still be running, until its worker has noticed.
        return job is not None and (job.status in _UNFINISHED or job.worker is not None)

    def _slot(self, due: Due, busy: set[str]) -> Slot:
        following = due.entry.next_after(due.moment)
        return Slot(due.entry.name, due.moment, self._job(due, following, busy), following)

    def _job(self, due: Due, following: int | None, busy: set[str]) -> NewJob | None:
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
            return prepared(entry.new_job_between(due.moment, following))
        except LightjobsError as error:
            _log.error("passed over %s: %s", entry.name, error)
        except Exception:
            _log.exception("passed over %s: middleware raised in before_push", entry.name)
        return None


def _least_patience(due: int) -> float:
    return PATIENCE_SECONDS[0] + due * PATIENCE_FOR_EACH[0]


def _patience(due: int) -> float:
    most = PATIENCE_SECONDS[1] + due * PATIENCE_FOR_EACH[1]
    return min(random.uniform(_least_patience(due), most), READ_SECONDS)


def _template(entry: Entry) -> Template | None:
    try:
        return entry.template()
    except LightjobsError as error:
        _log.error("%s cannot be described: %s", entry.name, error)
        return None


def _is_wanted(entry: Entry) -> bool:
    try:
        answer = True if entry.when is None else entry.when()
        if inspect.isawaitable(answer):  # which would always count as true
            raise TypeError(f"{answer!r} is awaitable; allowed: a function that is not async")
        return bool(answer)
    except Exception:
        _log.exception("passed over %s: its when() raised", entry.name)
        return False
