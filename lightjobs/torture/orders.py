"""What the torture tells the processes that it starts: the store, and where to note what they do.

It travels in an environment variable, so that no file with a password is left behind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..process import prelude
from ..settings.database_settings import DatabaseSettings
from ..settings.redis_settings import RedisSettings
from ..settings.settings import Settings

VARIABLE = "LIGHTJOBS_TORTURE"

_OF_A_PROJECT = ("JOB_", "DB_", "REDIS_", "RETAIN_", "DATABASE_URL", "NOTIFY_SOCKET", "WATCHDOG_")
"""How the variables begin that mean something to the processes of a project."""

QUEUE = "torture"


class Orders(NamedTuple):
    """What one process is told."""

    settings: Settings
    folder: str
    """Where it notes what it does."""
    clock: float = 0.0
    """By how many seconds its clock is wrong."""

    def environment(self) -> dict[str, str]:
        """The environment that a process is started with."""
        rest = {key: text for key, text in os.environ.items() if not key.startswith(_OF_A_PROJECT)}
        return {**rest, VARIABLE: self._to_json(), prelude.VARIABLE: "lightjobs.torture.prelude"}

    def _to_json(self) -> str:
        settings = self.settings
        return json.dumps(
            {
                "engine": settings.engine,
                "lease": settings.lease,
                "enqueue_timeout": settings.enqueue_timeout,
                "redis": _as_values(settings.redis),
                "database": settings.database._asdict(),
                "folder": self.folder,
                "clock": self.clock,
            }
        )

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Orders:
        """What the torture has told this process."""
        values: dict[str, Any] = json.loads(environment[VARIABLE])
        database = values["database"]
        database["libpq"] = tuple(map(tuple, database["libpq"]))
        settings = Settings(
            engine=values["engine"],
            lease=values["lease"],
            enqueue_timeout=values["enqueue_timeout"],
            redis=_of_values(values["redis"]),
            database=DatabaseSettings(**database),
        )
        return cls(own_jobs(settings), values["folder"], values["clock"])


def _as_values(redis: RedisSettings) -> dict[str, Any]:
    """The settings of Redis, and of its other servers, as JSON can hold them."""
    return {**redis._asdict(), "others": list(map(_as_values, redis.others))}


def _of_values(values: dict[str, Any]) -> RedisSettings:
    sentinels = tuple(map(tuple, values["sentinels"]))
    others = tuple(map(_of_values, values["others"]))
    return RedisSettings(**{**values, "sentinels": sentinels, "others": others})


def own_jobs(settings: Settings) -> Settings:
    """`settings` of a project that has the torture's jobs and nothing of its user's."""
    return Settings(
        engine=settings.engine,
        modules=("lightjobs.torture.jobs",),
        lease=settings.lease,
        enqueue_timeout=settings.enqueue_timeout,
        redis=settings.redis,
        database=settings.database,
    )
