"""Django's settings in place of the files in `config/`: LIGHTJOBS and DATABASES."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

from ...env import env
from ...errors import SettingsError
from ...settings.config_files import Elsewhere, Given, read_elsewhere
from . import databases

MODULES = ("jobs", "tasks")
"""The modules of an application that hold its jobs."""

_OURS = {"database", "on_commit"}
"""The keys of LIGHTJOBS that config/jobs.py has not."""


def install() -> None:
    """Have lightjobs read Django's settings, when it reads its own."""
    read_elsewhere("jobs", Elsewhere("LIGHTJOBS", _jobs))
    read_elsewhere("database", Elsewhere("LIGHTJOBS", _database))


def database_alias() -> str | None:
    """The key of DATABASES for the database that holds the jobs where the engine is `database`;
    None if the environment describes it. Raises SettingsError."""
    alias: str | None = _given().get("database", "default")
    if alias is not None and alias not in settings.DATABASES:
        allowed = ", ".join(map(repr, settings.DATABASES))
        raise SettingsError(
            f"LIGHTJOBS['database'] is {alias!r}; allowed: None, and a key of DATABASES: {allowed}"
        )
    return alias


def on_commit() -> bool:
    """Whether a dispatch to a store outside Django's databases waits for the commit. Raises
    SettingsError."""
    wanted = _given().get("on_commit", False)
    if not isinstance(wanted, bool):
        raise SettingsError(f"LIGHTJOBS['on_commit'] is {wanted!r}; allowed: True, False")
    return wanted


def _given() -> dict[str, Any]:
    given = getattr(settings, "LIGHTJOBS", {})
    if not isinstance(given, dict):
        raise SettingsError(f"LIGHTJOBS is {type(given).__name__}; allowed: a dict")
    return given


def _jobs(environment: Mapping[str, Any]) -> Given:
    own = {name: value for name, value in _given().items() if name not in _OURS}
    named = own.get("modules") or env("JOB_MODULES") or []
    if isinstance(named, str):
        named = [part.strip() for part in named.split(",")]
    own["modules"] = [*dict.fromkeys([*named, *_of_applications()])]
    return Given(own, environment)


def _of_applications() -> list[str]:
    """The modules with the jobs of the installed applications."""
    return [
        f"{app.name}.{name}"
        for app in apps.get_app_configs()
        for name in MODULES
        if app.label != "lightjobs" and module_has_submodule(app.module, name)
    ]


def _database(environment: Mapping[str, Any]) -> Given:
    alias = database_alias()
    if alias is None:
        return Given({}, environment)
    # The environment may describe another database, so no part of that may be mixed in.
    names = ("synchronous", "pooler", "schema", "table_prefix")
    kept = {name: environment[name] for name in names}
    missing = dict.fromkeys(environment)
    return Given(databases.described(alias), {**missing, **kept})
