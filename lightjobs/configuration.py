"""`lightjobs.configure(...)`: the settings of a program that has settings of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from . import current
from .errors import LightjobsError, SettingsError
from .settings import config_files, redis_url, settings
from .settings.config_files import Elsewhere, Given
from .settings.stores import DRIVERS

_PLACE = "configure()"

_SCHEMES = {
    **{scheme: "redis" for scheme in redis_url.SCHEMES},
    **dict.fromkeys(("valkey", "valkeys"), "valkey"),
    **{scheme: "database" for schemes in DRIVERS.values() for scheme in schemes},
}
"""The engine that each scheme of a URL means."""


class Values(TypedDict, total=False):
    """What `configure` takes: the keys of config/jobs.py, and what describes the store."""

    engine: str
    url: str
    modules: str | list[str]
    attempts: int
    retry_after: Any
    timeout: float
    lease: float
    unknown_after: float | str
    timeout_grace: float
    max_payload: int
    retain_completed: str
    retain_failed: str
    retain_cancelled: str
    retain_history: str
    enqueue_timeout: float
    schedule_name: str
    middleware: list[Any]
    database: Mapping[str, Any]
    """As the dict in config/database.py."""
    redis: Mapping[str, Any]
    """As the dict in config/redis.py."""


_configured: Values | None = None


def configure(**values: Unpack[Values]) -> None:
    """Set what the files in `config/` would set, which are then not read. What is left out comes
    from the environment and `.env`, as it does with these files.

    `url` names the store, such as redis://host/0, postgresql://user:password@host/name, mysql://…
    or sqlite:///jobs.sqlite. It implies `engine`, and nothing that the environment says about a
    store is mixed with it.

    Raises SettingsError for a name or value that is not allowed, and LightjobsError once this
    process has used its settings, by a dispatch, a worker or `lightjobs.engine()`. A further call
    with the same values does nothing.
    """
    global _configured
    _refuse_unknown(values)
    if current.is_used():
        if values == _configured:
            return
        raise LightjobsError(
            "configure() is called after this process has used its settings; call it before the "
            "first dispatch, lightjobs.worker() or lightjobs.engine()"
        )
    before = config_files.elsewhere()
    for name, given in _given(values).items():
        config_files.read_elsewhere(name, Elsewhere(_PLACE, given))
    examination = settings.examine()
    problems = [*examination.unknown, *(f"{_PLACE}: {each}" for each in examination.problems)]
    if problems:
        config_files.restore_elsewhere(before)
        raise SettingsError(problems[0])
    _configured = values
    engine, _settings = current.made()
    if engine is not None:  # that of a test, which makes the program inside
        current.stand_in(engine, examination.settings)


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    known = Values.__annotations__
    for name in sorted(values.keys() - known.keys()):
        meant = get_close_matches(name, known, 1, 0.7)
        hint = f", did you mean {meant[0]}?" if meant else ";"
        raise SettingsError(f"{_PLACE} is given {name!r}{hint} allowed: {', '.join(known)}")
    for name in ("database", "redis"):
        if not isinstance(values.get(name, {}), dict):
            raise SettingsError(f"{_PLACE}: {name} is {values[name]!r}; allowed: a dict")


def _given(values: Values) -> dict[str, Callable[[Mapping[str, Any]], Given]]:
    """What stands in place of each file in `config/`, for the environment that it is passed."""
    jobs: dict[str, Any] = {**values}
    stores = {name: dict(jobs.pop(name, {})) for name in ("database", "redis")}
    given = {name: _completed(own) for name, own in stores.items()}
    if "url" in jobs:
        url = jobs.pop("url")
        engine = _engine(url, jobs.get("engine"))
        jobs["engine"] = engine
        if engine == "database":
            given["database"] = _alone({**stores["database"], "url": url})
        else:
            default = {**stores["redis"].get("default", {}), "url": url}
            given["redis"] = _alone({**stores["redis"], "default": default})
    return {**given, "jobs": _completed(jobs)}


def _completed(own: dict[str, Any]) -> Callable[[Mapping[str, Any]], Given]:
    return lambda environment: Given(own, environment)


def _alone(own: dict[str, Any]) -> Callable[[Mapping[str, Any]], Given]:
    return lambda _environment: Given(own, {})


def _engine(url: object, engine: str | None) -> str:
    """The engine for `url`, which no message quotes: it may hold a password."""
    scheme = urlsplit(url).scheme.partition("+")[0] if isinstance(url, str) else ""
    meant = _SCHEMES.get(scheme)
    if meant is None:
        raise SettingsError(f"{_PLACE}: url must begin with one of {', '.join(_SCHEMES)} and ://")
    if engine in (None, meant) or {engine, meant} == {"redis", "valkey"}:
        return engine or meant
    raise SettingsError(f"{_PLACE}: engine is {engine!r}, but url is that of {meant!r}")
