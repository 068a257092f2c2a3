"""Waiting for what another thread or process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T], seconds: float = 30.0, what: str = "", *, pause: float = 0.005
) -> T:
    """The first true value of `condition()`; fails the test after `seconds`, naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what or condition}", pytrace=True)
        time.sleep(pause)
