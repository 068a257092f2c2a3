"""What a page may show, as it was configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .redaction import Redaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that count wherever the page runs, alone or mounted in another program."""

    hide_payloads: bool = False
    """Whether payloads are shown to nobody."""
    redaction: Redaction = field(default_factory=Redaction)
    """Which values of payloads are hidden."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Links on the page of a job, by their text; `{id}` and `{trace_id}` stand for the job's."""
    frame_ancestors: str = "'none'"
    """Which pages may show this one in a frame, as the Content-Security-Policy names them."""
    slow: float = 60.0
    """The latency of a queue, in seconds, from which it needs attention."""
