"""Dispatching from coroutines. Their event loop never waits for a store: a thread of this process
pushes what they dispatch, all that has gathered in the meantime as one group.

asyncio is imported in the functions that need it, as in `execution/async_bridge.py`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from .. import current
from ..engines import group_commit
from ..engines.caller_transaction import AsyncCallerTransaction
from ..engines.control import Engine
from ..engines.group_commit import Answer
from ..execution import middleware_chain
from ..model import NewBatch, NewJob
from ..strtotime import strtotime

if TYPE_CHECKING:
    import asyncio

IDLE_SECONDS = 60.0
"""After this long without work a thread ends. Its connection to a database is closed with it."""


async def load(reads_time: bool) -> None:
    """Read the settings and make the engine of this process, if that has not been done, and load
    what `strtotime` needs, if it will be called. Raises SettingsError."""
    while not current.is_loaded() or (reads_time and not _strtotime_is_loaded):
        await _answered(_loading, ())


async def dispatch(
    jobs: Sequence[NewJob], connection: Any = None, batch: NewBatch | None = None
) -> list[str]:
    """As `current.dispatch`, without blocking the event loop. What the coroutines of one event loop
    dispatch without a `connection` is stored in the order of the calls.

    If the coroutine is cancelled while the jobs wait for the thread, they are not stored; if it is
    cancelled after that, they may be.
    """
    engine = current.engine()
    if engine.runs_at_dispatch or (batch is not None and connection is None):
        return await _run_elsewhere(jobs, batch)
    if connection is not None:
        return await _joined(engine.join_async(connection), jobs, batch)
    jobs = middleware_chain.prepared(jobs)
    try:
        return await _answered(_thread_for(engine), jobs)
    except BaseException as error:
        middleware_chain.not_pushed(jobs, error)
        raise


async def _joined(
    transaction: AsyncCallerTransaction, jobs: Sequence[NewJob], batch: NewBatch | None
) -> list[str]:
    jobs = middleware_chain.prepared(jobs)
    try:
        if batch is None:
            ids = await transaction.push(jobs)
        else:
            ids = await transaction.push_batch(batch, jobs)
    except BaseException as error:
        middleware_chain.not_pushed(jobs, error)
        raise
    middleware_chain.pushed(ids, jobs)
    return ids


async def _run_elsewhere(jobs: Sequence[NewJob], batch: NewBatch | None) -> list[str]:
    """Dispatch the jobs in a thread of the event loop, apart from all others: where they run at
    once they may take long, and may dispatch others and wait for them; and a batch is not stored in
    a group with others."""
    import asyncio

    def answer() -> Answer:
        try:
            return current.dispatch(jobs, batch=batch)
        except BaseException as error:  # a future cannot hold StopIteration, for one
            return error

    return _ids(await asyncio.to_thread(answer))


async def _answered(thread: _Thread, jobs: Sequence[NewJob]) -> list[str]:
    import asyncio

    waiting = _Waiting(jobs, asyncio.get_running_loop())
    thread.put(waiting)
    return _ids(await waiting.future)


def _ids(answer: Answer) -> list[str]:
    if not isinstance(answer, BaseException):
        return answer
    try:
        raise answer
    finally:
        del answer  # or its traceback would hold this frame, which holds it


class _Waiting:
    """A coroutine that waits for the answer to its dispatch."""

    __slots__ = ("context", "future", "jobs", "loop")

    def __init__(self, jobs: Sequence[NewJob], loop: asyncio.AbstractEventLoop) -> None:
        self.jobs = jobs
        self.loop = loop
        self.future: asyncio.Future[Answer] = loop.create_future()
        self.context: Context = copy_context()

    def is_cancelled(self) -> bool:
        return self.future.cancelled() or self.loop.is_closed()


class _Thread:
    """A thread that hands all that waits for it to `work`, again and again. It runs only while
    there is something to do, and is a daemon: a program that ends does not wait for its store,
    because its event loops, and with them all that could wait for an answer, have ended before."""

    def __init__(
        self, work: Callable[[list[_Waiting]], None], end: Callable[[], None] = lambda: None
    ) -> None:
        self._work, self._end = work, end
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition(threading.Lock())
        self._runs = False

    def put(self, waiting: _Waiting) -> None:
        with self._changed:
            if not self._runs:
                threading.Thread(target=self._run, daemon=True, name="dispatch").start()
                self._runs = True
            self._waiting.append(waiting)
            self._changed.notify()

    def _run(self) -> None:
        while gathered := self._gathered():
            try:
                self._work(gathered)
            except BaseException as error:  # whatever went wrong, nothing may wait for ever
                _answer(gathered, [error] * len(gathered))
            del gathered
        self._end()

    def _gathered(self) -> list[_Waiting]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS)
            gathered, self._waiting = self._waiting, []
            self._runs = bool(gathered)
        return gathered


_strtotime_is_loaded = False


def _load(waiting: list[_Waiting]) -> None:
    """One step of loading; a coroutine that needs the next one asks again."""
    global _strtotime_is_loaded
    answers: list[Answer] = [[] for _ in waiting]
    try:
        if current.is_loaded():
            strtotime("now")  # the first call builds its automaton, which takes 30 ms
            _strtotime_is_loaded = True
        else:
            current.settings()
            current.engine()
    except Exception as error:
        answers = [group_commit.copied(error) for _ in waiting]
    _answer(waiting, answers)


def _pushing(engine: Engine) -> Callable[[list[_Waiting]], None]:
    def push(waiting: list[_Waiting]) -> None:
        group_commit.push(engine, waiting, _tell)

    return push


def _tell(waiting: Sequence[_Waiting], answers: Sequence[Answer]) -> None:
    """Tell the middleware of the jobs that were stored, then the coroutines."""
    if middleware_chain.current is not None:
        answers = list(map(_told, waiting, answers))
    _answer(waiting, answers)


def _told(waiting: _Waiting, answer: Answer) -> Answer:
    """Tell the middleware, with the context variables of the coroutine; return its answer."""
    if not isinstance(answer, BaseException):
        try:
            waiting.context.run(middleware_chain.pushed, answer, waiting.jobs)
        except BaseException as error:  # SystemExit, for one; it is meant for the caller
            return error
    return answer


def _answer(waiting: Sequence[_Waiting], answers: Sequence[Answer]) -> None:
    """Wake the coroutines: those of one event loop by a single call, since each call writes to a
    socket."""
    by_loop: dict[Any, list[tuple[asyncio.Future[Answer], Answer]]] = {}
    for each, answer in zip(waiting, answers, strict=True):
        by_loop.setdefault(each.loop, []).append((each.future, answer))
    for loop, answered in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nothing waits any more
            loop.call_soon_threadsafe(_set, answered)


def _set(answered: list[tuple[asyncio.Future[Answer], Answer]]) -> None:
    for future, answer in answered:
        if not future.done():
            future.set_result(answer)


def _thread_for(engine: Engine) -> _Thread:
    """The thread that pushes to `engine`: one, so that the order is kept."""
    global _pusher
    with _lock:
        if _pusher is None or _pusher[0] is not engine:
            _pusher = engine, _Thread(_pushing(engine), engine.close)
        return _pusher[1]


def _begin() -> None:
    """Begin without threads: after a fork, the parent's do not run here."""
    global _lock, _loading, _pusher
    _lock = threading.Lock()
    _loading = _Thread(_load)
    _pusher = None


_lock: threading.Lock
_loading: _Thread
_pusher: tuple[Engine, _Thread] | None
_begin()
os.register_at_fork(after_in_child=_begin)
