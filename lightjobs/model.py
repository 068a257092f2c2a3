"""The words engines and workers exchange: a job to store, a claim on one, the outcome of a run.

Times that engines compare are unix seconds as floats; times that people and PHP read are text,
`YYYY-MM-DD HH:MM:SS` in UTC.
"""

from __future__ import annotations

import time
from enum import Enum, StrEnum
from functools import lru_cache
from typing import NamedTuple


class Status(StrEnum):
    """How a job stands. `NEW`, `QUEUED` and `FAILED` are Lightpack's words, the others ours."""

    NEW = "new"
    """It waits, due now or later."""
    QUEUED = "queued"
    """A worker has claimed it."""
    FAILED = "failed"
    """It failed for good."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


STATUSES = tuple(Status)

PRIORITIES = {"lowest": -2, "lower": -1, "normal": 0, "higher": 1, "highest": 2}
"""Hummingbird's five names; stored as these integers, higher first."""

QUEUE_LENGTH = 55
HANDLER_LENGTH = 255
"""Widths of Lightpack's `jobs.queue` and `jobs.handler`; every engine keeps to them, so that a job
can move between engines."""

_NOT_IN_QUEUES = ",*?%"
"""The comma stands between names. The others are wildcards elsewhere: they would be taken for a
pattern of queues, but commands act on the queue that has exactly the name given."""

QUEUE_NAMES = f"a name of 1 to {QUEUE_LENGTH} printable characters without comma, *, ? or %"


def is_queue(name: object) -> bool:
    """Whether `name` is one of QUEUE_NAMES."""
    if not isinstance(name, str) or not 0 < len(name) <= QUEUE_LENGTH:
        return False
    if any(char in name for char in _NOT_IN_QUEUES):
        return False
    return name.isprintable() and name == name.strip()


ENTRY_OPTION = "entry"
"""In a job's options: the name of the entry of the schedule that it is for."""

SLOT_OPTION = "slot"
"""In a job's options: the moment of the entry that it is for and the next one, both in unix seconds
(the latter null if there is none), and the name of the entry's time zone."""


class NewJob(NamedTuple):
    """A job to push. `due` None means now, by the store's clock; `payload` is JSON text."""

    handler: str
    queue: str
    payload: str
    due: float | None = None
    priority: int = 0
    options: str | None = None
    """JSON text of the values set on this one job (attempts, retryAfter), and as ENTRY_OPTION
    and SLOT_OPTION what it is for in the schedule; None for none."""


class Claim(NamedTuple):
    """A job in a worker's hands. Only an outcome with this fence will be accepted."""

    id: str
    fence: int
    handler: str
    queue: str
    payload: str
    attempts: int
    """Runs so far, this one included."""
    recoveries: int
    """How often a worker died while it held this job."""
    created_at: str
    options: str | None


class Done(NamedTuple):
    """The run succeeded: the job is deleted, or kept as completed."""

    id: str
    fence: int
    entry: str | None = None
    """The entry of the schedule the job was for: the store notes that its last job completed."""


class Release(NamedTuple):
    """Run it again at `due` (unix seconds); `attempts` is the count to store."""

    id: str
    fence: int
    due: float
    attempts: int
    exception: str | None = None
    """The text kept with it until its next outcome; None if the run did not fail."""


class Failed(NamedTuple):
    """It failed for good; `exception` is the text kept with it."""

    id: str
    fence: int
    exception: str


class HandBack(NamedTuple):
    """Claimed but not run (or not to its end, at a forced stop): as if never claimed."""

    id: str
    fence: int


Outcome = Done | Release | Failed | HandBack

OUTCOMES: dict[str, type[Outcome]] = {
    "done": Done,
    "release": Release,
    "failed": Failed,
    "hand back": HandBack,
}
"""The outcomes by the word that stands for them in a script, a journal or a child's order."""

KINDS: dict[type[Outcome], str] = {outcome: kind for kind, outcome in OUTCOMES.items()}
"""The other way round."""

SETTLED_AS: dict[type[Outcome], Status] = {
    Done: Status.COMPLETED,
    Release: Status.NEW,
    Failed: Status.FAILED,
    HandBack: Status.NEW,
}
"""The status of a job whose outcome was accepted, if the job is still there."""


class Settlement(Enum):
    """What became of an outcome that a worker settled."""

    ACCEPTED = "accepted"
    """The store has it."""
    CANCELLED = "cancelled"
    """It was refused: the job had been cancelled while it ran."""
    LOST = "lost"
    """It was refused: the job had been given to another worker, or removed."""


class Retention(NamedTuple):
    """How many seconds a job stays after it has ended, by outcome: 0 drops it, None keeps it."""

    completed: float | None = 0.0
    failed: float | None = None
    cancelled: float | None = 0.0


DEFAULT_RETENTION = Retention()


class Stored(NamedTuple):
    """A job as the store has it, for people to look at."""

    id: str
    handler: str
    queue: str
    payload: str
    status: str
    attempts: int
    priority: int
    created_at: str
    scheduled_at: str
    exception: str | None
    failed_at: str | None
    recoveries: int
    worker: str | None
    options: str | None

    def claim(self, fence: int) -> Claim:
        """The claim on this job that had `fence`."""
        return Claim(
            id=self.id,
            fence=fence,
            handler=self.handler,
            queue=self.queue,
            payload=self.payload,
            attempts=self.attempts,
            recoveries=self.recoveries,
            created_at=self.created_at,
            options=self.options,
        )


class Slot(NamedTuple):
    """A moment (unix seconds) at which an entry of the schedule is due; `entry` is its name."""

    entry: str
    due: float
    job: NewJob | None
    """None: the moment is passed over."""


class LastSlot(NamedTuple):
    """What the store keeps of an entry of the schedule."""

    due: float
    """The last moment that was dispatched or passed over; only later ones are accepted."""
    job_id: str | None
    """The last job that was pushed for it."""
    job_due: float | None
    """The moment of that job. It lies before `due` once moments were passed over since."""
    paused: bool
    completed: bool = False
    """Whether it is known that the last job completed; the job itself may be gone."""


def utc_text(moment: float) -> str:
    """`moment` (unix seconds) as stored text, whole seconds, rounded down."""
    return _second_text(moment // 1)


@lru_cache(maxsize=64)
def _second_text(second: float) -> str:
    """Kept for a while: who dispatches much asks for the present second again and again."""
    year, month, day, hour, minute, rest, *_ = time.gmtime(second)
    # Not strftime: its %Y gives the year 68 two digits, and stored times are compared as text.
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{rest:02}"


def row_number(job_id: str) -> int:
    """The number in `job_id` for engines that count their jobs; -1, which no job has, for text
    that is no such number."""
    countable = job_id.isascii() and job_id.isdecimal() and len(job_id) < 19
    return int(job_id) if countable else -1
