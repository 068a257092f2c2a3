"""A place of a test's own in the configured store: a file, a schema, a database, or a prefix."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from .. import current
from ..engines import connect
from ..engines.control import Engine
from ..engines.own_place import HAVING_STORES, own_place
from ..errors import LightjobsError
from ..settings.settings import Settings, load


@contextmanager
def own_store() -> Iterator[Engine]:
    """The engine that the settings choose, in an empty place of its own, as the engine of this
    process. Afterwards the place is removed, and the former engine put back. Raises LightjobsError
    for an engine that has no store."""
    former, settings = current.made(), load()
    with _place(settings) as own:
        engine = connect(own)
        if engine.schema is not None:
            engine.schema.install()
        current.use(engine, own)
        try:
            yield engine
        finally:
            current.use(*former)
            engine.close()


@contextmanager
def _place(settings: Settings) -> Iterator[Settings]:
    if settings.engine not in HAVING_STORES:
        raise LightjobsError(
            f"JOB_ENGINE={settings.engine} has no store to test on; allowed: "
            f"{', '.join(HAVING_STORES)}"
        )
    # Several runs of tests, and several processes of one, may use the server at the same time.
    process = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with own_place(settings, f"lightjobs_test_{process}_{secrets.token_hex(4)}") as own:
        yield own
