"""lightjobs on PostgreSQL and MariaDB against its peers, in one run, on servers that wait for the
disk as Debian's do.

    python -m benchmarks.sql [--quick] [--rounds N] [--only drain,mariadb,…] [--json FILE]

In each round everybody has a turn; a figure is the median of the rounds. A ratio compares
lightjobs within the same round, and is the median of those. `bare` is a loop of nothing but a
claim of 100, a decode and a fenced delete, with single INSERTs, and COPY without ids.
"""

from __future__ import annotations

import tempfile
import time
from typing import Any

from tests.support.servers.mariadb import MariaServer
from tests.support.servers.postgres import PostgresServer

from .figures import Found
from .options import Options, arguments
from .peers.catalogue import BARE, LIGHTJOBS_ON_SQL, LIGHTPACK, POSTGRES_PEERS
from .peers.install import install, versions
from .peers.measure import Bench
from .peers.rounds import Rounds
from .results import Results
from .stores import empty_postgres, peers_mariadb, peers_postgres, sql_environment

ON_POSTGRES = ("drain", "enqueue", "latency", "waiting", "backlog", "bloat")
ON_MARIADB = ("mariadb", "waiting")
PARTS = (*ON_POSTGRES, "mariadb")
BACKLOG = 1_000_000
BLOAT_JOBS = 1_000_000
AHEAD = 20_000
"""While a million jobs pass through the table, so many wait at most."""


def main() -> None:
    options = arguments("sql", __doc__, PARTS)
    install()
    if on_postgres := [part for part in options.parts if part in ON_POSTGRES]:
        with peers_postgres() as server, tempfile.TemporaryDirectory() as folder:
            own = {"postgresql": str(server.query("SHOW server_version")[0][0]).split()[0]}
            results = Results(options, {**own, **versions()})
            Postgres(server, folder, options, results).run(on_postgres)
    if on_mariadb := [part for part in options.parts if part in ON_MARIADB]:
        with peers_mariadb() as server, tempfile.TemporaryDirectory() as folder:
            own = {"mariadb": str(server.query("SELECT version()")[0][0]).split("-")[0]}
            Mariadb(server, folder, options, Results(options, own)).run(on_mariadb)


class Postgres(Rounds):
    """The parts, one method each: measure, then hand over to the results."""

    store = "PostgreSQL"

    def __init__(
        self, server: PostgresServer, folder: str, options: Options, results: Results
    ) -> None:
        everybody = (LIGHTJOBS_ON_SQL, *POSTGRES_PEERS, BARE)
        super().__init__(Bench(folder, sql_environment(server)), everybody, options, results)
        self._server = server

    def _emptied(self) -> None:
        empty_postgres(self._server)

    def drain(self) -> None:
        """No-op jobs, all waiting when the one worker process starts."""
        found = self._everybody(self._drained)
        self._add("drain-1", "drain", [found], wanted=2.5, apart={"bare": 0.5})

    def enqueue(self) -> None:
        """Jobs stored one by one, then at once."""
        self._enqueued(3000, 1.5, 2, {"bare": None})

    def latency(self) -> None:
        """Dispatch to start on an idle worker; the bare loop's is what two commits take."""
        self._late(None, {"bare": None}, target=2)

    def backlog(self) -> None:
        """With 1,000,000 jobs waiting and as many delayed, half of them in the queue that is
        drained, behind those that are; against a table without them."""
        found = Found({"with backlog": [], "without": []})
        for _ in range(self._rounds):
            found.take("without", lambda: self._with_backlog(0))
            found.take("with backlog", lambda: self._with_backlog(self._jobs(BACKLOG)))
        title = f"drain with {self._jobs(BACKLOG):,} waiting and as many delayed"
        self._add("backlog", title, [found], wanted=0.9)

    def _with_backlog(self, others: int) -> float:
        jobs = self._jobs(LIGHTJOBS_ON_SQL.jobs)
        self._emptied()
        self._bench.produce(LIGHTJOBS_ON_SQL, "many", jobs)
        if others:
            self._bench.fill("bench", others // 2)
            self._bench.fill("other", others // 2)
        self._filled()
        return self._bench.drain(LIGHTJOBS_ON_SQL, 1, jobs)

    def _filled(self) -> None:
        # What stands there for long has been vacuumed.
        self._server.query("VACUUM (ANALYZE) jobs")
        self._server.query("CHECKPOINT")

    def bloat(self) -> None:
        """The size of the table while jobs pass through it, never more than AHEAD waiting."""
        self._emptied()
        self._bench.use()
        from .peers.lightjobs import dispatch_many

        total, part = self._jobs(BLOAT_JOBS), AHEAD // 4
        sent, next_look = 0, total // 10
        sizes: list[Found] = []
        with self._bench.working(LIGHTJOBS_ON_SQL, 1) as counts:
            started = time.perf_counter()
            while sent < total:
                counts.reach(sent + part - AHEAD)
                dispatch_many("noop", 1, part)
                sent += part
                if sent >= next_look:
                    next_look += total // 10
                    sizes.append(Found({"table and indexes": [self._size()]}, x=sent))
            counts.reach(total)
            rate = total / (time.perf_counter() - started)
        title = f"the table, with {AHEAD:,} jobs waiting at most"
        self._add("bloat", title, sizes, unit="MB", less=True, x="jobs passed")
        self._add("bloat-rate", f"{title}: drain", [Found({"lightjobs": [rate]})])

    def _size(self) -> float:
        """Of the jobs' rows and their indexes, in MB."""
        return float(self._server.query("SELECT pg_total_relation_size('jobs') / 1e6")[0][0])


class Mariadb(Rounds):
    """lightjobs against what Lightpack's worker and dispatch do, on one table."""

    store = "MariaDB"

    def __init__(
        self, server: MariaServer, folder: str, options: Options, results: Results
    ) -> None:
        bench = Bench(folder, sql_environment(server))
        super().__init__(bench, (LIGHTJOBS_ON_SQL, LIGHTPACK), options, results)
        self._server = server

    def _emptied(self) -> None:
        self._server.query("TRUNCATE jobs")

    def _drained(self, peer: Any, processes: int = 1) -> float:
        # As many wait for everybody, or the slower one would have the easier table.
        self._bench.produce(LIGHTJOBS_ON_SQL, "many", self._jobs(LIGHTJOBS_ON_SQL.jobs))
        return self._bench.drain(peer, processes, self._jobs(peer.jobs))

    def mariadb(self) -> None:
        """Drain, then enqueue."""
        self._add("drain-1", "drain", [self._everybody(self._drained)], wanted=15)
        self._enqueued(2000, None, None)


if __name__ == "__main__":
    main()
