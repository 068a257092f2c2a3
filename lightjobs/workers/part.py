"""One part of what belongs to a whole process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any


class Part:
    """One part of the state, and its value to begin with."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Any],
        write: Callable[[Any], object],
        of_libraries: bool = False,
    ) -> None:
        """`name` is for the log. A part `of_libraries` is one that libraries change when they are
        imported, which they are only once: what they changed must stay."""
        self.name = name
        self._read = read
        self._write = write
        self._of_libraries = of_libraries
        self._value = read()

    def restore(self, has_imported: bool) -> bool:
        """Put the value back. Returns whether it had changed. After the run `has_imported`
        something, a part of libraries keeps its new value."""
        value = self._read()
        if value == self._value:
            return False
        if has_imported and self._of_libraries:
            self._value = value
            return False
        # What cannot be put back, for example because a file is gone, must not end the worker.
        with contextlib.suppress(Exception):
            self._write(self._value)
        return True
