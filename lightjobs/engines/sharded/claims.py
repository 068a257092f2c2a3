"""Claims and settlements across shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from ...errors import LightjobsError, StoreUnavailable, UnknownWorker
from ...model import PLAIN, Claim, Done, Outcome, Settlement
from ..partly import PartlyHeld, PartlySettled
from ..redis.engine import RedisEngine
from ..store import Pending
from .relays import Push, relayed
from .shards import Shard, Shards

Parts = dict[Shard, list[int]]
"""The places of outcomes by their shard."""

_T = TypeVar("_T")


def claim(
    shards: Shards, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
) -> list[Claim]:
    """See JobStore.claim. The shards are asked one after the other, beginning with another one each
    time, until the limit is reached. Once something has been found, only those are asked that may
    have more, by what is known here: the others have their turn in the next claims. Raises
    UnknownWorker if no shard knows the worker, and StoreUnavailable if none answers."""
    found: list[Claim] = []
    errors: list[LightjobsError] = []
    for shard in shards.to_claim():
        if found and not shard.may_have_more:
            continue
        left = limit - len(found)
        try:
            claims = shards.ask(shard, partial(_claim, worker, queues, left, skip))
        except (StoreUnavailable, UnknownWorker) as error:
            # A claim whose reply was lost is found by the look for strays. A worker that this shard
            # does not know, or no longer, is told by `beat`.
            errors.append(error)
            continue
        shard.note_claimed(len(claims), left)
        found += claims
        if len(found) >= limit:
            break
    if len(errors) == len(shards):
        raise next((each for each in errors if isinstance(each, UnknownWorker)), errors[0])
    if len(queues) > 1:
        found.sort(key=lambda claim: queues.index(claim.queue))  # strict order within a claim
    return found


def _claim(
    worker: str, queues: Sequence[str], limit: int, skip: Sequence[str], engine: RedisEngine
) -> list[Claim]:
    return engine.claim(worker, queues, limit, skip)


def held(shards: Shards, worker: str) -> list[Claim]:
    """See JobStore.held. Raises PartlyHeld if a shard is away and another is there."""
    found: list[Claim] = []
    away: dict[Shard, StoreUnavailable] = {}
    for shard in shards:
        try:
            found += shards.ask(shard, lambda engine: engine.held(worker))
        except StoreUnavailable as error:
            away[shard] = error
    if not away:
        return found
    first = next(iter(away.values()))
    if len(away) == len(shards):
        raise first
    raise PartlyHeld(first, found, lambda id: shards.of_id(id) not in away)


def settle(
    shards: Shards, push: Push, worker: str, outcomes: Sequence[Outcome]
) -> list[Settlement]:
    """See JobStore.settle. The outcomes of each shard are settled in one step. `push` stores the
    links of chains that belong to another shard. Raises PartlySettled if a shard is away and
    another is there."""

    def settled(shard: Shard, places: Sequence[int]) -> list[Settlement]:
        part: Sequence[Outcome] = [outcomes[place] for place in places]
        if not _are_plain(part):
            shard.note_pushed()
            part = relayed(shards, push, shard, worker, part)
        return shards.ask(shard, lambda engine: engine.settle(worker, part))

    parts = _parts(shards, outcomes)
    answers = {shard: partial(settled, shard, places) for shard, places in parts.items()}
    return _gathered(shards, parts, answers, len(outcomes))


def _is_followed(outcome: Outcome) -> bool:
    return type(outcome) is Done and outcome.next is not None


def _are_plain(outcomes: Sequence[Outcome]) -> bool:
    return all(type(each) is Done and each[2:] == PLAIN for each in outcomes)


def _parts(shards: Shards, outcomes: Sequence[Outcome]) -> Parts:
    parts: Parts = {}
    for place, outcome in enumerate(outcomes):
        # A shard that is not configured any more has no say: its job is gone for this worker.
        shard = shards.of_id(outcome.id) or shards.first
        parts.setdefault(shard, []).append(place)
    return parts


def _gathered(
    shards: Shards,
    parts: Parts,
    answers: Mapping[Shard, Callable[[], list[Settlement]]],
    count: int,
) -> list[Settlement]:
    found: list[Settlement | None] = [None] * count
    away: StoreUnavailable | None = None
    for shard, places in parts.items():
        try:
            for place, answer in zip(places, answers[shard](), strict=True):
                found[place] = answer
        except StoreUnavailable as error:
            away = error
    if away is not None:
        if all(shard.is_away for shard in shards):
            raise away
        raise PartlySettled(away, found)
    return [answer for answer in found if answer is not None]


class Turned(Pending):
    """The answers of several shards: settlements of those whose jobs have run, and a claim at the
    one whose turn it is."""

    def __init__(
        self,
        shards: Shards,
        push: Push,
        worker: str,
        outcomes: Sequence[Outcome],
        queues: Sequence[str],
        limit: int,
    ) -> None:
        """Send the requests."""
        self._shards = shards
        self._worker = worker
        self._queues = queues
        # What is followed by something is settled when the answers are asked for: see `relayed`.
        self._late = outcomes if any(map(_is_followed, outcomes)) else ()
        self._push = push
        self._parts = _parts(shards, () if self._late else outcomes)
        self._count = len(outcomes)
        self._limit = limit
        self._claimed_at = min(
            shards.to_claim(), key=lambda shard: (shard.is_away, not shard.may_have_more)
        )
        asked = {**self._parts, self._claimed_at: self._parts.get(self._claimed_at, [])}
        self._pending = {
            shard: self._sent(shard, [outcomes[place] for place in places])
            for shard, places in asked.items()
        }

    def _sent(self, shard: Shard, outcomes: Sequence[Outcome]) -> Pending | StoreUnavailable:
        limit = self._limit if shard is self._claimed_at else 0

        def send(engine: RedisEngine) -> Pending:
            return engine.settle_and_claim(self._worker, outcomes, self._queues, limit)

        try:
            return self._shards.ask(shard, send)
        except StoreUnavailable as error:
            return error

    def settlements(self) -> list[Settlement]:
        if self._late:
            return settle(self._shards, self._push, self._worker, self._late)
        answers = {shard: partial(self._read, shard, _settlements) for shard in self._parts}
        return _gathered(self._shards, self._parts, answers, self._count)

    def claims(self) -> list[Claim]:
        shard = self._claimed_at
        claims: list[Claim] = []
        with suppress(StoreUnavailable, UnknownWorker):  # see `claim`
            claims = self._read(shard, _claims)
            shard.note_claimed(len(claims), self._limit)
        # That a claim brings nothing means that no shard has anything.
        return claims or claim(self._shards, self._worker, self._queues, self._limit, ())

    def _read(self, shard: Shard, read: Callable[[Pending], list[_T]]) -> list[_T]:
        """What `read` returns for what was sent to `shard`."""
        pending = self._pending[shard]
        if isinstance(pending, StoreUnavailable):
            raise pending
        return self._shards.ask(shard, lambda _: read(pending))


def _settlements(pending: Pending) -> list[Settlement]:
    return pending.settlements()


def _claims(pending: Pending) -> list[Claim]:
    return pending.claims()
