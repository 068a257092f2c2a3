"""Claims from MySQL and MariaDB.

A claim that is not committed yet is not seen by others when they count how many jobs of a group
run. Claims from a group that has a limit therefore exclude each other by named locks of the server,
which are waited for by none, so that nothing deadlocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ...errors import LightjobsError
from .groups import Claiming, Found, Place, Turns, lock_number
from .rows import Row

if TYPE_CHECKING:
    from .mysql import Mysql

FEWEST_ROWS, MOST_ROWS = 100, 20_000
"""How many rows of the index are read at a time to find the names of groups."""

CONCAT_BYTES = 1000
"""Text of that length may have been cut off: MySQL's group_concat_max_len is 1024."""


class MysqlClaims:
    """The claims of one engine."""

    def __init__(self, db: Mysql) -> None:
        self._db = db
        self._turns = Turns()

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """Looks first, without locks: most queues and priorities have nothing due. A locking read
        of each would take a statement each, or lock more rows than it claims."""
        due = [found for found in self._db.look_for(queues, skip) if found[1] <= 0 or found[2]]
        if not due:
            return []
        claiming = MysqlClaiming(self._db, worker, skip)
        claimed: list[Row] = []
        try:
            with self._db.transaction():
                if not self._db.rows("registered", {"worker": worker}):
                    raise self._db.unknown(worker)
                plain: list[Row] = []
                for place, seconds, is_grouped in due:
                    left = limit - len(claimed) - len(plain)
                    if left > 0 and is_grouped:
                        claimed += self._named(worker, plain)
                        plain = []
                        claimed += self._turns.claim(claiming, place, left, seconds <= 0)
                    elif left > 0:
                        plain += claiming.plain(place, left)
                claimed += self._named(worker, plain)
        finally:
            claiming.unlock()
        return claimed

    def _named(self, worker: str, rows: list[Row]) -> list[Row]:
        """The rows, after the worker of their jobs was named."""
        if rows:
            ids = [int(row[0]) for row in rows]
            self._db.run("claimed", {"worker": worker, "ids": ids})
        return rows


class MysqlClaiming(Claiming):
    """A claim, in a transaction."""

    def __init__(self, db: Mysql, worker: str = "", skip: Sequence[str] = ()) -> None:
        self._db = db
        self._worker = worker
        self._skip = skip
        self._where = db.dialect.skip if skip else ""
        self._rows: dict[int, Row] = {}
        self._locks: set[str] = set()
        self._found: dict[str, tuple[list[int], bool]] = {}
        """The first due jobs of groups, as a look without locks has seen them, and whether these
        are all."""

    def plain(self, place: Place, limit: int) -> list[Row]:
        """The first due jobs without a group."""
        params = {**place._asdict(), "limit": limit, "skip": self._skip}
        return self._db.rows("claim", params, self._where)

    def names(self, place: Place, after: str, until: str | None, limit: int) -> list[str]:
        names: list[str] = []
        running = {
            name: int(number)
            for name, number, is_limited in self._running(place.queue)
            if is_limited or not self._worker
        }
        rows = FEWEST_ROWS
        params = {**place._asdict(), "skip": self._skip}
        while len(names) < limit:
            part = self._db.rows(
                "group_heads", {**params, "after": after, "rows": rows}, self._where
            )
            is_end = sum(count for _, count, *_ in part) < rows
            for after, _, is_due, ids in part:
                if until is not None and after > until:
                    return names[:limit]
                if is_due and not self._is_full(place, after, running.get(after)):
                    names.append(after)
                    self._found[after] = _seen(ids, is_end or after != part[-1][0])
            if is_end:
                break
            # As many rows as the groups that are missing may have.
            wanted = (limit - len(names)) * rows // len(part) if len(part) > 1 else 0
            rows = min(MOST_ROWS, max(FEWEST_ROWS, wanted))
        return names[:limit]

    def _running(self, queue: str) -> list[Row]:
        return self._db.rows("group_running", {"queue": queue})

    def _is_full(self, place: Place, name: str, running: int | None) -> bool:
        """Whether as many jobs of the group run as the limit of its first one allows."""
        if running is None:
            return False
        params = {**place._asdict(), "name": name, "skip": self._skip}
        found = self._db.rows("group_limit", params, self._where)
        return bool(found) and found[0][0] is not None and running >= found[0][0]

    def first(self, place: Place, groups: Sequence[str | None], quota: int) -> Iterator[Found]:
        locked = self._lock_found(groups, quota)
        for name in groups:
            jobs = locked.get(name) or self._first_of(place, name, quota)
            for row in jobs:
                number = int(row[0])
                self._rows[number] = row[:10]
                yield Found(name, number, row[10])

    def _lock_found(
        self, groups: Sequence[str | None], quota: int
    ) -> Mapping[str | None, Sequence[Row]]:
        """Lock the first jobs of several groups by one statement: each group of which as many as
        were looked for are there, and nobody else has locked one."""
        wanted = {}
        for name in groups:
            if name is not None and name in self._found:
                numbers, are_all = self._found.pop(name)
                if are_all or len(numbers) >= quota:
                    wanted[name] = numbers[:quota]
        if len(wanted) <= 1:
            return {}
        ids = sorted(number for numbers in wanted.values() for number in numbers)
        rows = {int(row[0]): row for row in self._db.rows("group_found", {"ids": ids})}
        return {
            name: [rows[number] for number in numbers]
            for name, numbers in wanted.items()
            if rows.keys() >= set(numbers)
        }

    def _first_of(self, place: Place, name: str | None, quota: int) -> list[Row]:
        if name is None:
            return [(*row, None) for row in self.plain(place, quota)]
        params = {**place._asdict(), "name": name, "quota": quota, "skip": self._skip}
        return self._db.rows("group_jobs", params, self._where)

    def running(self, place: Place, groups: Sequence[str]) -> Mapping[str, int]:
        wanted = {name: self._lock_name(place.queue, name) for name in groups}
        if new := sorted(set(wanted.values()) - self._locks):
            asked = ", ".join(f"GET_LOCK('{name}', 0)" for name in new)
            (taken,) = self._db.ask(f"SELECT {asked}")
            self._locks |= {name for name, is_taken in zip(new, taken, strict=True) if is_taken}
        counts = {name: int(number) for name, number, _ in self._running(place.queue)}
        return {name: counts.get(name, 0) for name in groups if wanted[name] in self._locks}

    def _lock_name(self, queue: str, group: str) -> str:
        # The server's databases share the names of locks.
        return f"lightjobs_{lock_number(self._db.label, queue, group):x}"

    def take(self, ids: Sequence[int]) -> list[Row]:
        self._db.run("claimed", {"worker": self._worker, "ids": list(ids)})
        return [self._rows[number] for number in ids]

    def unlock(self) -> None:
        """Let go of the locks. The claim must have been committed, or undone."""
        if self._locks:
            released = ", ".join(f"RELEASE_LOCK('{name}')" for name in self._locks)
            with suppress(LightjobsError):  # a connection that is lost has none
                self._db.ask(f"SELECT {released}")


def _seen(ids: str | None, are_all: bool) -> tuple[list[int], bool]:
    """The ids that a row of group_heads.sql has, and whether these are all. `are_all`: whether all
    jobs of the group were among the rows that it has read."""
    numbers = ids.split(",") if ids else []
    if ids and len(ids) >= CONCAT_BYTES:
        return list(map(int, numbers[:-1])), False
    return list(map(int, numbers)), are_all
