"""How the methods of a job may be called: on the class or a job, or only on a job. Calls that look
right and cannot work raise a sentence that says what to write instead.

None of this costs a dispatch or a run anything: the checks are where Python would raise anyway.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from ..errors import JobDefinitionError, PayloadError

C = TypeVar("C", bound=Callable[..., Any])
F = TypeVar("F")
P = TypeVar("P")
Q = TypeVar("Q", contravariant=True)
R = TypeVar("R", covariant=True)


class HasPayload(Protocol[P]):
    """A job as type checkers see it at dispatch: the annotated type is what may be dispatched."""

    payload: P


class _OfPayloads(Protocol[Q, R]):
    def __call__(self, payloads: Iterable[Q | Mapping[str, Any]]) -> R: ...


class _OfPayloadsAndConnection(_OfPayloads[Q, R], Protocol):
    def __call__(
        self, payloads: Iterable[Q | Mapping[str, Any]], *, connection: Any = None
    ) -> R: ...


class OnClassOrJob(Generic[F]):
    """A method that can be called on the class, and on a job object, whose values then apply."""

    def __init__(self, method: Callable[..., F]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, job: HasPayload[P] | None, owner: type[HasPayload[P]]) -> _OfPayloads[P, F]:
        return self._method.__get__(owner() if job is None else job)  # type: ignore[no-any-return]


class WithConnection(OnClassOrJob[F]):
    """The same for a method that takes `connection`."""

    if TYPE_CHECKING:

        def __get__(
            self, job: HasPayload[P] | None, owner: type[HasPayload[P]]
        ) -> _OfPayloadsAndConnection[P, F]: ...


class _OnJob:
    """A method for jobs that is often called on the class by mistake."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, job: Any, owner: type[Any]) -> Any:
        if job is not None:
            return self._method.__get__(job, owner)
        method = self._method

        @wraps(method)
        def on_class(*args: Any, **kwargs: Any) -> Any:
            if args and isinstance(args[0], owner):  # Job.setQueue(job, "q"), as for any method
                return method(*args, **kwargs)
            raise called_on_class(method.__name__, owner.__name__)

        return on_class


def on_job(method: C) -> C:
    """Let `method` say what to write when it is called on the class."""
    return cast(C, _OnJob(method))


def misused(method: str, job: Any, base: type[Any]) -> BaseException:
    """The error to raise instead of the AttributeError being handled, which `method` met on `job`:
    the same one if `job` is a job, made from `base`."""
    error = sys.exception()
    return error if isinstance(job, base) and error else called_on_class(method)


def payload_for(method: str, job: Any, payload: Any, base: type[Any]) -> Any:
    """The payload to dispatch by `method`: `payload`, which is set on `job`, or the one that was
    set before. Raises what `misused` says if `job` is not a job, made from `base`."""
    try:
        if payload is not None:
            job.payload = payload
        return job.getPayload()
    except AttributeError:
        raise misused(method, job, base) from None


def several(payloads: Iterable[Any]) -> Iterable[Any]:
    """`payloads`, if it can be several. Raises PayloadError for text or for what is one payload."""
    if isinstance(payloads, (str, bytes, Mapping)) or not isinstance(payloads, Iterable):
        raise PayloadError(
            "dispatchMany() takes payloads in a list or another iterable, not "
            f"{type(payloads).__name__}; dispatch() takes one payload"
        )
    return payloads


def called_on_class(method: str, job: str = "YourJob") -> JobDefinitionError:
    """The error for a method of a job that was called on the class with the name `job`."""
    return JobDefinitionError(
        f"{method}() is called on a class; write {job}().{method}(…), which makes a job first"
    )


class _Text(str):
    """The text of an attribute. Lightpack's `delay("+5 minutes")` sets what is an attribute
    here."""

    __slots__ = ("attribute",)
    attribute: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise _called(self.attribute)


class _Count(int):
    """The same for a number."""

    attribute: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise _called(self.attribute)


def callable_value(attribute: str, value: Any) -> Any:
    """`value`, such that a call of it names the setter of `attribute`. Lists, None and objects are
    returned as they are."""
    kind = {str: _Text, int: _Count}.get(type(value))
    if kind is None:
        return value
    made = kind(value)
    made.attribute = attribute
    return made


def _called(attribute: str) -> JobDefinitionError:
    setter = "set" + attribute[0].upper() + attribute[1:]
    return JobDefinitionError(
        f"{attribute} is an attribute and cannot be called; write YourJob().{setter}(…) to set it, "
        "and then dispatch(…)"
    )
