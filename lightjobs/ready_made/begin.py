"""The job with which a part of a batch begins that is itself a batch."""

from __future__ import annotations

from ..execution.registry import BEGIN
from ..job_class import Job


class Begin(Job):
    """Does nothing; what follows it is a batch."""

    handler = BEGIN

    def handle(self) -> None:
        pass
