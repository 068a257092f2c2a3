"""The seam between the workers and the stores: what every store promises.

Policy (attempts, backoff, retention ages, batching) belongs above the seam. The tests in
`tests/contract/` prove the promises on every store; `memory.py` states them in plain Python.

Over 300 lines because what an engine has to do is read in one place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import LightjobsError
from ..model import (
    DEFAULT_RETENTION,
    QUEUE_LENGTH,
    Claim,
    Cursor,
    Group,
    NewJob,
    Outcome,
    Retention,
    Settlement,
    Stored,
)
from .caller_transaction import AsyncCallerTransaction, CallerTransaction
from .where import EVERYWHERE, Where

MAX_RECOVERIES = 3
"""A job goes back to its queue after this many deaths of its worker; at the next one it fails."""

WORKER_LOST = (
    f"worker lost: the process running this job died {MAX_RECOVERIES + 1} times before it finished"
)
"""The exception of a job that failed because its workers died."""

Progress = Callable[[int], None]
"""Called after each part of a bulk verb with the number of jobs touched in that part."""


class Pending(ABC):
    """A settlement and a claim that a store has been asked for in one request. The caller must ask
    for both answers, each once, and for that of the settlement first."""

    @abstractmethod
    def settlements(self) -> list[Settlement]:
        """What `settle` returns for these outcomes. Waits for it, and raises what `settle` does."""

    @abstractmethod
    def claims(self) -> list[Claim]:
        """What `claim` returns. Waits for it, and raises what `claim` does."""


class JobStore(ABC):
    """A store of jobs. Each store writes the eighteen abstract verbs itself.

    All methods may be called from several threads. All raise StoreUnavailable when the store does
    not answer, and SchemaOutdated when its tables are not what this version needs.
    """

    name: str
    """The engine's name in JOB_ENGINE, which messages use."""
    unworkable: str | None = None
    """None when a worker process can claim from this store; otherwise one sentence saying why it
    cannot."""
    runs_at_dispatch: bool = False
    """Whether `push` runs the jobs, so that an error may be a handler's."""
    serves_at_once: bool = False
    """Whether two threads, one that settles and one that claims, are served faster than one thread
    that does both."""
    answers_later: bool = False
    """Whether there is `settle_and_claim`."""
    retention: Retention = DEFAULT_RETENTION
    """How long jobs stay after they have ended."""

    # A job's way through the store.

    @abstractmethod
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs`, all or none, and return their ids in order. Every job whose push has
        returned will run.

        A unique job whose key another job holds, be it an earlier one of `jobs`, is not stored: the
        answer has the id of that job. For "refuse" JobExists is raised instead, and nothing is
        stored; it has no job's id if the holder would have been one of `jobs`. For "replace" a
        holder that is new or paused gets the payload, due time and priority of this one, and if the
        scope is not "window" the key is held for its whole time again."""

    def join(self, connection: Any) -> CallerTransaction:
        """Take part in the transaction that is open on the caller's `connection`. Raises
        LightjobsError when this store does not keep its jobs there."""
        raise self._no_connection()

    def join_async(self, connection: Any) -> AsyncCallerTransaction:
        """The same for a connection of asyncio's."""
        raise self._no_connection()

    def _no_connection(self) -> LightjobsError:
        return LightjobsError(
            f"connection= needs JOB_ENGINE=database; the {self.name} engine keeps no jobs in a "
            "database"
        )

    @abstractmethod
    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        """Atomically take up to `limit` due jobs for `worker`, which must be registered, but none
        whose handler is one of `skip`.

        The queues are served in strict order. Within a queue, jobs with a higher priority come
        first. Within a priority, groups take turns, beginning behind the group that was served
        last; the jobs without a group are one of the groups. A turn is one job. Where more than 16
        groups wait, a claim of more than 16 jobs may take several of each of a few groups. Within a
        group, jobs with an earlier due time come first, then jobs that were pushed earlier. A job
        with a group limit is not claimed, nor one of its group behind it, while as many jobs of its
        group in that queue are claimed. Each claim raises the job's attempts and its fence by one.
        Jobs of a paused queue are not claimed.
        Raises UnknownWorker when something is due and `worker` is not registered.
        """

    @abstractmethod
    def held(self, worker: str) -> list[Claim]:
        """All claims of `worker` that are not settled. Claims whose reply was lost are among them;
        jobs that have since been cancelled are not."""

    @abstractmethod
    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        """Store the outcomes of runs, all in one step, and say what became of each.

        An outcome is accepted once, and only if it carries the job's latest fence. A job that is
        Done is deleted, or kept as completed with its `result` if `retention` or its `keep` says
        so, for the longer of the two; if it was for an entry of the schedule, the entry notes it. A
        job that was cancelled while it ran is let go of, and deleted unless `retention` keeps it.
        The `error` of a Release or Failed is put before the job's other errors. The steps in the
        `next` of a Done are pushed, and for a job that has Failed (or fails in a recovery) those
        that its options name as CATCH_OPTION, where a unique job that is refused is left out.
        What is due of the job's batch is pushed, too; see `BatchStore`.

        A settlement whose reply was lost may be repeated while `worker` is registered. What was
        accepted is answered ACCEPTED again and changes nothing, as long as the job has not been
        claimed anew; what was refused because of a cancellation is answered CANCELLED again, as
        long as the job is there. If the job is gone, Done is answered ACCEPTED, because only a
        recovery of `worker` could have given its job to another; any other outcome, LOST.
        """

    def settle_and_claim(
        self, worker: str, outcomes: Sequence[Outcome], queues: Sequence[str], limit: int
    ) -> Pending:
        """Send the request to `settle` and then, in a step of its own, to `claim`, and return
        without waiting for the answers. Raises nothing: what goes wrong is raised by the answers,
        which any thread may ask for. Only a store that `answers_later` has this verb."""
        raise LightjobsError(f"the {self.name} engine does not answer later")

    # Workers and their leases.

    @abstractmethod
    def register(self, worker: str, lease: float) -> None:
        """Register `worker` with a lease of `lease` seconds. A name is never used twice. Raises
        LightjobsError for a name that is registered already."""

    @abstractmethod
    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        """Extend the leases of `workers` to `lease` seconds from now. Returns those that are no
        longer registered: their jobs were given to others, so they must stop.

        `notes` are texts (see `worker_notes`) that are kept with their workers, in place of the
        former ones, until the workers are forgotten."""

    @abstractmethod
    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        """Put back the jobs that dead workers hold, forget those workers, and return the number of
        jobs.

        With `worker`, this is done for that one, which the caller knows to be dead; without it, for
        all workers whose lease has run out. But if the last search for those was more than `lease`
        seconds ago (the store was away, or all workers were), nothing is recovered until half a
        lease later, so that living workers can beat first. If the store's clock was set back by
        more than `lease`, the leases are set back with it.

        A recovery gives the attempt back and counts in `recoveries`. After MAX_RECOVERIES of them
        the job fails with WORKER_LOST instead, and its recoveries start again at 0. The fence
        stays the same. Each time the job's errors get a line of the kind "lost".
        """

    # What people do to jobs.

    @abstractmethod
    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        """Apply the move `name` of `moves.MOVES` to the jobs that fit `where`, in bounded parts,
        and return their number. Jobs that become like new ones are due now or, with `spread`, at
        moments that are spread evenly over so many seconds. Unique jobs that become like new ones
        take their keys again; one whose key another job holds stays as it is. Raises LightjobsError
        for a move that does not exist, and for a `spread` of one that keeps the due time.

        A running job that is cancelled keeps its row, with its worker's name, until that worker has
        settled or been recovered: its outcome is refused. A requeued job gets its attempt back.
        """

    @abstractmethod
    def purge(self, where: Where, progress: Progress | None = None) -> int:
        """Delete the jobs that fit `where`, whose status is one of `moves.PURGEABLE`, in bounded
        parts, and return their number. A cancelled job whose worker has not let go of it yet is
        left for the next time."""

    @abstractmethod
    def pause_queue(self, queue: str) -> bool:
        """Stop claims from `queue` until it is resumed, including claims of jobs dispatched to it
        in the meantime. Returns False if it was paused already. Raises ValueError for a name that
        cannot be a queue's."""

    @abstractmethod
    def resume_queue(self, queue: str) -> bool:
        """Undo `pause_queue`. Returns False if the queue was not paused."""

    # What people look at.

    @abstractmethod
    def paused_queues(self) -> list[str]:
        """The names of the paused queues, in order."""

    @abstractmethod
    def count(self, where: Where) -> int:
        """The number of jobs that fit `where`, which names a status."""

    @abstractmethod
    def stats(self) -> dict[str, dict[str, int]]:
        """For each queue that has jobs, the number of jobs with each status, and as
        `delayed` the number of new jobs that are not due yet."""

    def groups(self, queue: str) -> list[Group]:
        """The groups of `queue` that have jobs which wait or run, by name, that of the jobs without
        a group first; [] if none of its jobs has a group."""
        return []

    @abstractmethod
    def find(self, job_id: str) -> Stored | None:
        """The job as it is stored; None if there is no such job."""

    @abstractmethod
    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        """Up to `limit` jobs that fit `where`, which names a status. Jobs that have ended come
        ordered by the time they ended, the latest first; others by the time they are due, the
        earliest first.

        With `after`, only jobs behind that place in the list: the next page is behind the last job
        of this one, which need not exist any more."""

    # What workers wait for.

    @abstractmethod
    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        """Return True as soon as a job of `queues` may be due, False after `timeout` seconds.

        Waiting costs next to nothing while nothing happens. True is a hint: the claim may find
        nothing.
        """

    @abstractmethod
    def hit(self, key: str, most: int, seconds: float) -> float:
        """Count a hit on `key` in a window of `seconds` that begins with its first hit. Returns 0.0
        while there are no more than `most` hits, then the seconds until the window ends."""

    # What only some stores need.

    def tidy(self) -> None:  # noqa: B027 - most stores have nothing to tidy
        """Periodic upkeep of the store itself; called every few seconds, takes a second at most."""

    def problems(self) -> list[str]:
        """What is wrong with the store, for `lightjobs check`; [] when it is ready for work."""
        return []

    def warnings(self) -> list[str]:
        """Settings of the store that are allowed but may lose jobs or make them wait, for
        `lightjobs check`; also [] when the store does not show its settings."""
        return []

    def close(self) -> None:  # noqa: B027 - most stores have nothing to close
        """Give back connections; the store opens new ones when it is used again."""


def pausable(queue: object) -> str:
    """Return `queue` if it can be a queue's name, at least in PHP. Raises ValueError otherwise: a
    table might shorten a longer name to that of another queue."""
    if not isinstance(queue, str) or not 0 < len(queue) <= QUEUE_LENGTH:
        raise ValueError(f"{queue!r} is not a queue; allowed: 1 to {QUEUE_LENGTH} characters")
    return queue
