"""Pushing the jobs of several dispatches as one group, and answering each dispatch alone.

A store takes a group in about the time of one job. Nothing that one dispatch has in it concerns the
others: a group that the store refuses is pushed again in halves, until the error has met only the
dispatch that it is about.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from ..errors import LightjobsError, LoginRefused, SchemaOutdated, StoreInDoubt, StoreUnavailable
from ..model import NewJob
from .delivery import Refused, undelivered
from .store import JobStore

GROUP_JOBS = 500
"""A group that has this many jobs is pushed. More would be no faster, and its first dispatch would
wait for the last."""

GROUP_BYTES = 1024 * 1024
"""A group whose payloads have this many bytes is pushed: servers limit the size of a statement."""

Answer = list[str] | BaseException
"""The ids of the jobs of one dispatch, or why they are not stored."""


class Dispatch(Protocol):
    """What one caller dispatches: all of its jobs are stored, or none."""

    @property
    def jobs(self) -> Sequence[NewJob]: ...

    def is_cancelled(self) -> bool:
        """Whether the caller no longer waits for the answer."""


D = TypeVar("D", bound=Dispatch)


def push(
    store: JobStore,
    dispatches: Iterable[D],
    answer: Callable[[Sequence[D], Sequence[Answer]], None],
) -> None:
    """Push `dispatches` to `store` in groups, in their order, and call `answer` after each group. A
    dispatch that is cancelled before its group is pushed is left out, and not answered.

    When the store is away, this is the answer to all further dispatches, too: they have waited for
    it as long as the group that was pushed. Those are certainly not stored.
    """
    waiting = iter(dispatches)
    while group := _next_group(waiting):
        answers, away = _pushed(store, group)
        answer(group, answers)
        if away is not None:
            rest = list(waiting)
            answer(rest, [_unsent(away, store, each) for each in rest])


def _next_group(waiting: Iterable[D]) -> list[D]:
    group = []
    jobs = size = 0
    for each in waiting:
        if each.is_cancelled():
            continue
        group.append(each)
        jobs += len(each.jobs)
        size += sum(len(job.payload) for job in each.jobs)
        if jobs >= GROUP_JOBS or size >= GROUP_BYTES:
            break
    return group


def _pushed(store: JobStore, group: Sequence[Dispatch]) -> tuple[list[Answer], Exception | None]:
    """The answers to `group`, and the error that all further dispatches would meet."""
    try:
        ids = iter(store.push([job for each in group for job in each.jobs]))
        return [list(islice(ids, len(each.jobs))) for each in group], None
    except Exception as error:
        away = error if _is_lasting(error) else None
        if len(group) == 1:
            return [error], away
        if away is not None or not _is_refusal(error):
            return [_shared(error, store, each) for each in group], away
    half = len(group) // 2
    first, away = _pushed(store, group[:half])
    if away is not None:
        return [*first, *(_unsent(away, store, each) for each in group[half:])], away
    second, away = _pushed(store, group[half:])
    return first + second, away


def _is_refusal(error: Exception) -> bool:
    """Whether the store has taken nothing of a group because of something in it. An error that is
    not ours does not tell whether the jobs are stored, so the group is not pushed again."""
    return isinstance(error, (LightjobsError, UnicodeError)) and not _is_lasting(error)


def _is_lasting(error: Exception) -> bool:
    """Whether the next push would meet the same, whatever its jobs are."""
    if isinstance(error, StoreUnavailable):
        return not isinstance(error.__cause__, Refused)
    return isinstance(error, SchemaOutdated)


def _shared(error: Exception, store: JobStore, dispatch: Dispatch) -> Exception:
    """The error of a whole group as this dispatch's own: an exception that several callers raised
    would collect the tracebacks of all of them."""
    if isinstance(error, StoreUnavailable):
        kind = type(error) if isinstance(error, (StoreInDoubt, LoginRefused)) else StoreUnavailable
        return _explained(kind, error, store, dispatch)
    return copied(error)


def _unsent(away: Exception, store: JobStore, dispatch: Dispatch) -> Exception:
    """The error of a dispatch that was not pushed because `away` met the one before."""
    if isinstance(away, StoreUnavailable):
        kind = LoginRefused if isinstance(away, LoginRefused) else StoreUnavailable
        return _explained(kind, away, store, dispatch)
    return copied(away)


def _explained(
    kind: type[StoreUnavailable], error: StoreUnavailable, store: JobStore, dispatch: Dispatch
) -> StoreUnavailable:
    reason = error.__cause__ if isinstance(error.__cause__, StoreUnavailable) else error
    own = undelivered(kind, reason, len(dispatch.jobs), store.name)
    own.__cause__ = reason
    return own


def copied(error: Exception) -> Exception:
    """A copy of `error` with its cause and traceback; `error` itself if it cannot be copied."""
    try:
        own = copy.copy(error)
    except Exception:
        return error
    own.__cause__ = error.__cause__
    return own.with_traceback(error.__traceback__)
