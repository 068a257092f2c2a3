"""What `opentelemetry-instrument` finds of lightjobs, by the entry point in pyproject.toml."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

from ..execution import middleware_chain
from . import Tracing


class LightjobsInstrumentor(BaseInstrumentor):
    """Has dispatches and runs be traced with the global provider, without a line in the project. A
    project that lists `Tracing`, or a class of its own made from it, has that one alone."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: it comes with what it instruments."""
        return ()

    def _instrument(self, **_options: Any) -> None:
        middleware_chain.put_first(Tracing)

    def _uninstrument(self, **_options: Any) -> None:
        middleware_chain.leave_out(Tracing)
