"""What a supervisor has to do for a port at which its process is asked how it is."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Port(threading.Thread, ABC):
    """The thread that serves a port which was taken when this was made. It is to be started once
    the first children have been forked: a process with a second thread cannot fork."""

    @abstractmethod
    def close(self) -> None:
        """Close the port in this process. A forked child does it, too: the port would not be free
        when its supervisor has ended."""

    @abstractmethod
    def child_ended(self, pid: int) -> None:
        """Take note that a child has ended."""
