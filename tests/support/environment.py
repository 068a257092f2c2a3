"""Which store a process or an engine uses, by the variables that lightjobs reads."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from lightjobs import engines, env
from lightjobs.engines.control import Engine
from lightjobs.settings import settings

OURS = ("JOB_", "DB_", "REDIS_")
"""How the names of lightjobs' variables begin."""


def outside(*paths: str) -> dict[str, str]:
    """The environment of this process without lightjobs' variables; modules are looked for in
    `paths` first."""
    found = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    places = filter(None, [*paths, found.get("PYTHONPATH")])
    return {**found, "PYTHONPATH": os.pathsep.join(places)}


def engine_of(environment: Mapping[str, str]) -> Engine:
    """The engine that a project with these variables gets."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in environment.items():
            patch.setenv(key, value)
        env.forget()
        made = engines.connect(settings.load())
    env.forget()
    return made
