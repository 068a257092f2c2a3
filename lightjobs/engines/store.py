"""The seam: what an engine promises. Policy (attempts, backoff, batching) stays above it.

The promises are proven once for every engine in `tests/contract/`; `memory.py` is the same in
plain Python.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..errors import LightjobsError
from ..model import (
    DEFAULT_RETENTION,
    QUEUE_LENGTH,
    Claim,
    LastSlot,
    NewJob,
    Outcome,
    Retention,
    Slot,
    Status,
    Stored,
)
from .cleanup_plan import GROUPS, step

MAX_RECOVERIES = 3
"""A job goes back after this many deaths of its worker; at the next one it fails."""

WORKER_LOST = (
    f"worker lost: the process running this job died {MAX_RECOVERIES + 1} times before it finished"
)


class Move(NamedTuple):
    """A legal change of status by hand: from any of `sources` to `target`."""

    sources: tuple[str, ...]
    target: str
    fresh: bool = False
    """Whether the job becomes as new: due now, no attempts, recoveries, exception or failed_at.
    Without it due time, priority and attempts are kept."""


MOVES = {
    "retry": Move((Status.FAILED,), Status.NEW, fresh=True),
    "rerun": Move((Status.COMPLETED, Status.CANCELLED), Status.NEW, fresh=True),
    "cancel": Move((Status.NEW, Status.PAUSED, Status.QUEUED), Status.CANCELLED),
    "pause": Move((Status.NEW,), Status.PAUSED),
    "resume": Move((Status.PAUSED,), Status.NEW),
    "requeue": Move((Status.QUEUED,), Status.NEW),
}
"""What people may do to a job, by name. Whatever is not here is refused. A move that cuts off a
run raises the job's fence, so that the outcome of that run is refused."""

ENDED = (Status.FAILED, Status.COMPLETED, Status.CANCELLED)
"""The statuses of jobs that will not run (again); they have a `failed_at`, the time they ended."""

PURGEABLE = (*ENDED, Status.NEW, Status.PAUSED)
"""The statuses that `purge` may delete: all but those in a worker's hands."""


class Where(NamedTuple):
    """Which jobs a bulk verb touches: those that fit all that is given."""

    job_id: str | None = None
    queue: str | None = None
    handler: str | None = None
    before: float | None = None
    """Unix time: ended before then, or when not ended, created before then."""
    status: str | None = None
    """For a move with several sources: only from this one."""


EVERYWHERE = Where()


def pausable(queue: object) -> str:
    """`queue`, a name that PHP at least could give one. Raises ValueError for any other: a table
    could cut it to another queue's."""
    if not isinstance(queue, str) or not 0 < len(queue) <= QUEUE_LENGTH:
        raise ValueError(f"{queue!r} names no queue; allowed: 1 to {QUEUE_LENGTH} characters")
    return queue


class CallerTransaction(ABC):
    """The caller's transaction, on a connection of its own, and what can be made part of it: it is
    seen by others once that is committed, and has never been if it is rolled back."""

    @abstractmethod
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs`, all or none, and return their ids in order. Where the connection commits
        each statement by itself and no transaction is open, they are stored at once."""

    @abstractmethod
    def complete(self, job_id: str, fence: int) -> None:
        """Settle a run as Done. Raises StaleClaim when the job has another fence, or no worker any
        more; LightjobsError where there is no transaction."""

    @abstractmethod
    def abandon(self) -> bool:
        """Whether the transaction of `complete` is still open, or after StaleClaim any; then it is
        rolled back. For when the run has ended: nobody else could settle the job meanwhile."""


Progress = Callable[[int], None]
"""Told how many more jobs a bulk verb has touched, a part at a time."""


class Engine(ABC):
    """A store of jobs. All methods may be called from several threads and raise StoreUnavailable
    when the store does not answer, SchemaOutdated when its tables are not what this version needs.
    """

    name: str
    works: str | None = None
    """None when a worker process can claim from this engine; else one sentence saying why not."""
    serves_at_once: bool = False
    """Whether two threads, one that settles and one that claims, are served faster than one that
    does both."""
    retention: Retention = DEFAULT_RETENTION
    """How long jobs that have ended stay."""

    @abstractmethod
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs`, all or none, and return their ids in order. What has returned will run."""

    def join(self, connection: Any) -> CallerTransaction:
        """Take part in the transaction that is open on the caller's `connection`. Raises
        LightjobsError when this engine keeps no jobs there."""
        raise LightjobsError(
            f"connection= needs JOB_ENGINE=database; the {self.name} engine keeps no jobs in a "
            "database"
        )

    @abstractmethod
    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        """Atomically take up to `limit` due jobs for `worker`, a registered one.

        Queues in strict order; within one, higher priority, then due time, then birth first.
        Each claim has raised the job's attempts and its fence by one. Nobody gets jobs of a paused
        queue. Raises UnknownWorker when something is due and `worker` is not registered.
        """

    @abstractmethod
    def held(self, worker: str) -> list[Claim]:
        """All claims of `worker` that are not settled: those whose reply was lost included, those
        that were cancelled meanwhile not."""

    @abstractmethod
    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        """Store the outcomes of runs, all in one step, and say of each whether it was accepted.
        A job that is Done is deleted, or kept as completed when `retention` says so.

        Only the outcome that carries the job's latest fence is accepted, once. Settling again
        what was accepted changes nothing, and is answered True as long as the job has not been
        claimed anew: a job that is gone counts as accepted while `worker` is registered, because
        only a recovery of `worker` could have given its job to another.
        """

    @abstractmethod
    def register(self, worker: str, lease: float) -> None:
        """Make `worker` known for `lease` seconds. A name is used once; it never comes back.
        Raises LightjobsError for one that is known."""

    @abstractmethod
    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        """Extend the leases of `workers` to `lease` seconds from now; return those that are no
        longer registered. Their jobs were given to others, so they must stop."""

    @abstractmethod
    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        """Put back what dead workers hold, forget those workers, return how many jobs it was.

        With `worker`: that one, which the caller knows to be dead. Without: all whose lease ran
        out; but when nobody asked for longer than `lease` (the store was away, or everyone was),
        nobody is recovered until half a lease later, so that the living can beat first.

        A recovery gives the attempt back and counts in `recoveries`; after MAX_RECOVERIES of
        them the job fails with WORKER_LOST instead, and has them back. The fence stays.
        """

    def recover_php(self, before: float) -> int:
        """Put back jobs that a PHP worker claimed before the unix time `before` and did not end: it
        keeps no lease, so only people can say how long is too long. Returns how many."""
        return 0

    @abstractmethod
    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        """Apply the move `name` of MOVES to the jobs `where` names, in bounded parts; return how
        many it was.

        A running job that is cancelled keeps its row, and its worker's name there, until that
        worker has settled or been recovered: its outcome is refused. A requeued one gives its
        attempt back.
        """

    @abstractmethod
    def purge(
        self, status: str, where: Where = EVERYWHERE, progress: Progress | None = None
    ) -> int:
        """Delete jobs with `status`, one of PURGEABLE, in bounded parts; return how many it was.
        A cancelled job whose worker has not let go of it yet is left for the next time."""

    @abstractmethod
    def count(self, status: str, where: Where = EVERYWHERE) -> int:
        """How many jobs with `status` fit `where`."""

    @abstractmethod
    def pause_queue(self, queue: str) -> bool:
        """Let nobody claim from `queue` until it is resumed, whatever is dispatched meanwhile.
        Returns False when it was paused already. Raises ValueError for a name that no queue has."""

    @abstractmethod
    def resume_queue(self, queue: str) -> bool:
        """Undo `pause_queue`. Returns False when it was not paused."""

    @abstractmethod
    def paused_queues(self) -> list[str]:
        """The names of the paused queues, in order."""

    def cancel(self, job_id: str) -> bool:
        """Cancel one job: a waiting, delayed or paused one never runs; a running one is told, and
        its outcome refused. Returns False when there is no such job, or it has ended."""
        where = _one(job_id)
        cancelled = bool(self.move("cancel", where))
        if cancelled and self.retention.cancelled == 0:
            self.purge(Status.CANCELLED, where)
        return cancelled

    def pause(self, job_id: str) -> bool:
        """Keep one waiting or delayed job from running until it is resumed. Returns False when it
        is not waiting."""
        return bool(self.move("pause", _one(job_id)))

    def resume(self, job_id: str) -> bool:
        """Let a paused job run, with the due time and priority it had. Returns False when it is
        not paused."""
        return bool(self.move("resume", _one(job_id)))

    def cleanup(
        self,
        *,
        pending: str = "nothing",
        processing: str = "nothing",
        completed: str = "nothing",
        failed: str = "nothing",
        cancelled: str = "nothing",
        paused: str = "nothing",
        queue: str | None = None,
        handler: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, int]:
        """Do to the jobs of each group (of `queue`, of the stored `handler`) what its text says:
        "nothing", "rerun", "remove", or "remove older than 7 days" (since they ended, or were
        created).
        In bounded parts, while workers run. To remove what is being processed is to cancel it: it
        goes when its worker lets go of it, or stays as cancelled where those are kept. Returns the
        number of jobs of each group that was to be touched; with `dry_run` only counts. Raises
        LightjobsError for any other text.
        """
        actions = (pending, processing, completed, failed, cancelled, paused)
        try:
            steps = [step(*pair) for pair in zip(GROUPS, actions, strict=True)]
        except ValueError as error:
            raise LightjobsError(str(error)) from None
        touched = {
            group: 0 for group, action in zip(GROUPS, actions, strict=True) if action != "nothing"
        }
        for group, status, move, before in filter(None, steps):
            where = Where(queue=queue, handler=handler, before=before, status=status)
            if dry_run:
                touched[group] = self.count(status, where)
            elif move is None:
                touched[group] = self.purge(status, where, progress)
            else:
                touched[group] = self.move(move, where, progress)
        return touched

    def expire(self) -> int:
        """Delete the ended jobs that `retention` keeps no longer; returns how many."""
        total = 0
        for status, age in zip(
            (Status.COMPLETED, Status.FAILED, Status.CANCELLED), self.retention, strict=True
        ):
            if age is not None:
                # Times of ending are kept in whole seconds: 0 seconds ago includes this one.
                before = time.time() - age + (1 if age == 0 else 0)
                total += self.purge(status, Where(before=before))
        return total

    @abstractmethod
    def stats(self) -> dict[str, dict[str, int]]:
        """For each queue that has jobs, how many there are of each of STATUSES, and `delayed`:
        those of `new` that are not due yet."""

    @abstractmethod
    def find(self, job_id: str) -> Stored | None:
        """The job, or None."""

    @abstractmethod
    def browse(
        self,
        status: str,
        queue: str | None = None,
        limit: int = 50,
        handler: str | None = None,
        before: float | None = None,
    ) -> list[Stored]:
        """Up to `limit` jobs with `status`: ended ones by the time they ended, the latest first,
        others oldest first. Only those of `queue`, of the stored `handler`, and that ended (or, not
        having ended, were created) before the unix time `before`, where these are given."""

    @abstractmethod
    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        """Return True as soon as a job of `queues` may be due, False after `timeout` seconds.

        Costs next to nothing while nothing happens. True is a hint: the claim may find nothing.
        """

    @abstractmethod
    def limit(self, key: str, most: int, seconds: float) -> float:
        """Count a hit on `key` in a window of `seconds` that begins with its first hit. Returns 0.0
        while there are no more than `most`, else how many seconds the window still lasts."""

    @abstractmethod
    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        """Push the jobs of `slots` and note their moments, all in one step; return each job's id.

        A slot that is not later than the last one noted for its entry, or whose entry is paused,
        is refused: nothing of it is stored, and None stands for its id. So however many processes
        push a slot, however often, one job comes of it. A slot without a job is noted all the same.
        Slots of one entry count in the order given.
        """

    @abstractmethod
    def enroll(self, entries: Sequence[str], due: float) -> None:
        """Make entries of the schedule known that are not, with `due` as the last moment noted, so
        that nothing up to then counts as missed. Those known stay as they are."""

    @abstractmethod
    def slots(self) -> dict[str, LastSlot]:
        """What is noted of each entry of the schedule that is known, by name."""

    @abstractmethod
    def pause_entry(self, entry: str) -> bool:
        """Refuse the slots of an entry that is known from now on. Returns False when it is not
        known, or paused already."""

    @abstractmethod
    def resume_entry(self, entry: str, due: float) -> bool:
        """Undo `pause_entry`; moments up to `due` are passed over, not missed. Returns False when
        the entry is not paused."""

    @abstractmethod
    def complete_entry(self, entry: str, job_id: str) -> bool:
        """Note that the last job of `entry` completed: by default the job itself is deleted then.
        Returns False when it is not the last one, or the entry not known."""

    @abstractmethod
    def forget_entry(self, entry: str, before: float) -> bool:
        """Drop what is noted of an entry whose last moment is earlier than `before`. Returns False
        when it is not known, paused, or later."""

    @abstractmethod
    def install(self, dry_run: bool = False) -> list[str]:
        """Bring the store's schema up to date; return the text of each step taken, or with
        `dry_run` of each that would be. Several at once are safe."""

    def uninstall(self, dry_run: bool = False) -> list[str]:
        """Take the latest migration back; return the text of the step, or with `dry_run` of what
        would be. What Lightpack has too, its table and the jobs in it, stays."""
        return []

    @abstractmethod
    def installed(self) -> list[tuple[str, str | None]]:
        """Each migration's name with the time it was applied, None for a pending one."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the store, for `lightjobs check`; [] when it is ready for work."""

    def warnings(self) -> list[str]:
        """What is not wrong and yet may lose jobs, for `lightjobs check`; [] also when the store
        does not let itself be asked."""
        return []

    def close(self) -> None:  # noqa: B027 - most engines have nothing to close
        """Give back connections; the engine opens new ones when it is used again."""


def _one(job_id: str) -> Where:
    """The job with that id alone. Raises LightjobsError for what is no text: None, which somebody's
    empty column may hold, would mean every job there is."""
    if not isinstance(job_id, str):
        raise LightjobsError(f"{job_id!r} is no job's id; allowed: the text that dispatch returned")
    return Where(job_id)


def legal_move(name: str, where: Where = EVERYWHERE) -> Move:
    """The move called `name`, from those of its sources that `where` allows. Raises LightjobsError
    for any other."""
    if name not in MOVES:
        raise LightjobsError(f"there is no move {name!r}; allowed: {', '.join(MOVES)}")
    move = MOVES[name]
    if where.status is None:
        return move
    return move._replace(sources=tuple(s for s in move.sources if s == where.status))


def legal_purge(status: str) -> str:
    """`status` if jobs with it may be deleted. Raises LightjobsError otherwise."""
    if status not in PURGEABLE:
        raise LightjobsError(
            f"jobs that are {status!r} are not purged; allowed: {', '.join(PURGEABLE)}"
        )
    return status
