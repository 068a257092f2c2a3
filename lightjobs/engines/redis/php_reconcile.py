"""Counting what PHP does on its own: it pushes to queues, and fails, retries and deletes jobs.

On a large database the search takes a long time. It stops when its time is up, and goes on from
there the next time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import StoreUnavailable
from .redis_errors import is_forbidden

QUEUES_SECONDS = 0.1
FAILED_SECONDS = 0.4
"""How long each search may take. The second is needed only after PHP has changed something."""

PART = 1000
"""How many failed jobs one step looks at."""

KEYS = 1000
"""How many keys one step of a scan looks at: one or two milliseconds of the server's time."""


def scan(
    execute: Callable[..., Any], prefix: str, kind: str, cursor: int = 0
) -> Iterator[tuple[int, list[bytes]]]:
    """Go through all keys from `cursor` on. Yields the next cursor, 0 at the end, with what follows
    `kind` in the keys that begin with it."""
    head = f"{prefix}{kind}".encode()
    pattern = re.sub(rb"([*?\[\]\\])", rb"\\\1", head) + b"*"
    # SCAN names no key, which a cluster would need to find the right node.
    execute("EXISTS", f"{prefix}queues")
    while True:
        cursor, keys = execute("SCAN", cursor, "MATCH", pattern, "COUNT", KEYS)
        cursor = int(cursor)
        yield cursor, [key[len(head) :] for key in keys]
        if not cursor:
            return


@contextmanager
def where_allowed() -> Iterator[None]:
    """Pass over a search with a command that the server does not allow: the counts are then those
    of our own jobs, and of queues that are known."""
    try:
        yield
    except StoreUnavailable as error:
        if not is_forbidden(error.__cause__):
            raise


class PhpReconciler:
    """Keeps the counts that `stats` reads up to date. `call` runs a script, `execute` a command."""

    def __init__(self, call: Callable[..., Any], execute: Callable[..., Any], prefix: str) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix

    def run(self) -> None:
        """Bring the counts up to date, as far as time allows."""
        deadline = time.monotonic() + FAILED_SECONDS
        for search in (self._note_newest, self._find_difference):
            with where_allowed():
                search(deadline)
        with where_allowed():
            self._find_queues(time.monotonic() + QUEUES_SECONDS)

    def _note_newest(self, deadline: float) -> None:
        """Note the jobs that PHP has failed since the last time: they are at the end of the set."""
        start = 0
        while ids := self._execute("ZREVRANGE", f"{self._prefix}failed", start, start + PART - 1):
            changed, _ = self._call("reconcile", "", 0, *ids)
            if not changed or time.monotonic() > deadline:
                return
            start += PART

    def _find_difference(self, deadline: float) -> None:
        """Look for jobs that are counted as failed but are not, or that are not counted but are."""
        _, difference = self._call("reconcile", "", 0)
        if not difference:
            return
        mark, command, key = (
            ("counted", "HSCAN", "failed_in") if difference > 0 else ("failed", "ZSCAN", "failed")
        )
        cursor = self._marked(mark)
        while difference:
            cursor, found = self._execute(command, f"{self._prefix}{key}", cursor, "COUNT", PART)
            ids = list(found) if command == "HSCAN" else [id for id, _ in found]
            _, difference = self._call("reconcile", mark, int(cursor), *ids)
            if time.monotonic() > deadline:
                return

    def _find_queues(self, deadline: float) -> None:
        start = self._marked("queue")
        for cursor, queues in scan(self._execute, self._prefix, "queue:", start):
            late = time.monotonic() > deadline
            if queues or late or (start and not cursor):
                # Not at each step: every write also goes to the append-only file.
                self._call("discover", cursor if late else 0, *queues)
            if late:
                return

    def _marked(self, mark: str) -> int:
        """The cursor at which the search `mark` stopped."""
        return int(self._execute("HGET", f"{self._prefix}marks", mark) or 0)
