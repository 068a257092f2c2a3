"""Calls whose reply is lost: the store has done what it was asked, and the caller sees an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from lightjobs.engines.control import Engine
from lightjobs.errors import StoreUnavailable
from lightjobs.model import Retention
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.stores import Store

T = TypeVar("T")

TABLES = ("jobs", "job_workers", "job_keys", "job_batches")


class LostReplies:
    """Makes calls of which a reply is lost. Here the call itself is lost after it was made, for
    stores without a network."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def call(self, _marker: bytes, act: Callable[[Engine], T]) -> T:
        """What `act` returns, unless it raises StoreUnavailable because the reply to the request
        that holds `marker` was lost. An engine may repeat what can be repeated."""
        act(self._store.engine)
        raise StoreUnavailable("the reply was lost")

    def close(self) -> None:
        """End what was begun for it."""


class LostInNetwork(LostReplies):
    """Goes through a proxy to a server."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._environment = dict(store.environment or {})
        self._port = "DB_PORT" if "DB_PORT" in self._environment else "REDIS_PORT"
        self._proxy = Proxy(int(self._environment[self._port]))
        self._environment[self._port] = str(self._proxy.port)
        self._engine: Engine | None = None

    def call(self, marker: bytes, act: Callable[[Engine], T]) -> T:
        if self._engine is None:
            self._engine = engine_of(self._environment)
        engine, retention = self._engine, self._store.engine.retention
        engine.retention = Retention(*retention)
        engine.held("")  # it is connected now
        self._proxy.lose_answer(marker)
        try:
            return act(engine)
        finally:
            self._proxy.keep_answers()
            self._let_end()

    def _let_end(self) -> None:
        """Return when the server has ended what belonged to the connection that broke."""
        database: Any = getattr(self._store.engine, "_db", None)
        if database is not None:
            for table in TABLES:
                database.ask(f"SELECT 1 FROM {table} FOR UPDATE")  # noqa: S608 - waits for locks
        elif hasattr(self._engine, "_shards") and self._engine is not None:
            # It would leave the shard alone for a while.
            self._engine.close()
            self._engine = None

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._proxy.close()


def lost_replies(store: Store) -> LostReplies:
    """What loses replies of this store."""
    environment = store.environment or {}
    # The nodes of a cluster, whose prefix is in one slot, tell clients their own addresses.
    is_cluster = environment.get("REDIS_JOB_PREFIX", "").startswith("{")
    has_port = "DB_PORT" in environment or "REDIS_PORT" in environment
    return LostInNetwork(store) if has_port and not is_cluster else LostReplies(store)
