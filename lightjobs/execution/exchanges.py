"""Who is told of a worker's exchanges with the store. One exchange may be about hundreds of jobs;
of each single job, `middleware` is told."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from ..model import Claim

_log = logging.getLogger("lightjobs.worker")


class Watcher(Protocol):
    """Is told of exchanges that the store has answered. `since` is the monotonic moment at which
    the request was sent."""

    def received(self, claims: Sequence[Claim], since: float) -> None:
        """The store has handed out `claims`, at least one."""

    def settled(self, claims: Sequence[Claim], since: float) -> None:
        """The store has answered the outcomes of `claims`, at least one."""


watcher: Watcher | None = None
"""None, for nearly all workers: an exchange then pays for one look here."""


def received(claims: Sequence[Claim], since: float) -> None:
    """Tell the watcher, if there is one. Logs what it raises."""
    if watcher is not None:
        try:
            watcher.received(claims, since)
        except Exception:
            _log.exception("a claim could not be told of; this changes nothing else")


def settled(claims: Sequence[Claim], since: float) -> None:
    """Tell the watcher, if there is one. Logs what it raises."""
    if watcher is not None:
        try:
            watcher.settled(claims, since)
        except Exception:
            _log.exception("a settlement could not be told of; this changes nothing else")
