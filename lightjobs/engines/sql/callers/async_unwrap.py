"""From a session or connection of asyncio's to what statements are run on. SQLAlchemy is not
imported: its objects are recognized by their attributes."""

from __future__ import annotations

import inspect
from typing import Any

from ....errors import LightjobsError
from .async_alchemy import AlchemyConnection
from .async_base import AsyncCallerConnection, AsyncKind
from .unwrap import is_of_asyncio, named


async def unwrapped_async(connection: Any, kind: AsyncKind, label: str) -> AsyncCallerConnection:
    """The connection to run statements on, to the database `label`, of that kind. Raises
    LightjobsError for anything else."""
    if kind.driver is not None and kind.wrap is not None and isinstance(connection, kind.driver):
        return kind.wrap(connection)
    found = connection
    if _awaits(found, "connection"):  # an AsyncSession, or one that is scoped
        found = await found.connection()
    if _awaits(found, "exec_driver_sql") and found.dialect.name in kind.alchemy:
        return AlchemyConnection(found, kind)
    on = f" on {found.dialect.name}" if _awaits(found, "exec_driver_sql") else ""
    driver = "" if kind.driver is None else f", or {named(kind.driver)}"
    hint = "" if is_of_asyncio(connection) else "; one that blocks is for dispatch()"
    raise LightjobsError(
        f"connection= is {named(connection)}{on}; in dispatchAsync() {label} takes an AsyncSession "
        f"or AsyncConnection of SQLAlchemy{driver}{hint}"
    )


def _awaits(found: Any, method: str) -> bool:
    # Of the class: an AsyncConnection raises when it is asked for `connection`.
    return inspect.iscoroutinefunction(getattr(type(found), method, None))
