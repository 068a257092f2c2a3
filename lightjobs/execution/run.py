"""One claim and its run: what the executor works on and the worker settles."""

from __future__ import annotations

from contextvars import Context
from typing import Any, Protocol

from ..errors import UnknownHandler
from ..model import Claim, Outcome
from . import injection, registry
from .context import JobContext, RunStore
from .registry import RegisteredJob


class Run:
    """One claim and its run by `worker`, a name; "" for no worker. The executor sets `job`,
    `context`, `exception`, `outcome`, `result` and `seconds`."""

    __slots__ = (
        "cancelled",
        "claim",
        "claimed_at",
        "context",
        "exception",
        "job",
        "occupied",
        "options",
        "outcome",
        "registered",
        "result",
        "seconds",
        "slot",
        "started_at",
        "store",
        "timeouts",
        "variables",
        "worker",
    )

    def __init__(
        self,
        claim: Claim,
        slot: int = -1,
        timeouts: TimeoutWatch | None = None,
        store: RunStore | None = None,
        worker: str = "",
    ) -> None:
        self.claim, self.worker = claim, worker
        self.slot = slot
        """The claim's place in the worker's journal; -1: no worker runs it."""
        self.timeouts = timeouts
        """Enforces the job's timeout; None: it is not enforced."""
        self.store = store
        """The engine the claim came from; None: no store is behind it."""
        self.variables: Context | None = None
        """The context variables of its middleware, handler and hooks; None until it is started."""
        self.cancelled = False
        """Whether the handler was told that its outcome will be refused."""
        self.registered: RegisteredJob | None = None
        """The class behind the handler name; None until `look_up`."""
        self.job: Any = None
        """The handler object; None if it could not be made."""
        self.context: JobContext | None = None
        self.exception: BaseException | None = None
        """What ended the run; None: it succeeded."""
        self.outcome: Outcome
        self.result: Any = None
        """What `handle()` returned."""
        self.options: dict[str, Any] = {}
        """What the options of the claim hold, if it is more than headers and a trace."""
        self.claimed_at = 0.0
        """When the worker received it, by the monotonic clock."""
        self.started_at = 0.0
        """When the worker started it, by the monotonic clock; 0.0: it has not been started."""
        self.seconds = 0.0
        """How long it took."""
        self.occupied = 0.0
        """How long it has occupied a place of a worker that runs several jobs at a time; 0.0: no
        other job could have run in that time, so it is `seconds`."""

    def look_up(self) -> RegisteredJob:
        """The class behind the handler name, looked up at the first call. Raises UnknownHandler."""
        if self.registered is None:
            self.registered = registry.lookup(self.claim.handler)
        return self.registered

    # These two are called for each job, so they call nothing that they can do without.

    def is_known(self) -> bool:
        """Whether there is a class behind the handler name."""
        if self.registered is None:
            try:
                self.registered = registry.lookup(self.claim.handler)
            except UnknownHandler:
                return False
        return True

    def needs_loop(self) -> bool:
        """Whether `execute` needs an event loop for this run. An unknown handler needs none: it
        becomes the outcome there."""
        registered = self.registered
        if registered is None:
            return self.is_known() and self.is_async
        return registered.is_async

    @property
    def is_async(self) -> bool:
        """Whether the handler is an `async def`. Raises UnknownHandler."""
        return self.look_up().is_async

    def arguments(self, method: str) -> dict[str, Any]:
        """What to pass to this method of the job. Raises LightjobsError when a value is missing."""
        injected = self.look_up().injected
        parameters = dict(injected).get(method) if injected else None
        if parameters is None:
            return {}
        where = f"{type(self.job).__name__}.{method}"
        context = self.job.context
        return injection.arguments(parameters, where, context.values, context)

    @property
    def waited(self) -> float:
        """Seconds from the time the job was due until its run started, without comparing two
        clocks."""
        held = self.started_at - self.claimed_at if self.started_at and self.claimed_at else 0.0
        return self.claim.waited + max(held, 0.0)

    @property
    def is_completing(self) -> bool:
        """Whether the handler has called complete(): the store may have the outcome already."""
        return self.context is not None and self.context.completion is not None


class TimeoutWatch(Protocol):
    """What a worker does about timeouts."""

    def arm(self, run: Run, late: Outcome) -> None:
        """The handler is about to start. `late` is its outcome should it time out at once."""

    def call_off(self, run: Run) -> None:
        """From now on raise nothing in the calling thread."""

    def disarm(self, run: Run) -> None:
        """The handler has ended."""
