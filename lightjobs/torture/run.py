"""One torture from its beginning to its report."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..engines import connect
from ..engines.control import Engine
from ..engines.own_place import own_place
from ..engines.sql.database import NotAllowed
from ..engines.where import Where
from ..errors import LightjobsError
from ..model import Cursor, Status, Stored
from ..settings.settings import Settings
from . import interrupts
from .faults import ON_NETWORK, Fault, plan
from .notes import LEDGER, RUNS, read
from .orders import Orders, own_jobs
from .proxy import Proxy
from .rack import Rack
from .report import Left, Report, judge

LEASE_SECONDS = 3.0
"""The longest lease of the torture's workers: with one of half a minute, few of them would die and
be recovered in a minute."""

DISPATCH_SECONDS = 5.0
"""How long a dispatch waits for the store at most."""

DRAIN_SECONDS = 60.0
"""How long the jobs that are left may take once the faults are over."""

TICK_SECONDS = 0.05

_PAGE = 500
_UNENDED = (Status.NEW, Status.QUEUED, Status.PAUSED)

Progress = Callable[[float, str], None]
"""Told the seconds that have passed, and what is going on."""


class Result(NamedTuple):
    """What a torture came to."""

    report: Report
    injected: Mapping[str, int]
    """How often each fault was injected."""
    notes: str | None
    """The folder with the notes and logs, which is kept if the report is bad; otherwise None."""


def run_torture(
    settings: Settings, kinds: Sequence[str], seconds: float, seed: int, progress: Progress
) -> Result:
    """Torture the store of `settings`, which is one that can have a place of one's own, with faults
    of these kinds for so many seconds, and then until all jobs have ended.

    Raises LightjobsError when the store is away, when there may be no place of its own in it, and
    when workers or the producer do not work. Whatever happens, that place is removed.
    """
    with interrupts.interrupted_once(), _place(settings) as own:
        engine = connect(own)
        try:
            if engine.schema is not None:
                engine.schema.install()
            engine.ensure_ready()
            with _folder() as folder:
                result = _Torture(own, engine, folder, progress).run(kinds, seconds, seed)
                if result.report.is_good:
                    return result
                return result._replace(notes=_kept(folder))
        finally:
            interrupts.ignore()
            engine.close()


class _Torture:
    def __init__(
        self, settings: Settings, engine: Engine, folder: Path, progress: Progress
    ) -> None:
        self._settings, self._engine, self._folder = settings, engine, folder
        self._progress = progress

    def run(self, kinds: Sequence[str], seconds: float, seed: int) -> Result:
        with contextlib.ExitStack() as stack:
            proxy = None
            if set(kinds) & set(ON_NETWORK):
                proxy = stack.enter_context(Proxy(*_address(self._settings)))
            told = _through(self._settings, proxy) if proxy is not None else self._settings
            orders = Orders(told, str(self._folder))
            rack = stack.enter_context(Rack(orders, proxy, seed, seconds + 2 * DRAIN_SECONDS))
            try:
                rack.start_producing()
                self._rage(rack, kinds, seconds, seed)
                rack.heal()
                rack.stop_producing()
                self._drain(rack, seconds)
                rack.stop_working()
            finally:
                interrupts.ignore()
            return Result(self._report(rack), rack.injected, None)

    def _rage(self, rack: Rack, kinds: Sequence[str], seconds: float, seed: int) -> None:
        """Inject the faults of the plan. Those that have nothing to hit wait for that."""
        start, last = time.monotonic(), "starting"
        pending: list[Fault] = []
        for fault in [*plan(kinds, seconds, seed), None]:
            until = seconds if fault is None else fault.at
            while (now := time.monotonic() - start) < until:
                rack.look_after()
                for each in list(pending):
                    if rack.inject(each):
                        pending.remove(each)
                        last = each.kind
                self._progress(now, last)
                time.sleep(min(TICK_SECONDS, until - now))
            pending += [] if fault is None else [fault]

    def _drain(self, rack: Rack, seconds: float) -> None:
        """Wait until no job is left, but no longer than DRAIN_SECONDS."""
        until = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < until:
            rack.look_after()
            self._progress(seconds, "draining")
            stats = self._engine.stats()
            if not sum(counts[status] for counts in stats.values() for status in _UNENDED):
                return
            time.sleep(4 * TICK_SECONDS)

    def _report(self, rack: Rack) -> Report:
        waiting = [job for status in _UNENDED for job in self._jobs(status)]
        left = Left(_numbers(self._jobs(Status.FAILED)), _numbers(waiting))
        return judge(read(self._folder / LEDGER), read(self._folder / RUNS), rack.kills, left)

    def _jobs(self, status: Status) -> Iterator[Stored]:
        after = None
        while jobs := self._engine.browse(Where(status=status), _PAGE, after):
            yield from jobs
            after = Cursor(jobs[-1].failed_at or jobs[-1].scheduled_at, jobs[-1].id)


def _numbers(jobs: Iterator[Stored] | Sequence[Stored]) -> frozenset[int]:
    return frozenset(int(json.loads(job.payload)["n"]) for job in jobs)


@contextlib.contextmanager
def _place(settings: Settings) -> Iterator[Settings]:
    """Settings with the torture's own jobs, for an empty place in the store."""
    name = f"lightjobs_torture_{secrets.token_hex(4)}"
    database = settings.database
    database = database._replace(
        tls_ca=_absolute(database.tls_ca),
        tls_cert=_absolute(database.tls_cert),
        tls_key=_absolute(database.tls_key),
    )
    redis = settings.redis._replace(tls_ca=_absolute(settings.redis.tls_ca))
    folder = None
    if database.driver == "pgsql":
        database = database._replace(schema=database.schema or name)
    elif database.driver == "sqlite":
        folder = Path(database.name).absolute().parent  # the same disk
    own = own_jobs(
        settings._replace(
            database=database,
            redis=redis,
            lease=min(settings.lease, LEASE_SECONDS),
            enqueue_timeout=min(settings.enqueue_timeout, DISPATCH_SECONDS),
        )
    )
    with contextlib.ExitStack() as stack:
        try:
            with interrupts.held():
                place = stack.enter_context(own_place(own, name, folder))
        except NotAllowed as error:
            raise LightjobsError(f"{error}. {_grant(settings)}") from error
        yield place


def _grant(settings: Settings) -> str:
    """What an administrator can do so that the torture gets a place of its own."""
    database = settings.database
    user = database.user or "the user"
    if database.driver == "pgsql":
        return (
            "The torture needs a schema of its own: "
            f"GRANT CREATE ON DATABASE {database.name} TO {user}"
        )
    pattern = r"`lightjobs\_torture\_%`.*"
    return f"The torture needs a database of its own: GRANT ALL ON {pattern} TO {user}"


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())


def _address(settings: Settings) -> tuple[str, int]:
    if settings.engine == "database":
        usual = 5432 if settings.database.driver == "pgsql" else 3306
        return settings.database.host, settings.database.port or usual
    return settings.redis.host, settings.redis.port


def _through(settings: Settings, proxy: Proxy) -> Settings:
    """`settings` with the address of the proxy in place of the server's."""
    here: dict[str, Any] = {"host": "127.0.0.1", "port": proxy.port}
    return settings._replace(
        redis=settings.redis._replace(**here), database=settings.database._replace(**here)
    )


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lightjobs-torture-") as folder:
        yield Path(folder)


def _kept(folder: Path) -> str:
    """A copy of the notes and logs that stays."""
    kept = tempfile.mkdtemp(prefix="lightjobs-torture-notes-")
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    return kept


def is_cluster(settings: Settings) -> bool:
    """Whether the server of `settings` is a node of a Redis Cluster. Raises StoreUnavailable if it
    is away or refuses the login."""
    if settings.engine not in ("redis", "valkey") or settings.redis.sentinels:
        return False
    import redis

    from ..engines.redis.pool import pool

    engine = connect(settings)
    engine.ensure_ready()
    engine.close()
    with redis.Redis(connection_pool=pool(settings.redis)) as client:
        try:
            info: Any = client.info("cluster")
        except redis.RedisError:
            return False  # the user may not ask
    return bool(info.get("cluster_enabled"))
