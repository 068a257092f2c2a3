"""What `job:work` was asked to do."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """The options of one `job:work`; times in seconds, sizes in bytes, 0 for no limit."""

    queues: tuple[str, ...] = ("default",)
    workers: int = 1
    """Child processes; 0 runs jobs in the calling process."""
    concurrency: int = 1
    """Jobs that one child runs at a time."""
    sleep: float = 1.0
    """The longest an idle worker goes without asking the store."""
    cooldown: float = 0.0
    """Stop after this long."""
    max_jobs: int = 0
    """Stop after this many runs, all children together."""
    max_memory: int = 0
    """Replace a child that has grown beyond this."""
    stop_when_empty: bool = False
    """Stop when no job is due and none is running."""
    grace: float = 25.0
    """How long running jobs may take to finish at a stop. 25: Sidekiq's default, below the 30 that
    Kubernetes gives."""
    lease: float = 30.0
    timeout_grace: float = 5.0
    """How long a handler that ignores its timeout lives on."""
    log_format: str = "text"
    quiet: bool = False
    color: bool = False
