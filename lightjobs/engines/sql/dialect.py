"""What the `{word}`s in the SQL files stand for; each database has a Dialect of its own."""

from __future__ import annotations

from dataclasses import dataclass

HIGHEST_COUNT = 2**31 - 1
"""What a claim makes of attempts or a fence that cannot be raised by one. No run gets that far."""

_STORED = (
    "id, handler, queue, payload, status, attempts, priority, created_at, scheduled_at, exception,"
    " failed_at, recoveries, worker, options"
)


def next_count(column: str, is_countable: str = "TRUE") -> str:
    """One more than `column` where that is possible. A plain `+ 1` fails beyond the column's range,
    and with it the claim of a whole batch."""
    return (
        f"CASE WHEN {is_countable} AND {column} BETWEEN 0 AND {HIGHEST_COUNT - 1}"
        f" THEN {column} + 1 ELSE {HIGHEST_COUNT} END"
    )


# Compared by identity, which the caches of statements.py need. Each method that dataclass makes
# would add 0.1 ms to the start of a worker.
@dataclass(eq=False, repr=False)
class Dialect:
    """The words of one database. A word may contain others, and `{where}`."""

    name: str
    """The folder of its own statements in `queries/`, and of its migrations."""

    now: str
    """The time in whole seconds, as a DATETIME in UTC."""

    us: str
    """The microseconds beyond `now`."""

    unix: str
    """The time in unix seconds, with a fraction."""

    keep: str
    """The lock that keeps a row from being changed."""

    take: str
    """The lock that claims a row, or skips it if another transaction has locked it."""

    change: str
    """The lock that changes a row but not its key, or skips it if another transaction has locked
    it."""

    datetime: str
    """The type of times, in a CAST."""

    some: str
    """The condition that names up to :limit jobs that fit `{where}`."""

    oldest: str
    """The same for those of them that ended first."""

    skip: str
    """The condition that excludes the handlers in :skip."""

    claim: str
    """The fields of a Claim, the id as text."""

    stored: str = _STORED
    """The fields of a Stored."""

    collation: str = "{collation}"
    """The collation of MySQL that compares byte by byte: `Mysql.script` knows its name."""

    next_attempts: str = next_count("attempts")
    """The attempts after a claim."""

    next_fence: str = next_count("fence")
    """The fence after a claim."""
