"""Traces and metrics of dispatches and runs, for OpenTelemetry. List `lightjobs.tracing.Tracing`,
`lightjobs.tracing.Metrics` or both as middleware in `config/jobs.py`. Needs the extra `otel`;
without an SDK nothing is recorded."""

from ..extras import require

require("otel", "opentelemetry")

from .metrics import Metrics  # noqa: E402 - the extra comes first
from .middleware import Tracing  # noqa: E402

__all__ = ["Metrics", "Tracing"]
