"""A program in the foreground of a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_SIZES = ("COLUMNS", "LINES")
"""Variables by which a program would take the terminal to be of another size."""

_HOME = b"\x1b[H"
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The program, its keyboard and what it has printed."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
    ) -> None:
        self.keyboard, line = pty.openpty()
        self.resize(columns, lines)

        def control() -> None:
            fcntl.ioctl(line, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **{name: text for name, text in environment.items() if name not in _SIZES},
                "TERM": "xterm-256color",
            },
            stdin=line,
            stdout=line,
            stderr=line,
            start_new_session=True,
            preexec_fn=control,
        )
        os.close(line)
        self.output = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while data := os.read(self.keyboard, 4096):
                self.output += data
        except OSError:  # no process has the terminal open any more
            pass

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.keyboard, keys)

    def resize(self, columns: int, lines: int) -> None:
        """Make it so wide and high, as when a window is dragged."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.keyboard, termios.TIOCSWINSZ, size)

    @property
    def screen(self) -> list[str]:
        """The lines of the last whole screen of a program that draws each one from the top."""
        drawn = self.output.split(_HOME)
        last = drawn[-2] if len(drawn) > 2 else b""
        return [line.rstrip() for line in _ESCAPES.sub(b"", last).decode().splitlines()]

    @property
    def echoes(self) -> bool:
        """Whether keys are shown and come by the line, as a shell wants it."""
        modes = termios.tcgetattr(self.keyboard)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def close(self) -> None:
        """End the program, whatever it does."""
        self.process.kill()
        self.process.wait()
        os.close(self.keyboard)
