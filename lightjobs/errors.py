"""What can go wrong, by who has to act: the caller, the operator or the store."""

from __future__ import annotations


class LightjobsError(Exception):
    """The base of every error lightjobs raises on its own account."""

    exit_code = 1


class SettingsError(LightjobsError):
    """The environment, `.env`, `config/` or a job module is wrong; the text names the key."""

    exit_code = 2


class JobDefinitionError(LightjobsError, ValueError):
    """A Job class or setter was given a value that cannot be right; the text names both."""

    exit_code = 2


class UnknownHandler(LightjobsError, LookupError):
    """No imported Job class has this handler name."""


class PayloadError(LightjobsError, ValueError):
    """The payload is not a JSON object within the size limit; the text holds the path to it."""


class StoreUnavailable(LightjobsError):
    """The store did not answer or refused for now; a worker tries again, a producer must decide."""

    exit_code = 3


class StoreInDoubt(StoreUnavailable):
    """The connection broke, or the time was over, when jobs had been sent to the store: they may or
    may not have been stored. Any other StoreUnavailable from dispatching says that they were not.
    """


class SchemaOutdated(LightjobsError):
    """The tables are missing or older than this version needs; the text names the command."""

    exit_code = 4


class UnknownWorker(LightjobsError):
    """The store does not know this worker (any more): its lease ran out and its jobs were given to
    others, or the store has lost it."""


class PermanentJobFailure(LightjobsError):
    """Raised by `Job.failPermanently`: fail now, whatever attempts remain."""


class StaleClaim(LightjobsError):
    """Raised by `Job.complete`: the job is not this run's any more, because it was cancelled or
    given to another worker. The transaction must be rolled back: this run counts for nothing."""


class JobReleased(LightjobsError):
    """Raised by `Job.release`: put the running job back, due at `due` (unix seconds).

    `attempts` says what the run costs: "count" one attempt, "keep" none, "reset" gives all back.
    """

    def __init__(self, due: float, attempts: str) -> None:
        super().__init__(f"released until {due} ({attempts} attempts)")
        self.due = due
        self.attempts = attempts


class JobTimeout(BaseException):
    """A handler has run longer than its job's `timeout`, in seconds: raised inside a sync handler;
    an async one sees asyncio.CancelledError, and its run counts as ended by this.

    No Exception, as asyncio.CancelledError is none: a handler's `except Exception` must not
    swallow it.
    """

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        """None at first in a sync handler: one thread raises it in another, without arguments."""

    def __str__(self) -> str:
        return "timed out" if self.seconds is None else f"timed out after {self.seconds:g} s"


class RateLimited(JobReleased):
    """The job's rate is used up: it waits until `due`, and that costs no attempt."""

    def __init__(self, due: float) -> None:
        super().__init__(due, "keep")
