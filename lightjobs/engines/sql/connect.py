"""The SQL engine from the settings."""

from __future__ import annotations

from ...settings.login import of_database, reading_again
from ...settings.settings import Settings
from .. import DRIVERS, resolve
from .engine import SqlEngine


def connect(settings: Settings) -> SqlEngine:
    """The SQL engine on the database that `settings` choose. A driver is imported only for its own
    database."""
    database = resolve(DRIVERS[settings.database.driver])(settings.database)
    if settings.database.driver != "sqlite":
        database.login_again = reading_again(settings, of_database)
    return SqlEngine(database, settings.enqueue_timeout)
