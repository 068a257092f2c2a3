"""Which faults there are, which of them fit a store, and when each is injected."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..settings.settings import Settings

FAULTS: Mapping[str, str] = {
    "child": "kill a child of a worker",
    "worker": "kill a worker with all its children",
    "freeze": "stop a worker and its children beyond its lease",
    "clock": "restart a worker with a clock up to 20 s wrong",
    "connection": "close all connections",
    "reset": "reset all connections",
    "delay": "delay all traffic for 1 to 3 s",
    "reply": "drop a reply to a request that was carried out",
    "blackhole": "swallow all traffic for 1 to 4 s",
}
"""All faults, with what each does."""

ON_NETWORK = ("connection", "reset", "delay", "reply", "blackhole")
"""Those that the proxy injects."""

FIRST_SECONDS = 1.5
"""When the first fault is injected."""

GAP_SECONDS = (1.0, 3.0)
"""Shortest and longest time between two faults."""


class Fault(NamedTuple):
    """One fault of a plan."""

    at: float
    """Seconds after the start."""
    kind: str
    """One of FAULTS."""
    pick: float
    """From 0 to 1: which of those that it can hit."""
    size: float
    """From 0 to 1: how long it lasts, or how strong it is."""


def plan(kinds: Iterable[str], seconds: float, seed: int) -> list[Fault]:
    """The faults of a torture that takes so long, in order. The same arguments give the same plan.
    The kinds take turns in an order that is shuffled for each round."""
    chance = random.Random(seed)
    wanted = set(kinds)
    found: list[Fault] = []
    at, bag = FIRST_SECONDS, list[str]()
    while at < seconds and wanted:
        if not bag:
            # Only random() gives the same numbers in all versions of Python.
            bag = sorted((kind for kind in FAULTS if kind in wanted), key=lambda _: chance.random())
        found.append(Fault(at, bag.pop(), chance.random(), chance.random()))
        at += GAP_SECONDS[0] + (GAP_SECONDS[1] - GAP_SECONDS[0]) * chance.random()
    return found


class LeftOut(NamedTuple):
    """Faults that do not fit a store."""

    kinds: tuple[str, ...]
    reason: str


def left_out(settings: Settings, is_cluster: bool = False) -> list[LeftOut]:
    """The faults that cannot be injected with this store. `is_cluster`: the server of the settings
    is a node of a Redis Cluster."""
    found = []
    if (reason := _beside_proxy(settings, is_cluster)) is not None:
        found.append(LeftOut(ON_NETWORK, reason))
    if _is_file(settings):
        found.append(LeftOut(("clock",), "a file has no clock but that of its only machine"))
    return found


def _beside_proxy(settings: Settings, is_cluster: bool) -> str | None:
    """Why connections cannot lead through a proxy on this machine; None if they can."""
    redis, database = settings.redis, settings.database
    if _is_file(settings):
        return "there is no network to a file"
    if settings.engine == "database":
        host, has_tls = database.host, database.tls not in (None, "off")
        is_direct = "," in host or any(key in ("host", "hostaddr") for key, _ in database.libpq)
        several = "there are several hosts" if is_direct else None
    else:
        host, has_tls = redis.host, redis.tls
        several = "the sentinels say where to connect to" if redis.sentinels else None
        if is_cluster:
            several = "a cluster's nodes say where to connect to"
    if several is not None:
        return several
    if host.startswith("/"):
        return "a Unix socket leads past the proxy"
    return "the server's certificate is not for the proxy (TLS)" if has_tls else None


def _is_file(settings: Settings) -> bool:
    return settings.engine == "database" and settings.database.driver == "sqlite"
