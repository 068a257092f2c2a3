"""What PHP is told and what is compared alike, whether both sides share a Redis or a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lightjobs.model import utc_text

if TYPE_CHECKING:
    from .shared_redis import Shared
    from .shared_table import SharedTable

HANDLER = "App\\Jobs\\Work"


def dispatch(shared: Shared | SharedTable, **arguments: Any) -> Any:
    """Dispatch a job from PHP."""
    return shared.php("dispatch", **{"handler": HANDLER, "payload": {"n": 1}, **arguments})


def is_now(text: str, seconds: float = 5) -> bool:
    return utc_text(time.time() - seconds) <= text <= utc_text(time.time())
