"""The time of a scrape: /metrics of a worker with 200 pairs of queue and handler, and of a store
with 200 queues.

    python -m benchmarks.scrape

The server is a process of its own. Each figure is the fastest and the middle one of many; "cpu" is
the server's processor time. The goal is 20 ms for a scrape.
"""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable
from http.client import HTTPConnection
from time import perf_counter

from lightjobs.engines.memory import MemoryEngine
from lightjobs.metrics import exposition
from lightjobs.metrics.listener import Answer, Listener
from lightjobs.metrics.runs import RunMetrics
from lightjobs.metrics.store import StoreMetrics
from lightjobs.model import NewJob
from lightjobs.notes.observed import MOST_PAIRS, PARTS
from lightjobs.workers.vitals import OUTCOMES, Totals, Vitals

ROUNDS = 50
QUEUES = 10
GOAL = 0.020
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


def main() -> None:
    runs, store = RunMetrics("redis"), StoreMetrics(filled())
    vitals = busy()
    print(f"{'':<44}{'best ms':>9}{'median ms':>11}{'cpu ms':>9}{'KB':>7}")
    for name, accept in (("text", ""), ("OpenMetrics", OPEN_METRICS)):
        show(
            f"worker, {MOST_PAIRS} pairs, {name}",
            accept,
            lambda format: exposition.text(runs.families(vitals), format),
        )
    show(
        f"store, {MOST_PAIRS} queues, text",
        "",
        lambda format: exposition.text(store.families(), format),
    )


def busy() -> Vitals:
    """A worker that has run as many handlers as are counted apart from each other."""
    totals = Totals((1000,) * len(OUTCOMES), 123.456, (7,) * PARTS, 23.5, (9,) * PARTS)
    pairs = [(f"queue-{n % QUEUES}", f"App\\Jobs\\Handler{n}") for n in range(MOST_PAIRS)]
    exceptions = {(*pair, "ValueError"): n for n, pair in enumerate(pairs[:100])}
    return Vitals(runs=dict.fromkeys(pairs, totals), exceptions=exceptions)


def filled() -> MemoryEngine:
    """A store with a job in each of many queues."""
    engine = MemoryEngine()
    engine.push([NewJob("handler", f"queue-{n}", "{}") for n in range(MOST_PAIRS)])
    return engine


def show(name: str, accept: str, text: Callable[[str], str]) -> None:
    """Scrape ROUNDS times over HTTP, and print how long that took."""

    def page(accepted: str) -> Answer:
        format = exposition.content_type(accepted)
        return Answer(200, text(format), format)

    listener = Listener("127.0.0.1", 0, {"/metrics": page})
    server = os.fork()
    if not server:
        signal.signal(signal.SIGTERM, lambda *_: listener.end())
        listener.serve()
        os._exit(0)
    times, size = [], 0
    for _ in range(ROUNDS):
        began = perf_counter()
        size = scraped(listener.port, accept)
        times.append(perf_counter() - began)
    os.kill(server, signal.SIGTERM)
    usage = os.wait4(server, 0)[2]
    listener.close()
    cpu = (usage.ru_utime + usage.ru_stime) / ROUNDS
    best, median = min(times), statistics.median(times)
    verdict = "" if best <= GOAL else "  above the goal"
    figures = f"{best * 1e3:>9.1f}{median * 1e3:>11.1f}{cpu * 1e3:>9.1f}{size / 1e3:>7.0f}"
    print(f"{name:<44}{figures}{verdict}", flush=True)


def scraped(port: int, accept: str) -> int:
    """The bytes of one answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics", headers={"Accept": accept})
    size = len(connection.getresponse().read())
    connection.close()
    return size


if __name__ == "__main__":
    main()
