from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .php import Oracle, Php, Record


@pytest.fixture(scope="session")
def record() -> Record:
    return Record()


@pytest.fixture(scope="session")
def oracle(record: Record) -> Iterator[Oracle]:
    """A running PHP, or the record where none is installed; CI must have the real one."""
    if os.environ.get("CI") and not Php.installed():
        pytest.fail("php 8.2 (Debian's php-cli) is not installed")
    oracle: Oracle = Php() if Php.installed() else record
    yield oracle
    oracle.close()
