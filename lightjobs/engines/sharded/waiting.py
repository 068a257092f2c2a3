"""Waiting for jobs of several shards at once."""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections.abc import Sequence

from redis import exceptions

from ...errors import StoreUnavailable
from ..redis.blocking_wait import Asleep, BlockingWait
from .shards import Shard, Shards

DUE = b"due"
"""The token that a push leaves for a waiting worker when there is something to claim."""

ASLEEP_SECONDS = 2.0
"""For how long the server keeps a wait. Waits that follow each other go on with the same one."""

LOOK_SECONDS = 1.0
"""For how long it is remembered when the next job of a shard is due. What is pushed in the meantime
leaves a token."""


class _Night(threading.local):
    """The waits that this thread has begun and not ended."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.queues: Sequence[str] = ()
        self.looks: dict[Shard, tuple[float, float]] = {}
        """By shard: when its next job is due, and until when that is remembered."""
        self.asleep: dict[Shard, Asleep] = {}


class ShardedWait:
    """The verb `wait`. Each shard is waited for on a connection of its own.

    A wait that ends without a token is not ended at the servers: the next one goes on with it. But
    it must be ended, by `end`, before its thread does something else. Otherwise it would take a
    token that is to wake another worker."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._waits = {shard: BlockingWait(shard.node) for shard in shards}
        self._night = _Night()

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        """See JobStore.wait. A shard that is away is not waited for."""
        deadline = time.monotonic() + timeout
        self._prepare(queues)
        if timeout <= 0:  # no time for a token that would say that a look is out of date
            self._night.looks.clear()
        while True:
            due_at = self._due_at(queues)
            now = time.monotonic()
            if due_at <= now:
                self.end()
                return True
            if deadline <= now:
                return False
            until = max(now + 0.001, min(deadline, due_at))
            if not queues:
                time.sleep(until - now)
                continue
            if DUE in self._sleep(queues, until):
                return True

    def _prepare(self, queues: Sequence[str]) -> None:
        """Forget what is of another process or of other queues."""
        night = self._night
        if night.process != os.getpid():  # after a fork: these connections are the parent's
            night.process, night.asleep = os.getpid(), {}
            night.looks.clear()
        if night.queues != list(queues):
            self.end()
            night.queues = list(queues)
            night.looks.clear()

    def _due_at(self, queues: Sequence[str]) -> float:
        """The monotonic time when the first job is due. Raises StoreUnavailable if all shards are
        away."""
        looks, first, errors = self._night.looks, math.inf, []
        for shard in self._shards:
            known = looks.get(shard)
            if known is None or time.monotonic() >= min(known):
                try:
                    due, _ = self._shards.ask(shard, lambda engine: engine.due(queues))
                except StoreUnavailable as error:
                    looks.pop(shard, None)
                    errors.append(error)
                    continue
                now = time.monotonic()
                looks[shard] = known = now + due, now + LOOK_SECONDS
                if due <= 0:
                    self._wake(shard)
            first = min(first, known[0])
        if len(errors) == len(self._shards):
            raise errors[0]
        return first

    def _wake(self, shard: Shard) -> None:
        shard.note_pushed()
        self._shards.woken.append(shard)

    def _sleep(self, queues: Sequence[str], until: float) -> list[bytes]:
        """The tokens that came: at `until`, or as soon as there is one."""
        night = self._night
        for shard in self._shards:
            if shard not in night.asleep and not shard.is_away:
                self._begin(shard, queues)
        if not night.asleep:
            time.sleep(max(0.0, until - time.monotonic()))
            return []
        tokens = self._ended(_answered(night.asleep, until))
        if tokens:
            tokens += self.end()
        return tokens

    def _begin(self, shard: Shard, queues: Sequence[str]) -> None:
        keys = [f"{shard.prefix}wake:{queue}" for queue in queues]
        began = time.monotonic()
        try:
            self._night.asleep[shard] = self._waits[shard].begin(keys, ASLEEP_SECONDS)
        except (exceptions.RedisError, OSError) as error:
            shard.note_away(StoreUnavailable(str(error)), time.monotonic() - began)

    def end(self) -> list[bytes]:
        """End all waits of this thread, and return the tokens that came."""
        night = self._night
        if not night.asleep:
            return []
        for each in night.asleep.values():  # all are told before one is waited for
            each.stop()
        return self._ended(list(night.asleep))

    def _ended(self, shards: Sequence[Shard]) -> list[bytes]:
        tokens = []
        for shard in shards:
            try:
                token = self._night.asleep.pop(shard).end()
            except (exceptions.RedisError, OSError) as error:
                shard.note_away(StoreUnavailable(str(error)), 0.0)
                continue
            if token is not None:
                self._wake(shard)
                self._night.looks.pop(shard, None)
                tokens.append(token)
        return tokens

    def close(self) -> None:
        """End the waits of this thread, and close the idle connections."""
        self.end()
        for each in self._waits.values():
            each.close()


def _answered(asleep: dict[Shard, Asleep], until: float) -> list[Shard]:
    """Those that have an answer: at `until`, or as soon as there is one."""
    found = [shard for shard, each in asleep.items() if each.has_answer()]
    if found:
        return found
    poll = select.poll()
    for each in asleep.values():
        poll.register(each.socket, select.POLLIN)
    poll.poll(max(0.0, until - time.monotonic()) * 1000)
    return [shard for shard, each in asleep.items() if each.has_answer()]
