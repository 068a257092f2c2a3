"""Finding the servers' programs, starting them and choosing their ports."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

_MISSING = "{} is not installed (scripts/install-tools brings it)"
_LAUNCHER = ThreadPoolExecutor(1, "server-launcher")


def found(binary: str) -> str | None:
    """The path of a program; None where there is none."""
    # Debian has servers in /usr/sbin, which is not in the PATH of everyone.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    return shutil.which(binary, path=path)


def need(binary: str) -> str:
    """The path of a program; what `missing` does where there is none."""
    return found(binary) or missing(binary)


def missing(what: str) -> NoReturn:
    """End the test because `what` is not installed: skipped, but failed where CI is set."""
    demand_in_ci(what)
    pytest.skip(_MISSING.format(what))


def demand_in_ci(what: str) -> None:
    """Fail the test because `what` is not installed, where CI is set; elsewhere return. The one
    place that looks at CI."""
    if os.environ.get("CI"):
        pytest.fail(_MISSING.format(what), pytrace=False)


def launch(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a program in `folder` that prints to the file `log` there.

    `tied` at the head of the command has the kernel kill the program when the thread that started
    it ends, so that thread has to live as long as this process: it is one of its own.
    """
    with (folder / "log").open("ab") as log:
        return _LAUNCHER.submit(
            subprocess.Popen, command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        ).result()


@cache
def tied() -> tuple[str, ...]:
    """The head of a command whose program must not outlive us, however we end."""
    # Of util-linux; where there is none (macOS), `close` and atexit are what there is.
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def free_port() -> int:
    """A port that is free at the moment, below the kernel's range for outgoing connections."""
    # In that range it may be gone when the server starts again. Each of pytest's processes has a
    # part of what is below, as they start and restart servers side by side.
    span = 22_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = 10_000 + span * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    while True:
        port = random.randrange(first, first + span)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def certificate(folder: Path) -> Path:
    """A certificate for localhost and 127.0.0.1 that is its own authority; its key is next to it,
    with the suffix .key."""
    path = folder / "server.crt"
    options = f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -out {path}"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [
            *(need("openssl"), "req", "-x509", "-subj", "/CN=localhost", "-addext", names),
            *options.split(),
            *("-keyout", str(path.with_suffix(".key"))),
        ],
        check=True,
        capture_output=True,
    )
    return path
