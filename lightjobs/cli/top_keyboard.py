"""The keys that are pressed at a terminal, one by one."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from types import TracebackType


class Keyboard:
    """Inside `with`, the terminal passes on each key at once and shows none. Signals end a wait."""

    def __init__(self) -> None:
        self._terminal = sys.stdin.fileno()
        self._signals, self._writing = os.pipe()
        for end in (self._signals, self._writing):
            os.set_blocking(end, False)

    @property
    def wakeup(self) -> int:
        """The descriptor to write to when a signal arrives."""
        return self._writing

    def __enter__(self) -> Keyboard:
        self._former = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._former)

    def keys(self, seconds: float) -> str | None:
        """The keys that have been pressed, "" if none within `seconds`. None once the terminal is
        gone."""
        poll = select.poll()
        poll.register(self._terminal, select.POLLIN)
        poll.register(self._signals, select.POLLIN)
        ready = {descriptor for descriptor, _event in poll.poll(max(0.0, seconds * 1000))}
        with contextlib.suppress(BlockingIOError):
            os.read(self._signals, 1024)
        if self._terminal not in ready:
            return ""
        try:
            return os.read(self._terminal, 1024).decode("ascii", "ignore") or None
        except OSError:
            return None
