from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import programs

from .php import Oracle, Php, Record


@pytest.fixture(scope="session")
def record() -> Record:
    return Record()


@pytest.fixture(scope="session")
def oracle(record: Record) -> Iterator[Oracle]:
    """A running PHP, or the record where none is installed; CI must have the real one."""
    if not Php.installed():
        programs.demand_in_ci("php 8.2 (Debian's php-cli)")
    oracle: Oracle = Php() if Php.installed() else record
    yield oracle
    oracle.close()
