"""The limits of one worker process: how long it may work, and how much memory it may occupy."""

from __future__ import annotations

import resource
import time

from .options import Options
from .stop_flag import StopFlag


class Limits:
    """Raises the `stop` flag once a limit of the options is reached."""

    def __init__(self, options: Options, stop: StopFlag) -> None:
        self._options = options
        self._stop = stop
        self._started_at = time.monotonic()
        self.time_is_up = False
        """Whether this process has worked for --cooldown."""
        self.outgrown = False
        """Whether this process has grown beyond --max-memory."""

    def check(self) -> None:
        """Raise the flag if the time is up or the memory has grown too far. Once: to raise it again
        would ask for a stop at once."""
        options = self._options
        if self.time_is_up or self.outgrown:
            return
        if 0 < options.cooldown <= time.monotonic() - self._started_at:
            self.time_is_up = True
            self._stop.raise_("--cooldown is over")
        if 0 < options.max_memory < resident_bytes():
            self.outgrown = True
            self._stop.raise_("--max-memory is exceeded")


def resident_bytes() -> int:
    """The memory this process occupies now."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:  # there is no /proc: the peak is the best estimate; macOS counts it in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
