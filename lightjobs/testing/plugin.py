"""The pytest plugin: the fixtures `jobs` and `lightjobs_engine`, and the marker `lightjobs`.

pytest imports this in every run of an environment that has lightjobs, so nothing is imported here
that a run without jobs does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..engines.control import Engine
    from .jobs import Jobs

ENGINES = ("memory", "env")
_MARKER = (
    'lightjobs(engine="memory"): where the jobs of the test are kept: "memory", or "env", the '
    "store of the project's settings, in a place of its own that is removed afterwards"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def jobs(request: pytest.FixtureRequest) -> Iterator[Jobs]:
    """The jobs that the test dispatches. They are kept in memory, and nothing runs them but the
    test itself. See `lightjobs.testing.Jobs`."""
    from .jobs import Jobs

    if _engine_of(request) == "env":
        pytest.fail(
            "the fixture jobs keeps jobs in memory; a test with engine='env' uses lightjobs_engine",
            pytrace=False,
        )
    with Jobs() as made:
        yield made


@pytest.fixture
def lightjobs_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine of the test: that of the fixture `jobs` or, for a test marked with
    `lightjobs(engine="env")`, one on the store of the settings, in a place of its own."""
    if _engine_of(request) == "env":
        from .own_store import own_store

        with own_store() as engine:
            yield engine
        return
    request.getfixturevalue("jobs")
    from .. import current

    yield current.engine()


def _engine_of(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("lightjobs")
    if marker is None:
        return ENGINES[0]
    engine = marker.kwargs.get("engine", *marker.args[:1] or ENGINES[:1])
    if marker.args[1:] or set(marker.kwargs) - {"engine"} or engine not in ENGINES:
        pytest.fail(
            f"@pytest.mark.lightjobs takes engine=, one of: {', '.join(ENGINES)}", pytrace=False
        )
    return str(engine)
