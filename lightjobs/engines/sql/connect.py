"""The SQL engine from the settings."""

from __future__ import annotations

from ...settings.settings import Settings
from .. import DRIVERS, resolve
from .engine import SqlEngine


def connect(settings: Settings) -> SqlEngine:
    """The SQL engine on the database that `settings` choose. A driver is imported only for its own
    database."""
    database = resolve(DRIVERS[settings.database.driver])
    return SqlEngine(database(settings.database), settings.enqueue_timeout)
