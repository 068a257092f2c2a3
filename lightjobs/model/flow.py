"""What ties a job to others: a key that only one of them holds, a group, a batch."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

UNIQUE_SCOPES = ("waiting", "active", "window")
"""How long a job holds its key: until it starts, until it has ended for good, or for the whole
time of `Unique.seconds`, whatever becomes of it."""

WHEN_TAKEN = ("keep", "refuse", "replace")
"""What a push does when another job holds the key: it returns that job's id; it raises JobExists;
or it gives that job, if it still waits, the new payload, due time and priority."""

KEY_LENGTH = 255
"""The most characters of a key as it is stored; longer ones are stored as a hash."""

GROUP_LENGTH = 191
"""The most characters of a group's name."""

BATCH_LENGTH = 64
"""The most characters of a batch's id."""


class Unique(NamedTuple):
    """The key of a job, which one job holds at a time."""

    key: str
    """As it is stored: the handler, a colon and what `uniqueKey` returned; see `stored_key`."""
    scope: str
    """One of UNIQUE_SCOPES."""
    seconds: float
    """The longest time for which the key is held, from the push on, by the store's clock."""
    when_taken: str = "keep"
    """One of WHEN_TAKEN."""


class Flow(NamedTuple):
    """The ties of one job. A job without any has no Flow at all: nearly all are such."""

    unique: Unique | None = None
    group: str | None = None
    """Within a queue and a priority, groups take turns. Jobs without a group are one more group."""
    group_limit: int | None = None
    """How many jobs of the group, in this queue, may be claimed at a time when this one is claimed,
    itself included; None: any number."""
    batch: str | None = None
    """The id of the batch that the job is part of."""


def unrefused(flow: Flow | None) -> Flow | None:
    """`flow` for a push by the store or by a schedule, where nobody is there to be told of a
    refusal: a job whose key is taken is left out."""
    if flow is None or flow.unique is None or flow.unique.when_taken != "refuse":
        return flow
    return flow._replace(unique=flow.unique._replace(when_taken="keep"))


class KeyHolder(NamedTuple):
    """Who holds a key."""

    key: str
    job_id: str
    scope: str
    until: float
    """Unix seconds: when the key is free at the latest."""


class Group(NamedTuple):
    """A group of a queue that has jobs which wait or run."""

    name: str | None
    """None for the jobs without a group."""
    waiting: int
    """Jobs that are new, due now or later."""
    running: int
    """Jobs that are claimed."""


def stored_key(handler: str, key: str) -> str:
    """The key of a job as it is stored: `handler:key` or, if that is longer than KEY_LENGTH, the
    handler, a colon and the SHA-256 of the key."""
    whole = f"{handler}:{key}"
    if len(whole) <= KEY_LENGTH:
        return whole
    # A handler has up to HANDLER_LENGTH characters, which may leave no room for the hash.
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{handler[: KEY_LENGTH - len(digest) - 1]}:{digest}"
