"""Recurring jobs. A project lists them in config/schedule.py:

from lightjobs.schedule import schedule

schedule.job(SendReport).daily().at("09:00").timezone("Europe/Paris")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .builder import Schedule, schedule

__all__ = ["Schedule", "schedule"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # imported on demand: a worker without a scheduler needs none of it
        from . import builder

        return getattr(builder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
