"""One claim, run: what the executor makes and the worker settles."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from ..model import Claim, Failed, HandBack, Outcome
from .context import JobContext
from .registry import RegisteredJob


class Run:
    """One claim, run: the handler object (None if none could be made), outcome and duration."""

    __slots__ = (
        "cancelled",
        "claim",
        "context",
        "exception",
        "job",
        "outcome",
        "registered",
        "seconds",
        "slot",
        "timeouts",
    )

    watched: ClassVar[bool] = False
    """Whether a middleware wants to know of every run that is settled."""

    def __init__(self, claim: Claim, slot: int = -1, timeouts: TimeoutWatch | None = None) -> None:
        self.claim = claim
        self.slot = slot
        """Where the worker keeps it."""
        self.timeouts = timeouts
        """Who sees to the job's timeout; None: nobody does."""
        self.cancelled = False
        """Whether the handler was told that its outcome does not count any more."""
        self.registered: RegisteredJob | None = None
        self.job: Any = None
        self.context: JobContext | None = None
        self.exception: BaseException | None = None
        self.outcome: Outcome
        self.seconds = 0.0

    @property
    def is_completing(self) -> bool:
        """Whether the handler has called complete(): the store may have the outcome before us."""
        return self.context is not None and self.context.completion is not None

    @property
    def has_hook(self) -> bool:
        """Whether there is something to call once the outcome is accepted: middleware, or the hook
        of the class that this outcome calls for."""
        if self.watched:
            return type(self.outcome) is not HandBack
        if self.registered is None or self.job is None:
            return False
        if self.exception is None:
            return self.registered.has_success_hook
        return self.registered.has_failure_hook and type(self.outcome) is Failed


class TimeoutWatch(Protocol):
    """What a worker does about timeouts."""

    def arm(self, run: Run, late: Outcome) -> None:
        """The handler is about to start; `late` is its outcome, as of now, should it time out."""

    def call_off(self, run: Run) -> None:
        """Raise nothing in the calling thread from now on."""

    def disarm(self, run: Run) -> None:
        """The handler has ended."""
