from __future__ import annotations

from collections.abc import Iterator

import pytest

from .php import Oracle, Php, Record


@pytest.fixture(scope="session")
def record() -> Record:
    return Record()


@pytest.fixture(scope="session")
def oracle(record: Record) -> Iterator[Oracle]:
    """A running PHP, or the record where none is installed."""
    oracle: Oracle = Php() if Php.installed() else record
    yield oracle
    oracle.close()
