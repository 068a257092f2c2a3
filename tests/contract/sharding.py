"""Shards for the contract's tests: how many there are, and which of them has what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lightjobs.engines.sharded.places import number_in

SHARDS = 4


def shards_of(ids: Iterable[str]) -> set[int]:
    return {number_in(id) for id in ids}


def key_elsewhere(engine: Any, key: str) -> str:
    """A key whose shard is not that of `key`."""
    place = engine._shards.of_text
    return next(
        other for n in range(99) if place(f"key:{(other := f'{n}')}") is not place(f"key:{key}")
    )
