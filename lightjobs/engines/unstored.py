"""What the engines that store nothing have in common: there is never anything to find."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ..errors import LightjobsError
from ..model import Claim, LastSlot, Outcome, Slot, Stored
from .store import EVERYWHERE, Engine, Progress, Where, legal_move, legal_purge


def new_id() -> str:
    """An id for a job that no store has numbered."""
    return f"job_{secrets.token_hex(11)}"


class UnstoredEngine(Engine):
    """The base of `sync` and `null`, which only take jobs."""

    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        return []

    def held(self, worker: str) -> list[Claim]:
        return []

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        return [False] * len(outcomes)

    def register(self, worker: str, lease: float) -> None:
        pass

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        return []

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        return 0

    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        legal_move(name)
        return 0

    def purge(
        self, status: str, where: Where = EVERYWHERE, progress: Progress | None = None
    ) -> int:
        legal_purge(status)
        return 0

    def count(self, status: str, where: Where = EVERYWHERE) -> int:
        return 0

    def pause_queue(self, queue: str) -> bool:
        return False

    def resume_queue(self, queue: str) -> bool:
        return False

    def paused_queues(self) -> list[str]:
        return []

    def stats(self) -> dict[str, dict[str, int]]:
        return {}

    def find(self, job_id: str) -> Stored | None:
        return None

    def browse(
        self,
        status: str,
        queue: str | None = None,
        limit: int = 50,
        handler: str | None = None,
        before: float | None = None,
    ) -> list[Stored]:
        return []

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        return False

    def limit(self, key: str, most: int, seconds: float) -> float:
        return 0.0

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        raise self._no_schedule()

    def enroll(self, entries: Sequence[str], due: float) -> None:
        raise self._no_schedule()

    def slots(self) -> dict[str, LastSlot]:
        return {}

    def pause_entry(self, entry: str) -> bool:
        raise self._no_schedule()

    def resume_entry(self, entry: str, due: float) -> bool:
        raise self._no_schedule()

    def complete_entry(self, entry: str, job_id: str) -> bool:
        return False

    def forget_entry(self, entry: str, before: float) -> bool:
        raise self._no_schedule()

    def _no_schedule(self) -> LightjobsError:
        return LightjobsError(f"the {self.name} engine keeps no schedule")

    def install(self, dry_run: bool = False) -> list[str]:
        return []

    def installed(self) -> list[tuple[str, str | None]]:
        return []

    def problems(self) -> list[str]:
        return []
