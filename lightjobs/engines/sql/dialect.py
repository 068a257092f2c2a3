"""What the `{word}`s in the SQL files stand for; each database has a Dialect of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ..failures import ERROR_HEAD

HIGHEST_COUNT = 2**31 - 1
"""What a claim makes of attempts or a fence that cannot be raised by one. No run gets that far."""

_STORED = (
    "id, handler, queue, payload, status, attempts, priority, created_at, scheduled_at, exception,"
    " failed_at, recoveries, worker, options, errors, result, progress, kept_until,"
    " unique_key, group_key, batch_id"
)


HELPERS = (
    *("job_migrations", "job_workers", "job_sweeps", "job_limits", "job_paused", "job_slots"),
    *("job_metadata", "job_locks", "job_rates", "job_keys", "job_batches", "job_transfers"),
)
"""Our own tables. `jobs` is Lightpack's, too."""


def table_names(schema: str | None, prefix: str) -> dict[str, str]:
    """What the names of the tables in the SQL files stand for, and `schema` and `prefix`, which go
    before the names of indexes."""
    place = f'"{schema}".' if schema else ""
    helpers = {name: f"{place}{prefix}{name}" for name in HELPERS}
    return {"schema": place, "prefix": prefix, "jobs": f"{place}jobs", **helpers}


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

    lock: str
    """The lock that changes a row, which is waited for."""

    change: str
    """The lock that changes a row but not its key, or skips it if another transaction has locked
    it."""

    soon: str
    """A time of its own for each row, from `now` to :spread seconds later, evenly spread."""

    datetime: str
    """The type of times, in a CAST."""

    some: str
    """The condition that names up to :limit jobs that fit `{where}`."""

    oldest: str
    """The same for those of them that ended first."""

    skip: str
    """The condition that excludes the handlers in :skip."""

    ids: str
    """The condition that names jobs by the numbers in :ids, bound as `bound_ids` makes it."""

    error_class: str
    """The text of `exception` up to the first ":" or the end of its first line."""

    claim: str
    """The fields of a Claim but the last, the id as text."""

    waited: str
    """The last field of a Claim: the seconds for which the job has been due, never negative."""

    errors: str
    """What a settlement also sets when some of its outcomes have a line for their jobs' errors."""

    lost: str
    """The errors of a job after the line for a run whose worker died: :head, the attempts, :middle,
    the time, and :tail."""

    tables: Mapping[str, str] = field(default_factory=lambda: table_names(None, ""))
    """The names of the tables. `jobs` is called so everywhere but in a schema of PostgreSQL."""

    stored: str = _STORED
    """The fields of a Stored, the errors as text."""

    failure: str = f"id, handler, failed_at, substr(exception, 1, {ERROR_HEAD})"
    """The fields of a Failure."""

    collation: str = "{collation}"
    """The collation of MySQL that compares byte by byte: `Mysql.script` knows its name."""

    bound_ids: Callable[[Sequence[int]], Any] = list
    """What is bound to :ids for these numbers."""

    packed: Callable[[Any], str] = lambda value: json.dumps(value, ensure_ascii=False)
    """JSON as a statement for tied jobs takes it: a caller's session may have any encoding."""

    snapshots: bool = False
    """Whether a caller's transaction usually sees the tables as they were when it began, unless it
    locks what it reads."""

    steps: bool = True
    """Whether a statement can step from queue to queue in an index, and so list the jobs of all
    queues in the order of their times without sorting them all."""

    by_time: str = ""
    """What makes the planner read the waiting jobs of groups from the index that has them by their
    times: one that knows of few jobs would read all that wait."""

    has_group: str = "group_key IS NOT NULL"
    """The condition of that index."""

    next_attempts: str = next_count("attempts")
    """The attempts after a claim."""

    next_fence: str = next_count("fence")
    """The fence after a claim."""


@cache
def with_tables(dialect: Dialect, schema: str | None, prefix: str) -> Dialect:
    """`dialect` for tables in that schema (None: where the session looks for them), whose names
    begin with `prefix` unless they are Lightpack's."""
    if not (schema or prefix):
        return dialect
    return replace(dialect, tables=table_names(schema, prefix))
