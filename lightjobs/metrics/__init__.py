"""Metrics for Prometheus.

`lightjobs metrics` shows what the store tells, `job:work --metrics-port` the runs of its workers.
Here is what programs add to a registry of their own."""

from __future__ import annotations

from .program import Pushes, collector

__all__ = ["Pushes", "collector"]
