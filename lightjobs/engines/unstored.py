"""What the engines that store nothing have in common: there is never anything to find."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NoReturn

from ..errors import LightjobsError
from ..model import Claim, LastSlot, Outcome, Settlement, Slot, Stored
from .control import Engine
from .memory_coordination import MemoryCoordination
from .metadata_store import MemoryMetadata
from .moves import legal_move, legal_purge
from .schedule_store import ScheduleStore
from .store import Progress
from .where import EVERYWHERE, Where


def new_id() -> str:
    """An id for a job that no store has numbered."""
    return f"job_{secrets.token_hex(11)}"


class UnstoredEngine(Engine):
    """The base of `sync` and `null`, which only take jobs."""

    def __init__(self) -> None:
        self.schedule = NoSchedule(self.name)
        self.metadata = MemoryMetadata()
        # Jobs run where they are dispatched, so locks and limits hold there too, in this process.
        self.coordination = self._coordination = MemoryCoordination()

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        return []

    def held(self, worker: str) -> list[Claim]:
        return []

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        return [Settlement.LOST] * len(outcomes)

    def register(self, worker: str, lease: float) -> None:
        pass

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        return []

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        return 0

    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        legal_move(name)
        return 0

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        legal_purge(where)
        return 0

    def count(self, where: Where) -> int:
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

    def browse(self, where: Where, limit: int = 50) -> list[Stored]:
        return []

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        return False

    def hit(self, key: str, most: int, seconds: float) -> float:
        return self._coordination.hit(key, most, seconds)


class NoSchedule(ScheduleStore):
    """The schedule of an engine that stores nothing: it is empty and takes no entries."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        self._refuse()

    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._refuse()

    def slots(self) -> dict[str, LastSlot]:
        return {}

    def pause_entry(self, entry: str) -> bool:
        self._refuse()

    def resume_entry(self, entry: str, due: float) -> bool:
        self._refuse()

    def forget_entry(self, entry: str, before: float) -> bool:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise LightjobsError(f"the {self._engine} engine keeps no schedule")
