"""The names by which settings choose a store. `lightjobs.engines` has the class of each."""

from __future__ import annotations

from collections.abc import Mapping

ENGINES = ("redis", "valkey", "database", "memory", "sync", "null")
"""What JOB_ENGINE allows."""

DRIVERS: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("sqlite",),
    "mysql": ("mysql",),
    "mariadb": ("mariadb",),
    "pgsql": ("postgresql", "postgres", "pgsql"),
}
"""What DB_DRIVER allows, and the schemes that mean the same in DATABASE_URL."""
