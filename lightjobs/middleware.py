"""Middleware: code that a project runs around every job, listed in `config/jobs.py`."""

from __future__ import annotations

from .execution.async_bridge import Next
from .execution.middleware import Logging, Middleware, Timing, with_options
from .execution.run import Run

__all__ = ["Logging", "Middleware", "Next", "Run", "Timing", "with_options"]
