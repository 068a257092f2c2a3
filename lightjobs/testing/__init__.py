"""Testing code that dispatches jobs, and the jobs themselves, without a store or a worker.

Jobs are kept in the memory of the test and run on the real path: payloads are encoded and decoded,
and attempts, retries, hooks and middleware are what they are in a worker. Only timeouts are not
enforced. `Jobs` works in any test framework; pytest has it as the fixture `jobs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dispatched import Dispatched
    from .jobs import Jobs
    from .performed import Performed
    from .working import Result

__all__ = ["Dispatched", "Jobs", "Performed", "Result"]

_PLACES = {"Dispatched": ".dispatched", "Jobs": ".jobs", "Performed": ".performed"}
_PLACES["Result"] = ".working"


def __getattr__(name: str) -> Any:
    # Late, because pytest imports this package in every run of an environment that has lightjobs.
    if name in _PLACES:
        return getattr(import_module(_PLACES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
