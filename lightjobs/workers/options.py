"""The options of `job:work`."""

from __future__ import annotations

from typing import NamedTuple

SHORTEST_SLEEP = 0.01
"""What a shorter `sleep` means. Without a pause, an idle worker would keep its processor and the
store busy."""


class Options(NamedTuple):
    """The options of one `job:work`. Times are in seconds, sizes in bytes."""

    queues: tuple[str, ...] = ("default",)
    """The queues to work."""
    queue_order: str = "strict"
    """One of `queue_order.ORDERS`."""
    workers: int = 1
    """The number of child processes; 0: jobs run in the calling process."""
    concurrency: int = 1
    """The number of jobs that one child runs at a time."""
    sleep: float = 1.0
    """The longest an idle worker goes without asking the store; at least SHORTEST_SLEEP is used."""
    cooldown: float = 0.0
    """Stop after this long; 0: no limit."""
    max_jobs: int = 0
    """Stop after this many runs, counted over all children; 0: no limit."""
    max_memory: int = 0
    """Replace a child that occupies more memory than this; 0: no limit."""
    stop_when_empty: bool = False
    """Stop when no job is due and none is running."""
    grace: float = 25.0
    """How long running jobs may take to finish at a stop. 25 is Sidekiq's default, and below the 30
    that Kubernetes gives."""
    lease: float = 30.0
    """How long a worker counts as alive without a heartbeat."""
    unknown_after: float = 86400.0
    """How long a job waits for a worker that knows its handler."""
    timeout_grace: float = 5.0
    """How long a handler that ignores its timeout may run on before its process or thread is given
    up."""
    keep_history: bool = True
    """Whether to note in the store how many jobs are run, and how long these take and wait."""
    log_format: str = "text"
    """The format of the job log and of the log: "text" or "json"."""
    quiet: bool = False
    """Print no job log, and of the log only warnings and errors."""
