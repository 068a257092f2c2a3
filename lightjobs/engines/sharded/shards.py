"""The shards, which of them are away, and asking them."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from ...errors import LightjobsError, StoreUnavailable
from ..redis.cluster import Node
from ..redis.engine import RedisEngine
from .places import number_in, place_of

AGAIN_SECONDS = (0.2, 10.0)
"""The shortest and the longest time for which a shard that does not answer is left alone."""

PATIENCE = 5
"""It is left alone for this many times as long as it took to notice."""

_T = TypeVar("_T")


class Shard:
    """One shard: an engine with a prefix of its own on the server or cluster `place`."""

    def __init__(
        self, number: int, engine: RedisEngine, node: Node, prefix: str, place: str
    ) -> None:
        self.number = number
        self.engine = engine
        self.node = node
        self.prefix = prefix
        self.place = place
        self._away_until = 0.0
        self._reason: StoreUnavailable | None = None
        self.may_have_more = True
        """Whether the last claim here was full, or something has been pushed since."""

    @property
    def is_away(self) -> bool:
        """Whether it did not answer, and it is too early to ask again."""
        return time.monotonic() < self._away_until

    def note_claimed(self, count: int, limit: int) -> None:
        """Note that a claim of up to `limit` jobs has brought `count`."""
        self.may_have_more = count >= limit

    def note_pushed(self) -> None:
        """Note that there may be something to claim."""
        self.may_have_more = True

    def note_away(self, error: StoreUnavailable, took: float) -> None:
        """Note that it has not answered, and how long it took to notice."""
        least, most = AGAIN_SECONDS
        self._away_until = time.monotonic() + min(max(least, PATIENCE * took), most)
        self._reason = error

    def note_there(self) -> None:
        """Note that it has answered."""
        self._away_until = 0.0

    def unavailable(self) -> StoreUnavailable:
        """The error for a shard that is not asked because it is away."""
        return StoreUnavailable(f"shard {self.number}: {self._reason}")


class Shards(Sequence[Shard]):
    """All shards, in the order of their places."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = list(shards)
        self._by_number = {shard.number: shard for shard in shards}
        self.woken: deque[Shard] = deque()
        """The shards that have woken a worker: the next claim begins with them."""
        # Processes begin at different shards.
        self._turn = random.randrange(len(self._shards))

    def __len__(self) -> int:
        return len(self._shards)

    def __iter__(self) -> Iterator[Shard]:
        return iter(self._shards)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._shards[index]

    @property
    def first(self) -> Shard:
        """Shard 0, which has what is not spread: the schedule, locks and metadata."""
        return self._shards[0]

    def of_id(self, job_id: str) -> Shard | None:
        """The shard of a job; None if its number is not configured."""
        return self._by_number.get(number_in(job_id))

    def of_text(self, text: str) -> Shard:
        """The shard of a key, a group, or whatever else has a name."""
        return self._shards[place_of(text, len(self._shards))]

    def by_turns(self) -> list[Shard]:
        """All shards, beginning with another one each time."""
        self._turn = turn = (self._turn + 1) % len(self._shards)
        return self._shards[turn:] + self._shards[:turn]

    def to_claim(self) -> list[Shard]:
        """All shards, in the order in which a claim asks them."""
        order = self.by_turns()
        if not self.woken:
            return order
        woken: dict[Shard, None] = {}
        with suppress(IndexError):
            while True:
                woken[self.woken.popleft()] = None
        return [*woken, *(shard for shard in order if shard not in woken)]

    def ask(self, shard: Shard, act: Callable[[RedisEngine], _T]) -> _T:
        """What `act` returns for the engine of `shard`. Raises StoreUnavailable, at once if the
        shard has just not answered and others do."""
        if shard.is_away and not all(each.is_away for each in self._shards):
            raise shard.unavailable()
        began = time.monotonic()
        try:
            result = act(shard.engine)
        except StoreUnavailable as error:
            shard.note_away(error, time.monotonic() - began)
            raise type(error)(f"shard {shard.number}: {error}") from error
        shard.note_there()
        return result

    def from_all(
        self, act: Callable[[RedisEngine], _T], among: Iterable[Shard] | None = None
    ) -> list[_T]:
        """What `act` returns for each shard, or each of those given, in order. All are asked, even
        if some are away; then StoreUnavailable is raised."""
        found, errors = self._asked(act, self._shards if among is None else among)
        if errors:
            raise errors[0]
        return found

    def from_living(self, act: Callable[[RedisEngine], _T]) -> list[_T]:
        """The same for the shards that are there. Raises StoreUnavailable if all are away."""
        found, errors = self._asked(act, self._shards)
        if errors and not found:
            raise errors[0]
        return found

    def _asked(
        self, act: Callable[[RedisEngine], _T], among: Iterable[Shard]
    ) -> tuple[list[_T], list[LightjobsError]]:
        found: list[_T] = []
        errors: list[LightjobsError] = []
        for shard in among:
            try:
                found.append(self.ask(shard, act))
            except StoreUnavailable as error:
                errors.append(error)
        return found, errors
