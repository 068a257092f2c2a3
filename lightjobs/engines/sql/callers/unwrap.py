"""From a connection of SQLAlchemy's or Django's to the driver's own. Neither is imported: their
objects are recognized by their attributes."""

from __future__ import annotations

import inspect
from typing import Any

from ....errors import LightjobsError

NESTED = 5
"""How many objects may wrap each other: a scoped session holds a session, which holds a connection,
which holds a pool's proxy, which holds the driver's connection."""


def unwrapped(connection: Any, driver: type[Any], label: str) -> Any:
    """The `driver`'s connection in `connection`. SQLAlchemy begins a transaction if none is open,
    as it does at any use. Raises LightjobsError for anything else."""
    found = connection
    for _ in range(NESTED):
        if isinstance(found, driver):
            return found
        found = _inside(found)
    hint = "; this one is for `await …dispatchAsync(…, connection=…)`"
    raise LightjobsError(
        f"connection= is {named(connection)}; {label} takes {named(driver)}, "
        "or a Session or Connection of SQLAlchemy or Django's connection on one"
        f"{hint if is_of_asyncio(connection) else ''}"
    )


def is_of_asyncio(connection: Any) -> bool:
    """Whether `connection` is one that is awaited, and so belongs to an event loop."""
    commit = getattr(connection, "commit", None)
    return not inspect.isclass(connection) and inspect.iscoroutinefunction(commit)


def _inside(found: Any) -> Any:
    """What `found` wraps; None when it wraps nothing."""
    if inspect.isclass(found) or is_of_asyncio(found):
        return None  # it cannot be awaited here
    if _has(found, "ensure_connection"):  # Django's
        found.ensure_connection()
        return found.connection
    if hasattr(found, "driver_connection"):  # SQLAlchemy's pool
        return found.driver_connection
    if _has(found, "connection", "get_bind"):  # a session
        return found.connection()
    if _has(found, "in_transaction", "begin", "commit", "exec_driver_sql"):  # its connection
        if not found.in_transaction():
            found.begin()  # otherwise its commit() would do nothing
        return found.connection
    return None


def _has(found: Any, *methods: str) -> bool:
    return all(callable(getattr(found, name, None)) for name in methods)


def named(thing: Any) -> str:
    """What messages call `thing`, a connection or the class of one."""
    kind = thing if inspect.isclass(thing) else type(thing)
    return f"a {kind.__module__.partition('.')[0]} {kind.__qualname__}"
