"""lightjobs on PostgreSQL and MariaDB against its peers, in one run, on servers that wait for the
disk as Debian's do.

    python -m benchmarks.sql [--quick] [--rounds N] [--only drain,enqueue,latency,mariadb,…]

In each round everybody has a turn; a figure is the median of the rounds. A ratio compares
lightjobs within the same round, and is the median of those. `bare` is a loop of nothing but a
claim of 100, a decode and a fenced delete, with single INSERTs, and COPY without ids.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.support.servers.mariadb import MariaServer, mariadb_server
from tests.support.servers.postgres import PostgresServer, postgres_server
from tests.support.servers.sql import PASSWORD, USER, SqlServer

from .peers.bare import SCHEMA
from .peers.catalogue import (
    BARE,
    LIGHTJOBS_ON_SQL,
    LIGHTPACK,
    POSTGRES_PEERS,
    ROOT,
    VENV,
    install,
    versions,
)
from .peers.measure import Bench
from .peers.report import Figures, show, verdict
from .peers.rounds import Rounds, arguments

ON_POSTGRES = ("drain", "enqueue", "latency", "backlog", "bloat")
PARTS = (*ON_POSTGRES, "mariadb")
BACKLOG = 1_000_000
BLOAT_JOBS = 1_000_000
AHEAD = 20_000
"""While a million jobs pass through the table, so many wait at most."""


def main() -> None:
    rounds, quick, parts = arguments(__doc__, PARTS)
    install()
    print(f"{versions()}; {os.cpu_count()} cores", flush=True)
    if on_postgres := [part for part in parts if part in ON_POSTGRES]:
        with _postgres() as bench, tempfile.TemporaryDirectory() as folder:
            run = Postgres(bench, folder, rounds, quick)
            for part in on_postgres:
                getattr(run, part)()
    if "mariadb" in parts:
        with _mariadb() as server, tempfile.TemporaryDirectory() as folder:
            Mariadb(server, folder, rounds, quick).compare()


@contextlib.contextmanager
def _postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL as Debian configures it, with everybody's tables."""
    with postgres_server(durable=True, config=["shared_buffers=128MB"]) as server:
        environment = os.environ | _environment(server)
        _lightjobs_tables(server)
        server.query(SCHEMA + "; ALTER TABLE bare OWNER TO lightjobs")
        for command in (
            ["pgq", "install"],
            ["procrastinate", "--app", "benchmarks.peers.procrastinate.app", "schema", "--apply"],
        ):
            path = str(VENV / "bin" / command[0])
            subprocess.run(
                [path, *command[1:]], cwd=ROOT, env=environment, check=True, capture_output=True
            )
        yield server


@contextlib.contextmanager
def _mariadb() -> Iterator[MariaServer]:
    config = ["--innodb-buffer-pool-size=128M"]
    with mariadb_server(durable=True, config=config) as server:
        _lightjobs_tables(server)
        yield server


def _lightjobs_tables(server: SqlServer) -> None:
    engine = server.engine()
    engine.schema.install()
    engine.close()


def _environment(server: SqlServer) -> dict[str, str]:
    """What tells lightjobs and libpq, or the like, where the server is."""
    settings = server.settings
    return {
        **server.environment,
        "PGHOST": settings.host,
        "PGPORT": str(settings.port),
        "PGDATABASE": settings.name,
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
        "PYTHONPATH": str(ROOT),
    }


class Postgres(Rounds):
    """The parts, one method each: measure, then print."""

    def __init__(self, server: SqlServer, folder: str, rounds: int, quick: bool) -> None:
        everybody = (LIGHTJOBS_ON_SQL, *POSTGRES_PEERS, BARE)
        super().__init__(Bench(folder, _environment(server)), everybody, rounds, quick)
        self._server = server

    def _emptied(self) -> None:
        tables = self._server.query(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename NOT IN ('job_migrations', 'job_sweeps')"
            " AND tablename NOT LIKE 'pgqueuer_schema%'"
        )[0][0]
        self._server.query(f"TRUNCATE {tables}")
        # Whoever writes a page first after a checkpoint writes it whole: the same for all.
        self._server.query("CHECKPOINT")

    def drain(self) -> None:
        """No-op jobs, all waiting when the one worker process starts."""
        show("drain, jobs/s", self._everybody(self._drained), 2.5, apart={"bare": 0.5})

    def enqueue(self) -> None:
        """Jobs stored one by one, then at once."""
        self._enqueued(3000, 1.5, 2, {"bare": None})

    def latency(self) -> None:
        """Dispatch to start on an idle worker; the bare loop's is what two commits take."""
        for percent, figures in self._late().items():
            title = f"dispatch to start when idle, p{percent}, ms"
            show(title, figures, None, less=True, apart={"bare": None})
            if percent == 50:
                found = sorted(figures["lightjobs"])[self._rounds // 2]
                print(f"    lightjobs' p50 is {found:.2f} ms{verdict(found, 2, less=True)}")

    def backlog(self) -> None:
        """With 1,000,000 jobs waiting and as many delayed, half of them in the queue that is
        drained, behind those that are; against a table without them."""
        jobs = self._jobs(LIGHTJOBS_ON_SQL.jobs)
        figures: Figures = {"with backlog": [], "without": []}
        for _ in range(self._rounds):
            for name in ("without", "with backlog"):
                self._emptied()
                self._bench.produce(LIGHTJOBS_ON_SQL, "many", jobs)
                if name == "with backlog":
                    self._bench.fill("bench", self._jobs(BACKLOG) // 2)
                    self._bench.fill("other", self._jobs(BACKLOG) // 2)
                # What stands there for long has been vacuumed.
                self._server.query("VACUUM (ANALYZE) jobs")
                self._server.query("CHECKPOINT")
                figures[name].append(self._bench.drain(LIGHTJOBS_ON_SQL, 1, jobs))
        show(
            f"drain with {self._jobs(BACKLOG):,} waiting and as many delayed, jobs/s", figures, 0.9
        )

    def bloat(self) -> None:
        """The size of the table while jobs pass through it, never more than AHEAD waiting."""
        self._emptied()
        self._bench.use()
        from .peers.lightjobs import dispatch_many

        total, part = self._jobs(BLOAT_JOBS), AHEAD // 4
        print(f"{total:,} jobs through the table, at most {AHEAD:,} waiting")
        sent, next_look, sizes = 0, total // 10, []
        with self._bench.working(LIGHTJOBS_ON_SQL, 1) as counts:
            started = time.perf_counter()
            while sent < total:
                counts.reach(sent + part - AHEAD)
                dispatch_many(part)
                sent += part
                if sent >= next_look:
                    next_look += total // 10
                    sizes.append(self._sizes())
                    print(f"    after {sent:9,}: table and indexes {sizes[-1]} MB", flush=True)
            counts.reach(total)
            rate = total / (time.perf_counter() - started)
        most = max(heap + indexes for heap, indexes in sizes)
        print(f"    {rate:,.0f} jobs/s; at most {most:.1f} MB", flush=True)

    def _sizes(self) -> tuple[float, float]:
        """Of the jobs' rows, and of their indexes, in MB."""
        ((heap, indexes),) = self._server.query(
            "SELECT pg_table_size('jobs') / 1e6, pg_indexes_size('jobs') / 1e6"
        )
        return round(float(heap), 1), round(float(indexes), 1)


class Mariadb(Rounds):
    """lightjobs against what Lightpack's worker and dispatch do, on one table."""

    def __init__(self, server: SqlServer, folder: str, rounds: int, quick: bool) -> None:
        bench = Bench(folder, _environment(server))
        super().__init__(bench, (LIGHTJOBS_ON_SQL, LIGHTPACK), rounds, quick)
        self._server = server

    def _emptied(self) -> None:
        self._server.query("TRUNCATE jobs")

    def _drained(self, peer: Any, processes: int = 1) -> float:
        # As many wait for everybody, or the slower one would have the easier table.
        self._bench.produce(LIGHTJOBS_ON_SQL, "many", self._jobs(LIGHTJOBS_ON_SQL.jobs))
        return self._bench.drain(peer, processes, self._jobs(peer.jobs))

    def compare(self) -> None:
        """Drain, then enqueue."""
        show("MariaDB: drain, jobs/s", self._everybody(self._drained), 15)
        print("MariaDB:", end=" ")
        self._enqueued(2000, None, None)


if __name__ == "__main__":
    main()
