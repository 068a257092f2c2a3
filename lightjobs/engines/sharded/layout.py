"""How the jobs are spread, for `lightjobs check`."""

from __future__ import annotations

from collections.abc import Callable

from redis import exceptions

from ...settings.redis_settings import MOST_SHARDS
from ..redis.engine import RedisEngine
from .places import prefix_of
from .shards import Shard, Shards


def by_shard(shards: Shards, act: Callable[[RedisEngine], list[str]]) -> list[str]:
    """The texts that `act` returns for the shards, each once, with the shards that it is about."""
    found: dict[str, list[int]] = {}
    for shard in shards:
        for text in act(shard.engine):
            found.setdefault(text, []).append(shard.number)
    return [f"{_named(numbers, len(shards))}{text}" for text, numbers in found.items()]


def _named(numbers: list[int], count: int) -> str:
    if len(numbers) == count:
        return ""
    few = ", ".join(map(str, numbers[:5]))
    rest = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"shard{'s' if len(numbers) > 1 else ''} {few}{rest}: "


def spread(shards: Shards) -> list[str]:
    """A line for each server, or node of a cluster, with the numbers of its shards."""
    found: dict[str, list[int]] = {}
    for shard in shards:
        try:
            shard.node.execute("EXISTS", f"{shard.prefix}queues")  # finds the node
            at = shard.node.client.connection_pool.connection_kwargs
            place = f"{at['host']}:{at['port']}" if "host" in at else shard.place
        except (exceptions.RedisError, OSError):
            place = f"{shard.place} (away)"
        found.setdefault(place, []).append(shard.number)
    return [
        f"{place} has {len(numbers)} of {len(shards)} shards: {', '.join(map(str, numbers))}"
        for place, numbers in found.items()
    ]


def left_behind(shards: Shards) -> list[str]:
    """A warning if there are jobs in shards with higher numbers than are configured."""
    found = []
    firsts = [shard for shard in shards if shard.number % MOST_SHARDS == 0]
    for first in firsts:
        numbers = {shard.number for shard in shards}
        end = first.number + MOST_SHARDS
        unread = [number for number in range(first.number, end) if number not in numbers]
        used = [number for number in unread if _is_used(shards.first, first, number)]
        if used:
            found.append(
                f"{first.place} has jobs in the shards {', '.join(map(str, used))}, which are not "
                f"read: REDIS_JOB_SHARDS is {MOST_SHARDS - len(unread)}, and was more"
            )
    return found


def _is_used(base: Shard, at: Shard, number: int) -> bool:
    """Whether the shard `number` of the server of `at` has queues."""
    try:
        return bool(at.node.execute("EXISTS", f"{prefix_of(base.prefix, number)}queues"))
    except (exceptions.RedisError, OSError):
        return False
