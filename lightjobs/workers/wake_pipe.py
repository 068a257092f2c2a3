"""The sleep of a supervisor's main thread, which signals, threads and children can end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Sequence


class WakePipe:
    """A pipe that ends the sleep when something is written to it. Python writes to it when a signal
    arrives."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def wake(self) -> None:
        """End the sleep, or the next one."""
        with contextlib.suppress(BlockingIOError):  # a full pipe does that, too
            os.write(self._writing, b"\0")

    def sleep(self, seconds: float, descriptors: Sequence[int] = ()) -> None:
        """Sleep until a call of `wake` or a signal, or until there is something to read from one of
        `descriptors`; at most `seconds`."""
        # Not select(), which takes no descriptor above 1,023.
        poll = select.poll()
        for descriptor in (self._reading, *descriptors):
            poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, seconds * 1000))
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, 1024)

    def close(self) -> None:
        """Close what a forked child has inherited."""
        os.close(self._reading)
        os.close(self._writing)
