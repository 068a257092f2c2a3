"""What the tests of the servers' plans share: 100,000 jobs of all kinds, the parameters of our
statements, and lists."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, cast

from lightjobs.engines.sql.database import Database
from lightjobs.engines.sql.listing import Listing
from lightjobs.engines.sql.statements import pyformat
from lightjobs.engines.where import Where
from lightjobs.model import Cursor, utc_text

POSTGRES_ROWS = """
INSERT INTO jobs
  (handler, queue, payload, status, attempts, priority, scheduled_at, worker, failed_at)
SELECT 'h', 'q' || i % 3, '{}',
  CASE WHEN i % 10 = 0 THEN 'failed' WHEN i % 1000 = 1 THEN 'queued' ELSE 'new' END, 0,
  i % 7 / 6 - i % 5 / 4,
  now() AT TIME ZONE 'UTC' + CASE WHEN i % 4 = 2 THEN interval '1 day' ELSE -interval '1 day' END
    - i / 10 * interval '1 second',
  CASE WHEN i % 1000 = 1 THEN 'w' || i % 3 END,
  CASE WHEN i % 10 = 0 THEN now() - i / 10 * interval '1 second' END
FROM generate_series(1, 100000) AS i
"""
MARIADB_ROWS = """
INSERT INTO jobs
  (handler, queue, payload, status, attempts, priority, scheduled_at, worker, failed_at)
WITH RECURSIVE digits AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM digits WHERE n < 9)
SELECT 'h', CONCAT('q', seq MOD 3), '{}',
  CASE WHEN seq MOD 10 = 0 THEN 'failed' WHEN seq MOD 1000 = 1 THEN 'queued' ELSE 'new' END, 0,
  CAST(seq MOD 7 DIV 6 AS SIGNED) - CAST(seq MOD 5 DIV 4 AS SIGNED),
  UTC_TIMESTAMP() + INTERVAL CASE WHEN seq MOD 4 = 2 THEN 1 ELSE -1 END DAY
    - INTERVAL seq DIV 10 SECOND,
  CASE WHEN seq MOD 1000 = 1 THEN CONCAT('w', seq MOD 3) END,
  CASE WHEN seq MOD 10 = 0 THEN UTC_TIMESTAMP() - INTERVAL seq DIV 10 SECOND END
FROM (SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS seq
  FROM digits AS a, digits AS b, digits AS c, digits AS d, digits AS e) AS numbers
ORDER BY seq
"""
SETTLE = [
    *("settle_done", "settle_completed", "settle_kept"),
    *("settle_release", "settle_failed", "settle_hand_back"),
    "settle_expired",
]
SETTLE_WITH_ERRORS = ["settle_release", "settle_failed"]
QUEUES = ["q0", "q1", "q2", "empty"]
PARAMETERS: dict[str, Any] = {
    "worker": "w1",
    "tied": 1,
    "limit": 100,
    "spread": 600,
    "queue": "q1",
    "priority": 0,
    "queues": ["q0", "q1", "q2", "empty"],
    "priorities": [0, 0, 0, 0],
    "place": 0,
    "id": 50_003,
    "ids": [3, 4, 5],
    "outcomes": json.dumps([[n, 1, "{}", "2026-01-01 00:00:00", 0, 1] for n in range(1, 100)]),
    "exception": "x",
    **{"head": "a", "middle": "b", "tail": "c"},
    "status": "failed",
    "before": None,
}
GROUPED: dict[str, Any] = {
    "queue": "g",
    "queues": ["g", "g"],
    "priorities": [1, 0],
    **{"after": "g100", "until": None, "groups": ["g7", "g8"], "plain": True, "quota": 5},
    # Behind g995 there are four groups, so the look goes on with the first ones.
    **{"afters": [None, "g995"], "most": [20, 20], "fewer": [5, 5]},
}

# A list: the statement, the status, the filters, and the place to go on from.
LISTS: list[tuple[str, str | None]] = [
    ("failed", None),
    ("failed", "q1"),
    ("new", None),
    ("new", "q1"),
]
PLACES = ["from the start", "from a place"]


def page_after(which: str) -> Callable[[str], Cursor | None]:
    """For a status, a time in the middle of those that failed, and of those that wait."""
    if which == "from the start":
        return lambda status: None
    moment = time.time() - 5000
    return lambda status: Cursor(utc_text(moment - 86_400 * (status == "new")), "77")


class Asked:
    """A database that keeps the statement it was asked last, with its parameters."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.dialect = database.dialect

    def look(self, name: str, params: dict[str, Any], where: str) -> Any:
        self.last = pyformat(name, self.dialect, where), params
        return self._database.look(name, params, where)


def listed(
    database: Any, status: str, queue: str | None, after: Cursor | None
) -> tuple[str, dict[str, Any]]:
    """What a list is asked with."""
    asked = Asked(database)
    Listing(cast(Database, asked)).browse(Where(status=status, queue=queue), 51, after)
    return asked.last
