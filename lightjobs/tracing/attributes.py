"""The names and values of what spans say. All names are here: those of OpenTelemetry's messaging
conventions are in development, so they may change with SCHEMA_URL. Payloads are in none of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import JobReleased, JobTimeout
from ..execution.rate_limit import LimitUnknown
from ..execution.run import Run
from ..model import PRIORITIES, Claim, Done, Expired, Failed, HandBack, NewJob, Release
from ..settings.settings import Settings

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"
SCOPE = "lightjobs"

Attributes = dict[str, str | int | float]

MESSAGE_ID = "messaging.message.id"
ERROR_TYPE = "error.type"
OUTCOME = "lightjobs.outcome"
WAIT = "lightjobs.wait"
EXCEPTION_EVENT = "exception"

FLUSH_MS = 2000
"""How long a process that ends waits for what is still to be sent."""

MOST_KEPT = 1000
"""How many sets of attributes are kept to be used again."""

_PRIORITY_NAMES = {number: name for name, number in PRIORITIES.items()}
_PORTS = {"mysql": 3306, "mariadb": 3306, "pgsql": 5432}


def of_server(settings: Settings) -> Attributes:
    """Where the store is; nothing for one in this process or in a file."""
    if settings.engine in ("redis", "valkey"):
        if settings.redis.sentinels:
            return {}  # another server may be the master at any time
        host, port = settings.redis.host, settings.redis.port
    elif settings.engine == "database" and settings.database.driver != "sqlite":
        host = settings.database.host
        port = settings.database.port or _PORTS[settings.database.driver]
    else:
        return {}
    found: Attributes = {"server.address": host}
    if port and not host.startswith("/"):
        found["server.port"] = port
    return found


def of_send(jobs: Sequence[NewJob]) -> Attributes:
    """Of a dispatch: what its jobs have in common."""
    first = jobs[0]
    found: Attributes = {
        "messaging.system": "lightjobs",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
    }
    if len(jobs) == 1:
        found["messaging.message.body.size"] = len(first.payload.encode())
    else:
        found["messaging.batch.message_count"] = len(jobs)
    if (queue := common_queue(jobs)) is not None:
        found["messaging.destination.name"] = queue
    if all(job.handler == first.handler for job in jobs):
        found["lightjobs.handler"] = _handler(first.handler)
    if all(job.priority == first.priority for job in jobs):
        found["lightjobs.priority"] = _PRIORITY_NAMES.get(first.priority, str(first.priority))
    return found


def of_exchange(operation: str, claims: Sequence[Claim]) -> Attributes:
    """Of a claim, or of a settlement: what its jobs have in common."""
    found: Attributes = {
        "messaging.system": "lightjobs",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }
    if len(claims) == 1:
        found[MESSAGE_ID] = claims[0].id
    else:
        found["messaging.batch.message_count"] = len(claims)
    if (queue := common_queue(claims)) is not None:
        found["messaging.destination.name"] = queue
    return found


def common_queue(jobs: Sequence[NewJob] | Sequence[Claim]) -> str | None:
    """The queue of all these jobs; None if they have several."""
    queue = jobs[0].queue
    return queue if all(job.queue == queue for job in jobs) else None


def of_process(queue: str, handler: str) -> Attributes:
    """Of the runs of a handler, before they start: what a sampler may decide by."""
    return {
        "messaging.system": "lightjobs",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
        "lightjobs.handler": _handler(handler),
    }


def of_claim(claim: Claim) -> Attributes:
    """Of a run: which job it is of, and how often that was tried."""
    found: Attributes = {
        MESSAGE_ID: claim.id,
        "messaging.message.body.size": len(claim.payload.encode()),
        "lightjobs.attempt": claim.attempts,
        "lightjobs.fence": claim.fence,
    }
    if claim.recoveries:
        found["lightjobs.recoveries"] = claim.recoveries
    return found


def of_metric(operation: str, queue: str) -> Attributes:
    """Of what is counted and measured."""
    return {
        "messaging.system": "lightjobs",
        "messaging.operation.name": operation,
        "messaging.destination.name": queue,
    }


def outcome_of(run: Run) -> str:
    """How `run` ended: done, retried, failed, released or cancelled."""
    if run.cancelled:
        return "cancelled"
    match run.outcome:
        case Done():
            return "done"
        case Failed():
            return "failed"
        case Release() if not isinstance(run.exception, JobReleased):
            return "retried"
        case Release() | HandBack():
            return "released"
        case Expired():
            return "cancelled"


def failure_of(run: Run) -> str | None:
    """What is written as ERROR_TYPE of a run; None if it has not failed. One that is to be repeated
    because it, or a rate limit, asked for it, has not; one that raised has, even if an attempt
    follows."""
    if run.cancelled:
        return "cancelled"
    error = run.exception
    if error is None or isinstance(error, (JobReleased, LimitUnknown)):
        return None
    return error_type(error)


def error_type(error: BaseException) -> str:
    """What is written as ERROR_TYPE: `timeout`, or the class."""
    if isinstance(error, JobTimeout):
        return "timeout"
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else _full_name(kind)


def exception_event(error: BaseException, text: str | None) -> Attributes:
    """Of the event about `error`, whose text has been made, limited and made safe already."""
    found: Attributes = {"exception.type": _full_name(type(error))}
    if text:
        found["exception.message"] = text.partition("\n")[0]
        found["exception.stacktrace"] = text
    return found


def _full_name(kind: type[BaseException]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _handler(name: str) -> str:
    """The handler as metrics and spans name it."""
    return name.replace("\\", ".")
