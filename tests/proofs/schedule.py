"""Every due moment is dispatched once: 20 schedulers, 1,000 entries due each second, and for a
minute one of the schedulers is killed or stopped every half second, on each store in turn.

    make proof-schedule
    python -m tests.proofs.schedule --stores=redis,sqlite --processes=3 --quiet-seconds=20

With --quiet-seconds no scheduler is killed or stopped: the lateness then is that of schedulers left
in peace.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.storm import Storm, Verdict
from tests.support.environment import engine_of
from tests.support.servers.mariadb import mariadb_server
from tests.support.servers.postgres import postgres_server
from tests.support.servers.redis import redis_server

STORES = ("redis", "postgresql", "mariadb", "sqlite")


def main() -> int:
    options = _options()
    failed = False
    for store in options.stores.split(","):
        with tempfile.TemporaryDirectory() as folder, _environment(store, folder) as environment:
            engine = engine_of(environment)
            if engine.schema is not None:
                engine.schema.install()
            storm = Storm(Path(folder), environment, options.entries, options.seed)
            fire = options.quiet_seconds is None
            seconds = options.seconds if fire else options.quiet_seconds
            load = os.getloadavg()[0]
            verdict = storm.run(engine, options.processes, seconds, fire)
            engine.close()
            print(f"{store}: {_told(verdict)}; load before {load:.1f}", flush=True)
            if verdict.missing or verdict.doubled or verdict.behind > 10:
                failed = True
                print(storm.errors)
    return int(failed)


def _told(verdict: Verdict) -> str:
    p50, p99, most = (verdict.percentile(percent) for percent in (50, 99, 100))
    return (
        f"{verdict.due:,} slots, {verdict.dispatched:,} jobs, {verdict.missing} missing, "
        f"{verdict.doubled} doubled; {verdict.kills} kills, {verdict.stops} stops; "
        f"late p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, max {most:.2f} s; "
        f"{verdict.behind:.1f} s behind at the end"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", default=",".join(STORES), help="comma-separated; all: default")
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--quiet-seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


@contextlib.contextmanager
def _environment(store: str, folder: str) -> Iterator[dict[str, str]]:
    """A store of its own, and what makes a project use it."""
    if store == "sqlite":
        path = str(Path(folder) / "jobs.sqlite")
        yield {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": path}
    elif store == "redis":
        with redis_server() as server:
            yield {**server.environment, "JOB_ENGINE": "redis"}
    else:
        start = {"postgresql": postgres_server, "mariadb": mariadb_server}[store]
        with start(durable=True) as server:
            yield server.environment


if __name__ == "__main__":
    sys.exit(main())
