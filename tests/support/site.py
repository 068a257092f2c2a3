"""`lightjobs web` as a process of its own."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from email.message import Message
from pathlib import Path

from .environment import outside

ROOT = Path(__file__).parents[2]

WAITS = {"HX-Request-Type": "partial"}
"""The header with which a page waits for its numbers, as long as its script does."""


class Site:
    """A running `lightjobs web` on a free port, in the project `folder`."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lightjobs", "web", "--port=0", *options],
            cwd=folder,
            env={**outside(str(ROOT)), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r" \[READY\] http://([^/]+)(\S*) ", line)
        assert found, (line, self.process.communicate())
        self.address, self.path = found[1], found[2]

    def get(
        self, path: str, method: str = "GET", body: str | bytes | None = None, **headers: str
    ) -> tuple[int, Message, str]:
        """The answer's status, headers and text."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Its exit status and what it printed to stdout and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        assert "Traceback" not in err
        return self.process.returncode, out, err
