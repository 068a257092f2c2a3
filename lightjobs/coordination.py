"""Locks and limits for programs, kept by the store that keeps the jobs."""

from __future__ import annotations

import logging
import random
import secrets
import time
from typing import TYPE_CHECKING, Self

from . import current
from .errors import LockTaken, StoreUnavailable
from .text import shortened

if TYPE_CHECKING:
    from types import TracebackType

LONGEST = 366 * 86_400
"""The longest time in seconds for which a lock or a window can be asked: a leap year."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
"""Seconds between two looks at a lock that is taken: the pauses double, and vary so that those who
wait do not all look at once."""

_log = logging.getLogger("lightjobs.lock")


class Lock:
    """A lock that one holder at a time has, over all processes and machines that use the store.

    It ends by itself `seconds` after it was acquired or extended, by the store's clock, so a holder
    that dies keeps it no longer than that. Each acquisition has a token of its own: a holder whose
    time was over can neither release nor extend what has become another's. With JOB_ENGINE=memory,
    sync or null it holds within this process.

        with lock("report", 30):                 # raises LockTaken if someone has it
            ...

    Also `async with`. All methods raise StoreUnavailable when the store does not answer.
    """

    def __init__(self, name: str, seconds: float = 60.0, *, wait: float = 0.0) -> None:
        self._name = _name("lock()", "name", name)
        self._seconds = _seconds("lock()", seconds)
        if not _is_number(wait) or not 0 <= wait <= LONGEST:
            raise ValueError(f"lock() has the wait {wait!r}; allowed: 0 to {LONGEST:,} seconds")
        self._wait = wait
        self._owner: str | None = None

    def acquire(self) -> bool:
        """Take the lock, and return whether that succeeded within the `wait` that the lock was made
        with. A lock that this object has already is refused like any other."""
        until = time.monotonic() + self._wait
        pause = _FIRST_PAUSE
        while not self._try():
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, pause * random.uniform(0.5, 1)))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    def extend(self, seconds: float | None = None) -> bool:
        """Keep the lock for `seconds` from now (default: those it was made with). Returns False if
        this object does not have it, or no longer: the work it protects must stop."""
        wanted = self._seconds if seconds is None else _seconds("extend()", seconds)
        owner = self._owner
        return owner is not None and current.engine().coordination.extend(self._name, owner, wanted)

    def release(self) -> bool:
        """Give the lock back. Returns False if this object did not have it, or no longer."""
        owner, self._owner = self._owner, None
        return owner is not None and current.engine().coordination.release(self._name, owner)

    def is_locked(self) -> bool:
        """Whether anyone has the lock now."""
        return current.engine().coordination.is_locked(self._name)

    def _try(self) -> bool:
        owner = secrets.token_hex(16)
        if not current.engine().coordination.acquire(self._name, owner, self._seconds):
            return False
        self._owner = owner
        return True

    def __enter__(self) -> Self:
        if not self.acquire():
            raise LockTaken(f"the lock {shortened(self._name)!r} is taken")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if not self.release():
                _log.warning(
                    "the lock %r was over before the block that it protected had ended; "
                    "ask for more seconds, or extend it",
                    shortened(self._name),
                )
        except StoreUnavailable as away:  # it ends by itself; what the block did stands
            _log.warning("the lock %r could not be released: %s", shortened(self._name), away)

    async def acquire_async(self) -> bool:
        """As `acquire`, without blocking the event loop."""
        import asyncio

        until = time.monotonic() + self._wait
        pause = _FIRST_PAUSE
        while not await self._try_async():
            left = until - time.monotonic()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, pause * random.uniform(0.5, 1)))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    async def _try_async(self) -> bool:
        """As `_try`. A cancellation cannot call back what is on its way to the store, so a lock
        that is acquired nevertheless is released."""
        import asyncio

        trying = asyncio.ensure_future(asyncio.to_thread(self._try))
        try:
            return await asyncio.shield(trying)
        except asyncio.CancelledError:
            loop = asyncio.get_running_loop()
            trying.add_done_callback(lambda _done: loop.run_in_executor(None, self.release))
            raise

    async def extend_async(self, seconds: float | None = None) -> bool:
        """As `extend`, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.extend, seconds)

    async def release_async(self) -> bool:
        """As `release`, without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.release)

    async def __aenter__(self) -> Self:
        if not await self.acquire_async():
            raise LockTaken(f"the lock {shortened(self._name)!r} is taken")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import asyncio

        await asyncio.shield(asyncio.to_thread(self.__exit__, kind, error, traceback))

    def __repr__(self) -> str:
        return f"<Lock {shortened(self._name)!r}, {self._seconds:g} s>"


class Limiter:
    """Counts what happens under a key, over all processes and machines that use the store, and
    allows `most` of it in each window of `seconds`. A window begins with its first hit.

        if not limiter("login:ann", 5, 60).attempt():
            ...                                  # the sixth within a minute

    A job whose `rateLimit()` names the same `key` counts in the same window. With
    JOB_ENGINE=memory, sync or null it holds within this process. All methods raise StoreUnavailable
    when the store does not answer.
    """

    def __init__(self, key: str, most: int, seconds: float) -> None:
        self._key = _name("limiter()", "key", key)
        if type(most) is not int or not 0 <= most < 2**31 - 1:
            raise ValueError(f"limiter() has the number {most!r}; allowed: a whole number from 0")
        self._most = most
        self._seconds = _seconds("limiter()", seconds)

    def attempt(self) -> bool:
        """Count a hit, and return whether it is allowed. One that is refused neither counts nor
        lengthens the window."""
        return self._most > 0 and not current.engine().hit(self._key, self._most, self._seconds)

    def hits(self) -> int:
        """How many hits the present window has allowed."""
        return min(self._most, current.engine().coordination.hits(self._key)[0])

    def remaining(self) -> int:
        """How many more hits the present window allows."""
        return self._most - self.hits()

    def seconds_left(self) -> float:
        """Seconds until the present window ends and all is allowed again; 0.0 if there is none."""
        return current.engine().coordination.hits(self._key)[1]

    def __repr__(self) -> str:
        return f"<Limiter {shortened(self._key)!r}, {self._most} in {self._seconds:g} s>"


def lock(name: str, seconds: float = 60.0, *, wait: float = 0.0) -> Lock:
    """A lock called `name`, which ends `seconds` after it was acquired, at most a year. If it is
    taken, `acquire` and `with` wait up to `wait` seconds for it. Raises ValueError for a wrong
    argument."""
    return Lock(name, seconds, wait=wait)


def limiter(key: str, most: int, seconds: float) -> Limiter:
    """A limit of `most` hits under `key` in `seconds`, at most a year. Raises ValueError for a
    wrong argument."""
    return Limiter(key, most, seconds)


def _name(where: str, what: str, name: object) -> str:
    if not isinstance(name, str) or not name or not _is_text(name):
        raise ValueError(f"{where} has the {what} {shortened(repr(name))}; allowed: text")
    return name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True


def _seconds(where: str, seconds: float) -> float:
    if not _is_number(seconds) or not 0 < seconds <= LONGEST:
        shown = shortened(repr(seconds))
        raise ValueError(f"{where} has the seconds {shown}; allowed: above 0, at most {LONGEST:,}")
    return float(seconds)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
