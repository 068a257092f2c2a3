"""The descriptors of a process of its own, which a handler may close or redirect."""

from __future__ import annotations

import contextlib
import fcntl
import os

from .logs import streams

_STANDARD = (0, 1, 2)


def _identity(descriptor: int) -> tuple[int, int] | None:
    """What is behind a descriptor; None if it is closed."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _copy(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


class Descriptors:
    """The standard descriptors, and whether others have been closed. Few are used up for that: a
    limit may be low."""

    def __init__(self) -> None:
        self.directory = os.open(".", os.O_RDONLY)
        """The directory. It has the lowest free number, so it stands for all others."""
        self._directory_identity = _identity(self.directory)
        self._identities = {number: _identity(number) for number in _STANDARD}
        by_identity = {self._identities[number]: number for number in _STANDARD}
        by_identity.pop(None, None)
        self._copies = {identity: _copy(number) for identity, number in by_identity.items()}

    def close(self) -> None:
        """Give back the descriptors that this object has used up."""
        for number in (self.directory, *self._copies.values()):
            with contextlib.suppress(OSError):
                os.close(number)

    @property
    def are_lost(self) -> bool:
        """Whether a handler has closed descriptors that it did not open. The connections to the
        store are among them, and their numbers may belong to other files by now."""
        return _identity(self.directory) != self._directory_identity

    def read(self) -> list[tuple[int, int] | None]:
        """What is behind the standard descriptors. One whose reader has gone is not looked at."""
        return [
            self._identities[number] if number in streams.discarded else _identity(number)
            for number in _STANDARD
        ]

    def restore(self, before: list[tuple[int, int] | None]) -> None:
        """Put the standard descriptors back."""
        for number, identity in zip(_STANDARD, before, strict=True):
            if number not in streams.discarded and _identity(number) != identity:
                with contextlib.suppress(OSError, KeyError):  # the copy is closed, too
                    os.dup2(self._copies[identity], number)
