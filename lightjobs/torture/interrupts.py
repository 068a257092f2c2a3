"""The signals that end a torture. They raise KeyboardInterrupt, but not where that does harm."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_is_held = False
_is_pending = False


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Have the first of these signals raise KeyboardInterrupt, and ignore all that follow: removing
    everything takes a while."""
    global _is_pending
    _is_pending = False
    former = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Have a signal wait until the block is over: what is made there must be known to those who
    remove it. Blocks are not nested."""
    global _is_held
    _is_held = True
    try:
        yield
    finally:
        _is_held = False
    if _is_pending:
        _interrupt()


def ignore() -> None:
    """Ignore these signals from now on, until `interrupted_once` is over."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(*_: object) -> None:
    global _is_pending
    _is_pending = _is_held
    if not _is_pending:
        ignore()
        raise KeyboardInterrupt
