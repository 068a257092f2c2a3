"""Where shards are: the number in an id, the prefix of a number, and the shard of a text.

Shard 0 has the prefix of the settings, so what was stored before there were shards is found in it.
The prefix of every other shard has a hash tag with its number, and so a slot of its own in a
cluster. The shards of a second server or cluster have the numbers from MOST_SHARDS on, and so
forth. A shard's number says nothing about how many there are: with more shards, those that were
there before stay where they are.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from string import ascii_lowercase
from zlib import crc32

from ...errors import SettingsError
from ...settings.redis_settings import MOST_SHARDS, RedisSettings

SLOTS = 16_384
"""The slots of a Redis Cluster."""

_STEP = SLOTS // MOST_SHARDS


def numbers(settings: RedisSettings) -> Iterator[tuple[RedisSettings, int]]:
    """Each shard: the settings of its server, and its number."""
    for place, server in enumerate((settings, *settings.others)):
        first = place * MOST_SHARDS
        for number in range(first, first + settings.shards):
            yield server, number


def prefixes(settings: RedisSettings) -> Iterator[tuple[RedisSettings, str]]:
    """Each shard: the settings of its server, and its prefix."""
    for server, number in numbers(settings):
        yield server, prefix_of(server.prefix, number)


def suffix_of(number: int) -> str:
    """What the ids of a shard's jobs end with."""
    return f"-{number}" if number else ""


def number_in(job_id: str) -> int:
    """The number of the shard that made `job_id`."""
    _, dash, number = job_id.rpartition("-")
    return int(number) if dash and number.isascii() and number.isdecimal() else 0


def place_of(text: str, count: int) -> int:
    """The place among `count` shards of a key, a group or a batch: the same in every process."""
    return crc32(text.encode("utf-8", "surrogatepass")) % count


def slot_of(key: str) -> int:
    """The slot of a key in a Redis Cluster."""
    tag = _tag(key)
    return crc_hqx((key if tag is None else tag).encode("utf-8", "surrogatepass"), 0) % SLOTS


def prefix_of(prefix: str, number: int) -> str:
    """The prefix of the shard `number`, from that of the settings. Raises SettingsError if that one
    has a brace, but no hash tag."""
    if not number:
        return prefix
    tag = _tag(prefix)
    if tag is None and "{" in prefix:
        raise SettingsError(
            f"REDIS_JOB_PREFIX is {prefix!r}; allowed with several shards: one without {{, or with "
            "a hash tag, such as {jobs}:"
        )
    name = f"{tag or ''}#{number}"
    head, end, tail = prefix, "", ":"
    if tag is not None:
        head, end, tail = prefix.partition("{" + tag + "}")
        assert end
    return f"{head}{{{_near(name, _wanted(prefix, number))}}}{tail}"


def _tag(key: str) -> str | None:
    """The hash tag in a key: what is between the first brace and the next closing one."""
    _, brace, rest = key.partition("{")
    tag, closing, _ = rest.partition("}")
    return tag if brace and closing and tag else None


def _wanted(prefix: str, number: int) -> int:
    """The slot that shard `number` should have. Each power of two of shards is spread evenly: the
    numbers in binary are read backwards, as 0, 128, 64, 192, 32 and so on of 256 places, which are
    counted from the slot of shard 0."""
    place = int(f"{number % MOST_SHARDS:08b}"[::-1], 2)
    return (slot_of(f"{prefix}queues" if _tag(prefix) is None else prefix) + place * _STEP) % SLOTS


@lru_cache(maxsize=4096)
def _near(name: str, wanted: int) -> str:
    """`name` with a few letters behind it, so that its slot is the wanted one or one of the few
    behind that."""
    begun = crc_hqx(name.encode("utf-8", "surrogatepass"), 0)
    for letters in _letters():
        if (crc_hqx(letters, begun) - wanted) % SLOTS < _STEP // 2:
            return name + letters.decode()
    raise AssertionError("some four letters lead to every slot")


def _letters() -> Iterator[bytes]:
    for length in (1, 2, 3, 4):
        for each in product(ascii_lowercase, repeat=length):
            yield "".join(each).encode()
