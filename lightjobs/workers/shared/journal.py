"""The journal: which jobs a child holds and how far each of them is, in memory that outlives the
child.

The child writes, with plain memory writes and no system call; when it dies, the supervisor reads.
So a job that had finished but was not settled yet is settled instead of run again, and a job that
had not started goes back at no cost. The memory is a file without a name, shared as a descriptor.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ...errors import JobTimeout
from ...model import KINDS, OUTCOMES, PLAIN, Claim, Done, Failed, Outcome, Release
from . import claim_note
from .claim_note import ClaimNote
from .observed_memory import OBSERVED_BYTES, ObservedMemory
from .shared_file import shared_file

SLOTS = 2048
"""The number of jobs that a child can hold at once."""

BRIEF_CHARS = 200
"""How much of the exception of a job that will be repeated is kept."""

_FREE, _CLAIMED, _STARTED, _FINISHED = range(4)
# State, id, fence, where the outcome's JSON begins, its length, when the handler must have ended.
_SLOT = struct.Struct("=B47sQIId")
_OUTCOME = struct.Struct("=II")
_OUTCOME_AT = 1 + 47 + 8
_DEADLINE = struct.Struct("=d")
_DEADLINE_AT = _OUTCOME_AT + _OUTCOME.size
# The timeout in seconds; when the job is due again after it, or NaN for never; its attempts then.
_LATE = struct.Struct("=ddQ")
_LATE_AT = SLOTS * _SLOT.size
_TAKEN_AT = _LATE_AT + SLOTS * _LATE.size
_NOTE_AT = _TAKEN_AT + SLOTS
_HEAP = _NOTE_AT + claim_note.SIZE
_HEAP_END = _HEAP + 1024 * 1024
_SIZE = _HEAP_END + OBSERVED_BYTES


class JournalEntry(NamedTuple):
    """One job that a child held. `started` says whether its handler was called; `outcome` is None
    if the run had not ended."""

    id: str
    fence: int
    started: bool
    outcome: Outcome | None


class Journal:
    """A child's record of the jobs it holds, one slot for each."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Open the journal behind `descriptor`; without one, make a new journal."""
        if descriptor is None:
            descriptor = shared_file(_SIZE)
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, _SIZE)
        self.claim_note = ClaimNote(self._memory, _NOTE_AT)
        """What of it is not noted here yet."""
        self._free = list(range(SLOTS - 1, -1, -1))
        self._heap = _HEAP
        self._heap_lock = threading.Lock()
        self.observed = ObservedMemory(self._memory, _HEAP_END)
        """What the child says of itself. It is here because each descriptor counts."""

    def claimed(self, claim: Claim) -> int:
        """Note a claim. Returns its slot."""
        slot = self._free.pop()
        # The state byte is written last: a slot that is half written must not count.
        at = slot * _SLOT.size
        _SLOT.pack_into(self._memory, at, _FREE, claim.id.encode(), claim.fence, 0, 0, 0.0)
        self._memory[_TAKEN_AT + slot] = False
        self._memory[at] = _CLAIMED
        return slot

    def started(self, slot: int) -> bool:
        """Note that the handler is about to run. Returns False if it must not, because the
        supervisor has taken the job away."""
        # Written, then read; `take` does it the other way round. So one of the two sees the other.
        self._memory[slot * _SLOT.size] = _STARTED
        if self._memory[_TAKEN_AT + slot]:
            self._memory[slot * _SLOT.size] = _CLAIMED
            return False
        return True

    def put_back(self, slot: int) -> None:
        """Note that a handler that was about to run was not called: its job waits again."""
        self._memory[slot * _SLOT.size] = _CLAIMED

    def unread(self) -> int:
        """The number of the claim that is under way while a job runs; 0: there is none."""
        number = self.claim_note.under_way
        return number if number and _STARTED in self._states() else 0

    def _states(self) -> bytes:
        return self._memory[: _LATE_AT : _SLOT.size]

    def unstarted(self) -> set[tuple[int, str, int]]:
        """Slot, id and fence of each job that waits here while another one runs."""
        states = self._states()
        if _STARTED not in states or _CLAIMED not in states:
            return set()
        waiting = [slot for slot, state in enumerate(states) if state == _CLAIMED]
        return {(slot, *self._read(slot)[1:]) for slot in waiting}

    def take(self, jobs: Iterable[tuple[int, str, int]]) -> list[tuple[str, int]]:
        """Take away jobs of `unstarted`. Returns the id and fence of those that have not started
        and will not."""
        taken = list(jobs)
        for slot, _id, _fence in taken:
            self._memory[_TAKEN_AT + slot] = True
        time.sleep(claim_note.TAKE_SECONDS)
        return [
            (id, fence) for slot, id, fence in taken if self._read(slot) == (_CLAIMED, id, fence)
        ]

    def timed(self, slot: int, deadline: float, seconds: float, late_outcome: Outcome) -> None:
        """Note the `deadline` of a started job, by the monotonic clock, which all processes share.
        After it, this worker may be ended from outside. Then the job gets the `late_outcome`, which
        for a failed job names its timeout of `seconds`."""
        due, attempts = math.nan, 0
        if type(late_outcome) is Release:
            due, attempts = late_outcome.due, late_outcome.attempts
        _LATE.pack_into(self._memory, _LATE_AT + slot * _LATE.size, seconds, due, attempts)
        self._set_deadline(slot, deadline)

    def untimed(self, slot: int) -> None:
        """Note that the handler has ended: it has no deadline any more."""
        self._set_deadline(slot, 0.0)

    def _set_deadline(self, slot: int, deadline: float) -> None:
        _DEADLINE.pack_into(self._memory, slot * _SLOT.size + _DEADLINE_AT, deadline)

    def overdue(self) -> dict[tuple[str, int], Outcome]:
        """The outcomes of the running jobs whose deadline has passed, by id and fence."""
        now = time.monotonic()
        return {
            (id, fence): self._late_outcome(slot, id, fence)
            for slot in self._past_deadline(now)
            for state, id, fence in [self._read(slot)]
            if state == _STARTED
        }

    def _past_deadline(self, now: float) -> list[int]:
        # Called several times a second, and nearly always finds nothing: so it must be quick. It
        # must leave no view of the memory behind, or the memory could not be closed.
        with (
            memoryview(self._memory) as memory,
            memory[:_LATE_AT] as slots,
            slots.cast("d") as numbers,
            numbers[_DEADLINE_AT // 8 :: _SLOT.size // 8] as deadlines,
        ):
            return [slot for slot, at in enumerate(deadlines) if 0.0 < at <= now]

    def _read(self, slot: int) -> tuple[int, str, int]:
        state, id, fence, *_ = _SLOT.unpack_from(self._memory, slot * _SLOT.size)
        return state, id.rstrip(b"\0").decode(), fence

    def _late_outcome(self, slot: int, id: str, fence: int) -> Outcome:
        seconds, due, attempts = _LATE.unpack_from(self._memory, _LATE_AT + slot * _LATE.size)
        if not math.isnan(due):
            return Release(id, fence, due, attempts, _ended(seconds))
        return Failed(id, fence, _ended(seconds))

    def finished(self, slot: int, outcome: Outcome) -> None:
        """Note the outcome. If there is no room for its text, the job stays noted as started: after
        a crash in the milliseconds before it is settled, it runs again."""
        at = slot * _SLOT.size
        is_plain = type(outcome) is Done and outcome[2:] == PLAIN
        if is_plain or any(self._write(at, text) for text in _texts(outcome)):
            self._memory[at] = _FINISHED

    def _write(self, at: int, text: bytes) -> bool:
        """Write the text of an outcome, whose slot is `at`, if there is room for it. Returns
        whether there was."""
        with self._heap_lock:
            begin, end = self._heap, self._heap + len(text)
            if end > _HEAP_END:
                return False
            self._memory[begin:end] = text
            _OUTCOME.pack_into(self._memory, at + _OUTCOME_AT, begin, len(text))
            self._heap = end
        return True

    def settled(self, slots: Iterable[int]) -> None:
        """Free the slots of jobs that are no longer held."""
        memory, size = self._memory, _SLOT.size
        for slot in slots:
            memory[slot * size] = _FREE
            self._free.append(slot)
        if len(self._free) == SLOTS:
            with self._heap_lock:
                if len(self._free) == SLOTS:
                    self._heap = _HEAP

    def room(self) -> int:
        """How many more claims fit."""
        return len(self._free)

    def read(self) -> list[JournalEntry]:
        """All jobs that are held. For the supervisor, when the child is dead."""
        held = []
        for at in range(0, _LATE_AT, _SLOT.size):
            state, id, fence, begin, length, _deadline = _SLOT.unpack_from(self._memory, at)
            if state != _FREE:
                job_id = id.rstrip(b"\0").decode()
                outcome = (
                    self._outcome(job_id, fence, begin, length) if state == _FINISHED else None
                )
                held.append(JournalEntry(job_id, fence, state != _CLAIMED, outcome))
        return held

    def _outcome(self, id: str, fence: int, begin: int, length: int) -> Outcome:
        if not length:
            return Done(id, fence)
        name, *rest = json.loads(self._memory[begin : begin + length])
        return OUTCOMES[name](id, fence, *rest)

    def close(self) -> None:
        """Release the memory."""
        self._memory.close()
        os.close(self.descriptor)


def _texts(outcome: Outcome) -> Iterator[bytes]:
    """An outcome as JSON, the best text first: the next one is for when there is no room for it."""
    # Without the line for the job's errors, which can be made again.
    fields: tuple[Any, ...] = outcome[2:3]
    if type(outcome) is Release:
        # The first line of the exception: jobs that fail and are repeated are many.
        fields = (*outcome[2:4], _brief(outcome.exception))
    elif type(outcome) is Done:
        fields = outcome[2:]
    yield json.dumps([KINDS[type(outcome)], *fields]).encode()
    if type(outcome) is Done and outcome.result is not None:
        # To lose the result is better than to run the job again.
        yield json.dumps([KINDS[Done], *outcome._replace(result=None)[2:]]).encode()


def _brief(exception: str | None) -> str | None:
    return None if exception is None else exception[:BRIEF_CHARS].partition("\n")[0]


def _ended(seconds: float) -> str:
    """The exception of a job that ignored its timeout."""
    return f"{JobTimeout(seconds)}, and went on: its worker was ended"
