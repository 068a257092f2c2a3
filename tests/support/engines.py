"""Engines that do not quite do what the real one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightjobs.errors import StoreUnavailable


class Wrapped:
    """An engine whose verbs a test may replace, one by one or in a subclass; `original` is the real
    one."""

    def __init__(self, original: Any, **verbs: Callable[..., Any]) -> None:
        self.original = original
        for name, verb in verbs.items():
            setattr(self, name, verb)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


def greedy(engine: Any) -> Any:
    """An engine of which every claim takes all it can, however careful the loop is."""
    return Wrapped(engine, claim=lambda name, queues, _limit: engine.claim(name, queues, 1000))


def failing(verb: Callable[..., Any], times: int, after: bool = False) -> Callable[..., Any]:
    """The verb, raising StoreUnavailable the first `times`; with `after` once it is done."""
    left = [times]

    def call(*arguments: Any) -> Any:
        away = left[0] > 0
        left[0] -= 1
        if away and not after:
            raise StoreUnavailable("away")
        result = verb(*arguments)
        if away:
            raise StoreUnavailable("the reply was lost")
        return result

    return call
