"""For tests of on_start, on_stop and injection: what a test registers is forgotten after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lightjobs.execution import lifecycle
from lightjobs.execution.state import Values


@pytest.fixture
def lifecycles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(lifecycle, "_starting", {})
    monkeypatch.setattr(lifecycle, "_stopping", {})
    monkeypatch.setattr(lifecycle, "_here", Values())
    monkeypatch.setattr(lifecycle, "_called_here", set())
    yield
    lifecycle._of_worker.set(None)


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, as if it had been defined under this name."""
    function.__name__ = function.__qualname__ = name
    return function


class Database:
    """What an on_start function may make."""


class Replica(Database):
    """A kind of it."""
