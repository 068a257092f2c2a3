"""A table `jobs` that is somebody else's, such as Laravel's."""

from __future__ import annotations

from collections.abc import Collection

LIGHTPACKS = frozenset(
    (
        *("id", "handler", "queue", "payload", "status", "attempts"),
        *("exception", "created_at", "scheduled_at", "failed_at"),
    )
)
"""The columns of Lightpack's table."""

SHOWN = 12
"""How many columns of the table are named."""


def foreign(label: str, columns: Collection[str]) -> str | None:
    """What to say of a table `jobs` with these columns in the database `label`; None when there is
    no such table, or it is Lightpack's, perhaps with columns of ours."""
    found = [column.lower() for column in columns]
    missing = sorted(LIGHTPACKS.difference(found))
    if not found or not missing:
        return None
    more = ", …" if len(found) > SHOWN else ""
    return (
        f"the table jobs in {label} belongs to another program: its columns are "
        f"{', '.join(sorted(found)[:SHOWN])}{more}, and {', '.join(missing)} are missing; nothing "
        "was changed. Give lightjobs a database of its own: set DB_NAME or DATABASE_URL; on "
        "PostgreSQL, a schema of its own will do: set DB_SCHEMA"
    )
