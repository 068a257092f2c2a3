"""The errors that lightjobs raises. `exit_code` is the status with which the command then ends."""

from __future__ import annotations


class LightjobsError(Exception):
    """The base of all of them but JobTimeout."""

    exit_code = 1


class SettingsError(LightjobsError):
    """A setting in the environment, `.env` or `config/` is wrong, or a job module cannot be
    imported. The text names the setting or the file and line."""

    exit_code = 2


class JobDefinitionError(LightjobsError, ValueError):
    """A Job class, a setter, `@job` or Backoff was given a value that is not allowed. The text
    names the place, the value and what is allowed."""

    exit_code = 2


class UnknownHandler(LightjobsError, LookupError):
    """No imported Job class has this handler name."""


class PayloadError(LightjobsError, ValueError):
    """The payload is not a JSON object, is too large, or does not fit the type that its job
    annotates. The text gives the path to the wrong value."""


class StoreUnavailable(LightjobsError):
    """The store did not answer, or refused for the time being. A worker tries again; a program that
    dispatches must decide what to do."""

    exit_code = 3


class LoginRefused(StoreUnavailable):
    """The store refuses the user name or the password. A worker reads them again and goes on
    trying, because a password may be changed at the store first."""


class StoreInDoubt(StoreUnavailable):
    """The connection broke, or the time was up, after jobs had been sent to the store: they may or
    may not have been stored. Any other StoreUnavailable from a dispatch means that they were
    not."""


class LockTaken(LightjobsError):
    """Raised by `with lock(…)`: someone else has the lock, and still had it after the `wait`."""


class SchemaOutdated(LightjobsError):
    """The tables are missing or older than this version needs; the text names the command."""

    exit_code = 4


class PackageReplaced(LightjobsError):
    """Another version of lightjobs was installed while this worker ran. It has to be started again,
    which a process manager does."""

    exit_code = 5


class UnknownWorker(LightjobsError):
    """The store does not know this worker, or no longer: its lease ran out and its jobs were given
    to other workers, or the store has lost its data."""


class PermanentJobFailure(LightjobsError):
    """Raised by `Job.failPermanently`: the job fails now, even if attempts remain."""


class StaleClaim(LightjobsError):
    """Raised by `Job.complete`: the job no longer belongs to this run, because it was cancelled or
    given to another worker. The outcome of this run will be refused, so its transaction must be
    rolled back."""


class JobFailed(LightjobsError):
    """Raised by `result`: the job failed for good. The text has that of its exception."""

    def __init__(self, job_id: str, exception: str) -> None:
        super().__init__(f"job {job_id} failed: {exception}")
        self.job_id = job_id
        self.exception = exception
        """The text of what its last run raised, with the traceback."""


class JobCancelled(LightjobsError):
    """Raised by `result`: the job was cancelled, so it has no result."""


class ResultTimeout(LightjobsError, TimeoutError):
    """Raised by `result`: the job has not ended in time. It goes on."""


class ResultGone(LightjobsError):
    """Raised by `result`: there is no such job any more, or it is done and its result was not
    kept."""


class JobExists(LightjobsError):
    """Raised by a dispatch with `whenTaken = "refuse"`: another job holds the key. Where that is an
    earlier job of the same dispatch, of which nothing is stored, `job_id` is empty."""

    def __init__(self, job_id: str, key: str) -> None:
        holder = f"is held by job {job_id}" if job_id else "is that of two jobs of one dispatch"
        super().__init__(f"the key {key} {holder}")
        self.job_id = job_id
        """The id of the job that holds the key; "" if the dispatch itself has two with that key."""
        self.key = key
        """The key as it is stored."""


class BatchEnded(LightjobsError):
    """Raised where jobs are added to a batch that has ended, was cancelled or is not known."""


class JobReleased(LightjobsError):
    """Raised by `Job.release`: put the running job back, due at `due` (unix seconds).

    `attempts` says what the run costs: "count" one attempt, "keep" none, "reset" gives all of them
    back.
    """

    def __init__(self, due: float, attempts: str) -> None:
        super().__init__(f"released until {due} ({attempts} attempts)")
        self.due = due
        self.attempts = attempts


class JobExpired(LightjobsError):
    """The job was not started by the moment that its `expires` gives, so it has ended as cancelled.
    Handlers never see it; middleware does."""


class RetryUntilOver(LightjobsError):
    """The moment that the job's `retryUntil` gives is over, so the job has failed for good.
    `onFailure` may see it."""


class JobTimeout(BaseException):
    """A handler has run longer than its job's `timeout`. It is raised inside a sync handler. In an
    async one asyncio.CancelledError is raised, and its run counts as ended by JobTimeout.

    Not an Exception, just like asyncio.CancelledError: an `except Exception` in a handler must not
    catch it.
    """

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        """The timeout. None at first in a sync handler: a thread raises it in another one, and
        cannot pass arguments there."""

    def __str__(self) -> str:
        return "timed out" if self.seconds is None else f"timed out after {self.seconds:g} s"


class RateLimited(JobReleased):
    """The job's rate is used up: the job waits until `due` (unix seconds), which costs no
    attempt."""

    def __init__(self, due: float) -> None:
        super().__init__(due, "keep")


def store_trouble(error: LightjobsError) -> str:
    """What the log calls the trouble with the store for which `error` stands."""
    refused = isinstance(error, LoginRefused)
    return "the store refuses the login" if refused else "the store is away"
