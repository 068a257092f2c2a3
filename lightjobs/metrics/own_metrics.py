"""The metrics that a project's jobs keep with `prometheus_client`, in its multiprocess mode: each
child writes its values to files in the folder PROMETHEUS_MULTIPROC_DIR."""

from __future__ import annotations

import logging
import os

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.openmetrics.exposition import generate_latest as generate_open

from ..errors import SettingsError
from .exposition import END, OPEN

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_log = logging.getLogger("lightjobs.metrics")


class OwnMetrics:
    """The values in one such folder."""

    def __init__(self, folder: str) -> None:
        """Raises SettingsError if `folder` is no folder."""
        if not os.path.isdir(folder):
            raise SettingsError(f"{VARIABLE} is {folder!r}; allowed: a folder that exists")
        self._folder = folder

    def appended(self, text: str, format: str) -> str:
        """`text`, which is in `format`, with the values after it. Files that cannot be read, which
        a job may have written, are logged and left out."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        try:
            if format == OPEN:
                written: bytes = generate_open(registry)  # type: ignore[no-untyped-call]
                return text.removesuffix(END) + written.decode()
            return text + generate_latest(registry).decode()
        except Exception:
            _log.exception("the metrics in %s cannot be read", self._folder)
            return text

    def child_ended(self, pid: int) -> None:
        """Drop the gauges that count for living processes only."""
        mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]
