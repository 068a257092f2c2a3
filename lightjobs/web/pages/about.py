"""`/about`: what this page is connected to, and what it may do."""

from __future__ import annotations

import platform
from typing import Any

from ... import current
from ...engines.control import Engine
from ...errors import LightjobsError
from ...settings.settings import Settings
from ...version import __version__
from ..visit import Visit


def view(visit: Visit) -> dict[str, Any]:
    """Versions, settings without secrets, and what `lightjobs check` says about the store."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "engine": visit.engine.name,
        "settings": _settings(),
        "retention": {
            name: _kept(seconds) for name, seconds in visit.engine.retention._asdict().items()
        },
        "warnings": warnings(visit),
        "may": visit.visitor.level,
        "user": visit.visitor.user,
        "payloads_hidden": visit.options.hide_payloads,
    }


def warnings(visit: Visit) -> list[str] | None:
    """What `lightjobs check` says about the store; None if it is still being looked at."""
    return visit.figure("warnings", lambda: _warnings(visit.engine))


def _warnings(engine: Engine) -> list[str]:
    return [*engine.problems(), *engine.warnings()]


def _settings() -> dict[str, str]:
    """The settings that matter here. None of them is a secret: those are not asked for."""
    try:
        found: Settings = current.settings()
    except LightjobsError:  # the engine was handed over by a program that has no settings
        return {}
    shown: dict[str, object] = {"lease (seconds)": f"{found.lease:g}"}
    if found.engine == "database":
        database = found.database
        shown |= {"driver": database.driver, "database": database.name}
        if database.driver != "sqlite":
            shown |= {"host": database.host, "port": database.port or "usual"}
    elif found.engine in ("redis", "valkey"):
        redis = found.redis
        shown |= {"host": redis.host, "port": redis.port, "database": redis.database}
        shown |= {"prefix": redis.prefix, "job format": redis.format}
    return {name: str(value) for name, value in shown.items()}


def _kept(seconds: float | None) -> str:
    if seconds is None:
        return "kept"
    return f"{seconds:g} s" if seconds else "deleted at once"
