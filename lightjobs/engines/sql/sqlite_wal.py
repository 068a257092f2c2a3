"""SQLite's write-ahead log."""

from __future__ import annotations

import random
import sqlite3
import time


def set_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Turn WAL mode on, which the file keeps. In a new file SQLite does not wait for other
    processes that do the same at this moment, but fails at once: it is tried for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.01))
