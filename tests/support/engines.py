"""Engines that do not quite do what the real one does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from lightjobs.engines.partly import PartlySettled
from lightjobs.engines.store import Pending
from lightjobs.errors import LightjobsError, StoreUnavailable
from lightjobs.model import Claim, Outcome, Settlement


class Wrapped:
    """An engine whose verbs a test may replace, one by one or in a subclass; `original` is the real
    one."""

    def __init__(self, original: Any, **verbs: Callable[..., Any]) -> None:
        self.original = original
        for name, verb in verbs.items():
            setattr(self, name, verb)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def settle_and_claim(self, *arguments: Any) -> Pending:
        """With the verbs of the test. Used only if the original answers later."""
        return Answered(self, *arguments)


class Answered(Pending):
    """The answers of an engine that has settled and claimed when it was asked to."""

    def __init__(
        self,
        engine: Any,
        worker: str,
        outcomes: Sequence[Outcome],
        queues: Sequence[str],
        limit: int,
    ) -> None:
        self._settlements = self._answer(engine.settle, worker, outcomes)
        self._claims = self._answer(engine.claim, worker, queues, limit)

    def _answer(self, verb: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        try:
            answer = verb(*arguments)
        except LightjobsError as error:
            return partial(_raise, error)
        return lambda: answer

    def settlements(self) -> list[Settlement]:
        return list(self._settlements())

    def claims(self) -> list[Claim]:
        return list(self._claims())


def _raise(error: LightjobsError) -> None:
    raise error


def answer_later(engine: Any) -> None:
    """Give `engine` the verb settle_and_claim."""
    engine.answers_later = True
    engine.settle_and_claim = partial(Answered, engine)


def greedy(engine: Any) -> Any:
    """An engine of which every claim takes all it can, however careful the loop is."""
    return Wrapped(engine, claim=lambda name, queues, _limit: engine.claim(name, queues, 1000))


def partly(engine: Any, away: Collection[str]) -> Callable[..., Any]:
    """The verb `settle` of an engine of which a part is away: the one with the jobs in `away`."""

    def settle(worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        there = [outcome for outcome in outcomes if outcome.id not in away]
        answers = iter(engine.settle(worker, there))
        found = [next(answers) if outcome in there else None for outcome in outcomes]
        if None in found:
            raise PartlySettled(StoreUnavailable("away"), found)
        return [answer for answer in found if answer is not None]

    return settle


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
