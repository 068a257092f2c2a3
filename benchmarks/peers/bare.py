"""What PostgreSQL gives a Python loop that does nothing but claim, decode and delete.

    python -m benchmarks.peers.bare

One statement claims 100 rows with SKIP LOCKED and raises their fence, one deletes those with that
fence. An empty queue is waited for by LISTEN.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import psycopg

from .ticks import stamp, tick

BATCH = 100

SCHEMA = """
CREATE TABLE bare (id bigserial PRIMARY KEY, handler text NOT NULL, payload text NOT NULL,
  status text NOT NULL DEFAULT 'new', fence integer NOT NULL DEFAULT 0);
CREATE INDEX bare_claim ON bare (id) WHERE status = 'new'
"""
_CLAIM = """
UPDATE bare SET status = 'queued', fence = fence + 1
WHERE id = ANY (ARRAY(
  SELECT id FROM bare WHERE status = 'new' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING id, fence, handler, payload
"""
_DELETE = """
DELETE FROM bare USING unnest(%s::bigint[], %s::integer[]) AS done (id, fence)
WHERE bare.id = done.id AND bare.fence = done.fence AND status = 'queued'
"""
_STORE = "INSERT INTO bare (handler, payload) VALUES (%s, %s) RETURNING id"
_TELL = """
WITH stored AS (INSERT INTO bare (handler, payload) VALUES (%s, %s) RETURNING id)
SELECT id, CAST(pg_notify('bare', '') AS text) FROM stored
"""


@cache
def _database() -> psycopg.Connection[Any]:
    return psycopg.connect(autocommit=True)


def dispatch(job: str, value: int) -> None:
    statement = _TELL if job == "stamp" else _STORE
    _database().execute(statement, (job, json.dumps({"n": value}))).fetchall()


def dispatch_many(job: str, value: int, jobs: int) -> None:
    with _database().cursor().copy("COPY bare (handler, payload) FROM STDIN") as copy:
        copy.write(f'{job}\t{{"n":{value}}}\n' * jobs)


def main() -> None:
    """Work until killed."""
    database = _database()
    database.execute("LISTEN bare")
    while True:
        rows = database.execute(_CLAIM, (BATCH,)).fetchall()
        for _id, _fence, handler, payload in rows:
            decoded = json.loads(payload)
            if handler == "stamp":
                stamp(decoded["n"])
            else:
                tick()
        if rows:
            done = [row[0] for row in rows], [row[1] for row in rows]
            database.execute(_DELETE, done)
        else:
            # Waits for one notification, or looks again.
            next(database.notifies(timeout=0.1, stop_after=1), None)


if __name__ == "__main__":
    main()
