"""The seam: what an engine promises. Policy (attempts, backoff, batching) stays above it.

The promises are proven once for every engine in `tests/contract/`; `memory.py` is the same in
plain Python.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import LightjobsError
from ..record import FAILED, NEW, Claim, NewJob, Outcome, Stored

MAX_RECOVERIES = 3
"""A job goes back after this many deaths of its worker; at the next one it fails."""

WORKER_LOST = (
    f"worker lost: the process running this job died {MAX_RECOVERIES + 1} times before it finished"
)


class Move(NamedTuple):
    """A legal change of status by hand: from any of `sources` to `target`."""

    sources: tuple[str, ...]
    target: str


MOVES = {"retry": Move((FAILED,), NEW)}
"""What people may do to a job, by name. Whatever is not here is refused."""

ENDED = (FAILED,)
"""The statuses that `purge` may delete."""


class Engine(ABC):
    """A store of jobs. All methods may be called from several threads and raise StoreUnavailable
    when the store does not answer, SchemaOutdated when its tables are not what this version needs.
    """

    name: str
    works: str | None = None
    """None when a worker process can claim from this engine; else one sentence saying why not."""

    @abstractmethod
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        """Store `jobs`, all or none, and return their ids in order. What has returned will run."""

    @abstractmethod
    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        """Atomically take up to `limit` due jobs for `worker`, a registered one.

        Queues in strict order; within one, higher priority, then due time, then birth first.
        Each claim has raised the job's attempts and its fence by one. A worker that is not
        registered gets nothing.
        """

    @abstractmethod
    def held(self, worker: str) -> list[Claim]:
        """All claims of `worker` that are not settled: those whose reply was lost included."""

    @abstractmethod
    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        """Store the outcomes of runs, all in one step, and say of each whether it was accepted.

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
        them the job fails with WORKER_LOST instead. The fence stays.
        """

    def recover_php(self, before: float) -> int:
        """Put back jobs that a PHP worker claimed before the unix time `before` and did not end: it
        keeps no lease, so only people can say how long is too long. Returns how many."""
        return 0

    @abstractmethod
    def move(self, name: str, job_id: str | None = None, queue: str | None = None) -> int:
        """Apply the move `name` of MOVES to one job, or to all (of `queue`); return how many.

        "retry" makes failed jobs due now, with no attempts, recoveries, exception or failed_at.
        """

    @abstractmethod
    def purge(
        self,
        status: str,
        job_id: str | None = None,
        queue: str | None = None,
        before: float | None = None,
    ) -> int:
        """Delete jobs with `status`, one of ENDED: one of them, or all (of `queue`; that ended
        before the unix time `before`). Returns how many."""

    @abstractmethod
    def stats(self) -> dict[str, dict[str, int]]:
        """For each queue that has jobs, how many there are of each of STATUSES, and `delayed`:
        those of `new` that are not due yet."""

    @abstractmethod
    def find(self, job_id: str) -> Stored | None:
        """The job, or None."""

    @abstractmethod
    def browse(self, status: str, queue: str | None = None, limit: int = 50) -> list[Stored]:
        """Up to `limit` jobs with `status`: failed ones by time of failure, the latest
        first, others oldest first."""

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
    def install(self, dry_run: bool = False) -> list[str]:
        """Bring the store's schema up to date; return the text of each step taken, or with
        `dry_run` of each that would be. Several at once are safe."""

    @abstractmethod
    def installed(self) -> list[tuple[str, str | None]]:
        """Each migration's name with the time it was applied, None for a pending one."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the store, for `lightjobs check`; [] when it is ready for work."""

    def close(self) -> None:  # noqa: B027 - most engines have nothing to close
        """Give back connections; the engine opens new ones when it is used again."""


def legal_move(name: str) -> Move:
    """The move called `name`. Raises LightjobsError for any other."""
    if name not in MOVES:
        raise LightjobsError(f"there is no move {name!r}; allowed: {', '.join(MOVES)}")
    return MOVES[name]


def legal_purge(status: str) -> str:
    """`status` if jobs with it may be deleted. Raises LightjobsError otherwise."""
    if status not in ENDED:
        raise LightjobsError(
            f"jobs that are {status!r} are not purged; allowed: {', '.join(ENDED)}"
        )
    return status
