"""Functions as jobs: the decorator `@job(...)` and the object it makes of a function.

Over 300 lines because it has each setter of a job once more, with the types of functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Set
from functools import update_wrapper
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from .errors import JobDefinitionError
from .execution import rate_limit as rates
from .execution.backoff import RetryAfter
from .execution.context import JobContext
from .execution.deadlines import Deadline
from .execution.delay import Delay
from .execution.handler_names import studly
from .execution.job_values import refuse_generator
from .execution.keeping import KeepResult
from .execution.near_names import nearest
from .job_class import Job
from .text import shortened

if TYPE_CHECKING:
    from datetime import timedelta

C = ParamSpec("C")
D = ParamSpec("D")
R = TypeVar("R", covariant=True)


class Attributes(TypedDict, total=False):
    """The keyword arguments of `@job`: the attributes of a Job class."""

    queue: str
    delay: Delay
    attempts: int
    retryAfter: RetryAfter
    timeout: float | None
    noRetry: tuple[type[BaseException], ...]
    priority: str
    expires: Deadline
    retryUntil: Deadline
    keepResult: KeepResult
    unique: str | None
    uniqueFor: str | timedelta | float
    whenTaken: str
    uniqueKey: Callable[[dict[str, Any]], str]
    """A function of the payload; in a Job class, the method of that name."""
    group: Callable[[dict[str, Any]], str | int | None]
    """Likewise."""
    groupLimit: int | None
    formerHandlers: tuple[str, ...]
    rateLimit: Mapping[str, Any] | None
    """In a Job class, the result of the method of that name."""


class FunctionJob(Generic[C, D, R]):
    """A function that is also a job. Calling it calls the function; dispatching it stores the
    arguments as `{"parameter": value}`, checked against the function's annotations.

    A setter returns a copy with that value. The value applies to what is dispatched through the
    copy.
    """

    def __init__(self, function: Callable[C, R], job: type[Job], signature: inspect.Signature):
        self._function = function
        self._job = job
        self._signature = signature
        self._values: dict[str, Any] = {}
        self._connection: Any = None
        update_wrapper(self, function)

    def __call__(self, /, *args: C.args, **kwargs: C.kwargs) -> R:
        """Call the function here and now."""
        return self._function(*args, **kwargs)

    def dispatch(self, /, *args: D.args, **kwargs: D.kwargs) -> str:
        """Store a job with these arguments and return its id; see `Job.dispatch` for what is
        promised and raised. An argument that is left out gets the function's default when the job
        runs. Raises PayloadError for an argument that does not fit its annotation, TypeError for
        arguments that the function does not take."""
        return self.as_job().dispatch(self._payload(args, kwargs), connection=self._connection)

    def dispatchMany(self, payloads: Iterable[Mapping[str, Any]]) -> list[str]:
        """Store one job for each dict of arguments and return their ids in order; see
        `Job.dispatchMany`."""
        return self.as_job().dispatchMany(payloads, connection=self._connection)

    async def dispatchAsync(self, /, *args: D.args, **kwargs: D.kwargs) -> str:
        """As `dispatch`, without blocking the event loop; see `Job.dispatchAsync`."""
        return await self.as_job().dispatchAsync(
            self._payload(args, kwargs), connection=self._connection
        )

    async def dispatchManyAsync(self, payloads: Iterable[Mapping[str, Any]]) -> list[str]:
        """As `dispatchMany`, without blocking the event loop; see `Job.dispatchManyAsync`."""
        return await self.as_job().dispatchManyAsync(payloads, connection=self._connection)

    def dispatchSync(self, /, *args: D.args, **kwargs: D.kwargs) -> Any:
        """Run it as a job here and now, with its arguments passed through JSON, and return the
        result."""
        return self.as_job().dispatchSync(self._payload(args, kwargs))

    def withArguments(self, /, *args: D.args, **kwargs: D.kwargs) -> Job:
        """A Job object with these arguments, for `chain` and `batch`. Raises TypeError for
        arguments that the function does not take."""
        return self.as_job().setPayload(self._payload(args, kwargs))

    def using(self, connection: Any) -> FunctionJob[C, D, R]:
        """The same job, dispatched in the transaction that is open on `connection`; see
        `Job.dispatch` and `Job.dispatchAsync`. It is not an argument of `dispatch` here: those
        belong to the function."""
        changed = self._with()
        changed._connection = connection
        return changed

    def setQueue(self, queue: str) -> FunctionJob[C, D, R]:
        """The same job, stored in `queue`."""
        return self._with(setQueue=queue)

    def setDelay(self, delay: Delay) -> FunctionJob[C, D, R]:
        """The same job, due at `delay`; see `Job.delay`."""
        return self._with(setDelay=delay)

    def setAttempts(self, attempts: int) -> FunctionJob[C, D, R]:
        """The same job, run at most `attempts` times."""
        return self._with(setAttempts=attempts)

    def setTimeout(self, timeout: float | None) -> FunctionJob[C, D, R]:
        """The same job, with at most `timeout` seconds for a run; None: no limit."""
        return self._with(setTimeout=timeout)

    def setRetryAfter(self, retryAfter: RetryAfter) -> FunctionJob[C, D, R]:
        """The same job, repeated after a failure as `retryAfter` says."""
        return self._with(setRetryAfter=retryAfter)

    def setPriority(self, priority: str) -> FunctionJob[C, D, R]:
        """The same job with this priority."""
        return self._with(setPriority=priority)

    def setExpires(self, expires: Deadline) -> FunctionJob[C, D, R]:
        """The same job, to be started by `expires`; see `Job.expires`."""
        return self._with(setExpires=expires)

    def setRetryUntil(self, retryUntil: Deadline) -> FunctionJob[C, D, R]:
        """The same job, of which no run begins after `retryUntil`; see `Job.retryUntil`."""
        return self._with(setRetryUntil=retryUntil)

    def setKeepResult(self, keepResult: KeepResult) -> FunctionJob[C, D, R]:
        """The same job, whose result is kept for so long; see `Job.keepResult`."""
        return self._with(setKeepResult=keepResult)

    def setUnique(self, unique: str | None) -> FunctionJob[C, D, R]:
        """The same job, which holds its key for so long; see `Job.unique`."""
        return self._with(setUnique=unique)

    def setUniqueFor(self, uniqueFor: str | timedelta | float) -> FunctionJob[C, D, R]:
        """The same job, which holds its key for at most this time; see `Job.uniqueFor`."""
        return self._with(setUniqueFor=uniqueFor)

    def setWhenTaken(self, whenTaken: str) -> FunctionJob[C, D, R]:
        """The same job, with what its dispatch does when its key is taken; see `Job.whenTaken`."""
        return self._with(setWhenTaken=whenTaken)

    def setGroup(self, group: str | int | None) -> FunctionJob[C, D, R]:
        """The same job, in this group; see `Job.group`."""
        return self._with(setGroup=group)

    def setGroupLimit(self, groupLimit: int | None) -> FunctionJob[C, D, R]:
        """The same job, with this limit of its group; see `Job.groupLimit`."""
        return self._with(setGroupLimit=groupLimit)

    def setHeaders(self, headers: Mapping[str, str]) -> FunctionJob[C, D, R]:
        """The same job, with this dict of text next to its payload; see `Job.setHeaders`."""
        return self._with(setHeaders=headers)

    def _with(self, **values: Any) -> FunctionJob[C, D, R]:
        changed = FunctionJob[C, D, R](self._function, self._job, self._signature)
        changed._values = {**self._values, **values}
        changed._connection = self._connection
        changed.as_job()  # a wrong value is refused here, not at dispatch
        return changed

    def as_job(self) -> Job:
        """A Job object for this function, with the values that were set."""
        job = self._job()
        for setter, value in self._values.items():
            getattr(job, setter)(value)
        return job

    def _payload(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        return self._signature.bind(*args, **kwargs).arguments


class Decorator(Protocol):
    """The type of `job(...)`."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[JobContext, D], R], /
    ) -> FunctionJob[Concatenate[JobContext, D], D, R]: ...
    @overload
    def __call__(self, function: Callable[D, R], /) -> FunctionJob[D, D, R]: ...


def job(name: str | None = None, **attributes: Unpack[Attributes]) -> Decorator:
    """Make a function a job, stored under the handler `name`. The default is the handler of a class
    with the function's name in CamelCase (`send_email` in `app_jobs`: `App\\Jobs\\SendEmail`).

    The function may be sync or async. If its first parameter is annotated JobContext, it is given
    the running job's, and the parameter is not part of the payload. Raises JobDefinitionError for
    `*args`, `**kwargs` and positional-only parameters, for types that JSON cannot hold, and for
    attributes that a Job class may not have.
    """
    if name is not None and not isinstance(name, str):
        raise JobDefinitionError(f"@job is given {shortened(repr(name))}; write @job() or a name")
    _refuse_unknown(attributes.keys())

    given: dict[str, Any] = {**attributes}
    rate = _checked_rate(given.pop("rateLimit", None))
    if rate is not None:
        given["rateLimit"] = lambda _job: rate
    for method in ("uniqueKey", "group"):
        if method in given:
            given[method] = _of_payload(method, given[method])
    if name is not None:
        given["handler"] = name

    def make(function: Callable[..., Any], /) -> FunctionJob[..., ..., Any]:
        if not inspect.isfunction(function):
            shown = shortened(repr(function))
            raise JobDefinitionError(f"@job decorates {shown}; allowed: a function")
        refuse_generator(function, f"{function.__module__}.{function.__qualname__}")
        signature, takes_context = _parameters(function)
        body = {**given, **_body(function, signature, takes_context)}
        return FunctionJob(function, type(studly(function.__name__), (Job,), body), signature)

    return cast(Decorator, make)


def _of_payload(name: str, function: Any) -> Callable[[Job], Any]:
    """The method of a Job class that asks a `function` of the payload. Raises JobDefinitionError
    for what is no function."""
    if not callable(function):
        raise JobDefinitionError(
            f"@job is given {name}={shortened(repr(function))}; allowed: a function of the payload"
        )

    def decide(job: Job) -> Any:
        return function(job.getPayload())

    return decide


def _refuse_unknown(names: Set[str]) -> None:
    known = Attributes.__annotations__
    for name in sorted(names - known.keys()):
        meant = nearest(name, {*known})
        hint = f", did you mean {meant}?" if meant else ";"
        raise JobDefinitionError(f"@job is given {name!r}{hint} allowed: {', '.join(known)}")


def _body(
    function: Callable[..., Any], signature: inspect.Signature, takes_context: bool
) -> dict[str, Any]:
    """What the class of a function job has of the function."""
    from .payloads.typed import of_function  # slow to import, and not every project has one

    defaults = {name: each.default for name, each in signature.parameters.items()}
    required = [name for name, default in defaults.items() if default is signature.empty]
    return {
        "_typed": of_function(function, list(defaults), frozenset(required)),
        "handle": _handler(function, takes_context),
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
    }


def _checked_rate(config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    try:
        rates.read(config, "")
    except ValueError as error:
        raise JobDefinitionError(f"@job is given the rateLimit {config!r}: {error}") from None
    return config


def _handler(function: Callable[..., Any], takes_context: bool) -> Callable[[Job], Any]:
    if not takes_context:

        def call(job: Job) -> Any:
            return function(**job.payload)
    else:

        def call(job: Job) -> Any:
            return function(job.context, **job.payload)

    if not inspect.iscoroutinefunction(function):
        return call

    async def call_async(job: Job) -> Any:
        return await call(job)

    return call_async


def _parameters(function: Callable[..., Any]) -> tuple[inspect.Signature, bool]:
    """The signature without a JobContext parameter, and whether there is one."""
    from .payloads.build import resolved

    hints = resolved(function)  # first: from Python 3.14 on, `signature` evaluates annotations too
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    contexts = [n for n, each in enumerate(parameters) if hints.get(each.name) is JobContext]
    where = f"{function.__module__}.{function.__qualname__}"
    if contexts not in ([], [0]):
        raise JobDefinitionError(f"{where}: a JobContext can only be the first parameter")
    stored = parameters[len(contexts) :]
    for each in stored:
        if each.kind not in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
            raise JobDefinitionError(
                f"{where} has the parameter {each!s}; allowed: those that can be passed by name"
            )
    return signature.replace(parameters=stored), bool(contexts)
