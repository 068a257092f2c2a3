"""What a worker says of itself, in memory that outlives it: its note and its counts.

The worker writes them once a second, with plain memory writes; its supervisor reads them when it
beats or is asked. There are two copies of each text and a sequence number, which says which copy
is the current one. The worker writes into the other copy and then raises the number. So whenever
the worker is killed, a whole text is left.
"""

from __future__ import annotations

import mmap
import struct
import time
import zlib
from typing import NamedTuple

from ...notes.worker_notes import NOTE_BYTES

COUNTS_BYTES = 256 * 1024
"""The longest text of counts. A longer one is not written."""

# The length of the text, its checksum, and when it was written, by the monotonic clock.
_HEAD = struct.Struct("=IId")
_READS = 5

_NOTE = 8
_COPY_OF_NOTE = _HEAD.size + NOTE_BYTES
_COUNTS = _NOTE + 2 * _COPY_OF_NOTE
_COPY_OF_COUNTS = _HEAD.size + COUNTS_BYTES

OBSERVED_BYTES = _COUNTS + 2 * _COPY_OF_COUNTS
"""How much memory is needed."""


class Written(NamedTuple):
    """A text, and when it was written, by the monotonic clock."""

    text: bytes
    at: float


class ObservedMemory:
    """The memory of one worker, of which one process at a time is the writer."""

    def __init__(self, memory: mmap.mmap, at: int) -> None:
        """In `memory`, OBSERVED_BYTES from `at`."""
        self._memory = memory
        # The first two bytes are the sequence numbers.
        self._note = _Text(memory, at, at + _NOTE, _COPY_OF_NOTE)
        self._counts = _Text(memory, at + 1, at + _COUNTS, _COPY_OF_COUNTS)

    def write_note(self, note: bytes) -> None:
        """Keep this note in place of the former one."""
        self._note.write(note)

    def write_counts(self, counts: bytes) -> None:
        """Keep these counts in place of the former ones, unless they are too long."""
        self._counts.write(counts)

    def note(self) -> Written | None:
        """The note; None before the first one."""
        return self._note.read()

    def counts(self) -> Written | None:
        """The counts; None before the first ones."""
        return self._counts.read()


class _Text:
    def __init__(self, memory: mmap.mmap, number: int, at: int, size: int) -> None:
        self._memory = memory
        self._number = number
        self._at = at
        self._size = size

    def write(self, text: bytes) -> None:
        if len(text) > self._size - _HEAD.size:
            return
        number = (self._memory[self._number] + 1) % 256
        at = self._at + number % 2 * self._size
        _HEAD.pack_into(self._memory, at, len(text), zlib.crc32(text), time.monotonic())
        self._memory[at + _HEAD.size : at + _HEAD.size + len(text)] = text
        self._memory[self._number] = number

    def read(self) -> Written | None:
        # The checksum finds a text that was written twice while it was read, and one that this
        # processor does not see whole yet.
        for _ in range(_READS):
            at = self._at + self._memory[self._number] % 2 * self._size
            length, checksum, written_at = _HEAD.unpack_from(self._memory, at)
            text = self._memory[at + _HEAD.size : at + _HEAD.size + length]
            if len(text) == length and zlib.crc32(text) == checksum:
                return Written(text, written_at) if length else None
        return None
