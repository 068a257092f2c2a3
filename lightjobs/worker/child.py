"""A child: the process that runs handlers. Started by the supervisor, never by hand.

It is a fresh interpreter, not a fork: no lock, connection or thread is inherited in an unknown
state, and a child started later runs the code that is there later.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from .. import current, registry
from ..errors import LightjobsError
from ..text import escaped
from . import lines, logs
from .budget import Budget
from .flag import Flag
from .journal import Journal
from .loop import Loop
from .options import Options
from .siblings import Siblings

OUTGROWN = 75
"""Exit status asking for a replacement (sysexits' EX_TEMPFAIL)."""


def arguments(
    worker: str,
    options: Options,
    journal: int,
    ready: int,
    budget: int | None,
    siblings: int,
    place: int,
) -> list[str]:
    """The command that starts a child. `journal`, `ready`, `budget` and `siblings` are descriptors
    it inherits, `place` its own among the siblings."""
    order = {
        "worker": worker,
        "journal": journal,
        "ready": ready,
        "budget": budget,
        "siblings": siblings,
        "place": place,
        "options": options._asdict(),
    }
    return [sys.executable, "-m", "lightjobs.worker.child", json.dumps(order)]


def main(order: dict[str, Any]) -> int:
    """Work until told to stop; returns the exit status."""
    stop = Flag()
    # A terminal sends Ctrl-C to the whole group; only the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop.raise_)
    parent = os.getppid()

    def stop_when_orphaned() -> None:
        if os.getppid() != parent:
            stop.raise_()

    given = order["options"]
    options = Options(**{**given, "queues": tuple(given["queues"])})
    logs.configure(options.log_format, options.quiet)
    registry.load(current.settings().modules)
    budget = None if order["budget"] is None else Budget(order["budget"])
    loop = Loop(
        current.engine(),
        order["worker"],
        options,
        Journal(order["journal"]),
        lines.make(options.log_format, options.quiet, options.color),
        stop,
        budget,
        Siblings(order["siblings"], order["place"]),
        stop_when_orphaned,
    )
    os.write(order["ready"], b"!")
    os.close(order["ready"])
    loop.run()
    return OUTGROWN if loop.outgrown else 0


if __name__ == "__main__":
    try:
        status = main(json.loads(sys.argv[1]))
    except LightjobsError as error:
        print(f"lightjobs: {escaped(str(error))}", file=sys.stderr)
        status = error.exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that handlers left behind must not keep a stopped worker alive.
    os._exit(status)
