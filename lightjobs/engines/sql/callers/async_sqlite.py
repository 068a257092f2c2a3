"""Jobs on the caller's connections to SQLite that belong to an event loop."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..dialect import Dialect
from ..rows import Params
from ..sqlite_dialect import clock, many
from ..statements import marked
from .async_base import AsyncCallerConnection, AsyncKind


async def _push(caller: AsyncCallerConnection, _dialect: Dialect, rows: Sequence[Params]) -> range:
    text, params = many(rows)
    sql, names = marked(text)
    last = (await caller.execute(sql, [params[name] for name in names])).last_id
    # As in sqlite_dialect: the ids of one statement are consecutive.
    return range(last - len(rows) + 1, last + 1)


def _drivers_own(error: Any, _is_lost: bool) -> Exception:
    return error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError(str(error))


ASYNC_SQLITE = AsyncKind(("sqlite",), _push, _drivers_own, clock=clock)
