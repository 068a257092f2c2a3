"""The port of `job:work`: metrics and probes of a supervisor and its children."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from ..extras import require
from ..workers import vitals
from ..workers.port import Port
from . import exposition, probes
from .listener import Answer, Listener
from .runs import RunMetrics

if TYPE_CHECKING:
    from .own_metrics import OwnMetrics

END_SECONDS = 3.0
"""How long the end of the process waits for an answer that is on its way."""


class WorkerPort(Port):
    """Serves `/metrics`, `/live` and `/ready` in a thread of its own, which must not be the
    supervisor's: that may wait for a store that is away, just when the probes must answer."""

    def __init__(self, host: str, port: int, engine: str, lease: float) -> None:
        """Take the port. `engine` is the name of the store's engine, `lease` that of the workers in
        seconds. Raises SettingsError if the port cannot be had."""
        super().__init__(name="port", daemon=True)
        self._metrics = RunMetrics(engine)
        self._own = _own_metrics()
        self._listener = Listener(
            host,
            port,
            {
                "/metrics": self._answer,
                "/live": lambda _accept: probes.live(vitals.snapshot(), lease),
                "/ready": lambda _accept: probes.ready(vitals.snapshot(), lease),
            },
        )

    def run(self) -> None:
        self._listener.serve()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Answer what has been asked, end the thread if it was started, and give the port back."""
        if self.is_alive():
            self._listener.end()
            self.join(END_SECONDS)
        if not self.is_alive():
            self.close()

    def close(self) -> None:
        self._listener.close()

    def child_ended(self, pid: int) -> None:
        if self._own is not None:
            self._own.child_ended(pid)

    def _answer(self, accept: str) -> Answer:
        format = exposition.content_type(accept)
        families = self._metrics.families(vitals.snapshot())
        text = exposition.text(families, format)
        if self._own is not None:
            text = self._own.appended(text, format)
        return Answer(200, text, format)


def _own_metrics() -> OwnMetrics | None:
    """The project's own metrics, if PROMETHEUS_MULTIPROC_DIR says where they are. Raises
    SettingsError."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return None
    require("prometheus", "prometheus_client")
    from .own_metrics import OwnMetrics

    return OwnMetrics(folder)
