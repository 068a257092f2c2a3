"""What the engines that store nothing have in common: there is never anything to find."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..errors import BatchEnded, LightjobsError
from ..model import (
    Claim,
    Cursor,
    KeyHolder,
    LastSlot,
    NewBatch,
    NewJob,
    Outcome,
    Settlement,
    Slot,
    Stored,
    StoredBatch,
    Template,
)
from .batch_store import BATCHES_KEPT_SECONDS, BatchStore
from .caller_transaction import (
    AsyncCallerTransaction,
    CallerTransaction,
    NoAsyncTransaction,
    NoTransaction,
)
from .control import Engine
from .memory_coordination import MemoryCoordination
from .memory_monitoring import HistoryAlone
from .metadata_store import MemoryMetadata
from .moves import legal_move, legal_purge
from .result_store import NoResults
from .schedule_store import ScheduleStore
from .store import Progress
from .unique_store import UniqueStore
from .where import EVERYWHERE, Where


def new_id() -> str:
    """An id for a job that no store has numbered."""
    return f"job_{secrets.token_hex(11)}"


class UnstoredEngine(Engine):
    """The base of `sync` and `null`, which only take jobs."""

    def __init__(self) -> None:
        self.schedule = NoSchedule(self.name)
        self.metadata = MemoryMetadata()
        self.monitoring = HistoryAlone()
        self.results = NoResults(self.find)
        self.unique = NoUnique()
        self.batches = NoBatches(self.name)
        # Jobs run where they are dispatched, so locks and limits hold there too, in this process.
        self.coordination = self._coordination = MemoryCoordination()

    def join(self, connection: Any) -> CallerTransaction:
        return NoTransaction(self)

    def join_async(self, connection: Any) -> AsyncCallerTransaction:
        return NoAsyncTransaction(self)

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

    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        return []

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        return 0

    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        legal_move(name, spread=spread)
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

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
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

    def describe(
        self, templates: Mapping[str, Template], nexts: Mapping[str, float | None]
    ) -> None:
        self._refuse()

    def slots(self, templates: bool = False) -> dict[str, LastSlot]:
        return {}

    def pause_entry(self, entry: str) -> bool:
        self._refuse()

    def resume_entry(self, entry: str, due: float) -> bool:
        self._refuse()

    def forget_entry(self, entry: str, before: float) -> bool:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise LightjobsError(f"the {self._engine} engine keeps no schedule")


class NoUnique(UniqueStore):
    """The keys of an engine that stores no jobs: nobody holds one."""

    def holder(self, key: str) -> KeyHolder | None:
        return None

    def unlock(self, key: str) -> KeyHolder | None:
        return None

    def forget(self) -> int:
        return 0


class NoBatches(BatchStore):
    """The batches of an engine that keeps none."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        raise LightjobsError(f"the {self._engine} engine keeps no batches")

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        raise BatchEnded(f"the {self._engine} engine keeps no batches")

    def find(self, batch_id: str) -> StoredBatch | None:
        return None

    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        return []

    def inner(self, batch_id: str) -> list[str]:
        return []

    def note_cancelled(self, batch_id: str) -> bool:
        return False

    def advance(self) -> int:
        return 0

    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        return 0
