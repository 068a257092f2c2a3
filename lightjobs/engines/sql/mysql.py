"""MySQL 8.0 and MariaDB 10.6 or later, through PyMySQL. Both run the same statements."""

from __future__ import annotations

import json
import math
import random
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import conversions

from ...errors import LightjobsError, SettingsError
from ...settings.database_settings import DatabaseSettings
from ...settings.login import Login
from ..delivery import FOREVER, Patience
from . import groups, mysql_session
from .callers.async_mysql import ASYNC_MYSQL
from .callers.mysql import MysqlCallerConnection
from .dialect import with_tables
from .groups import Place
from .mysql_claims import MysqlClaiming, MysqlClaims
from .mysql_dialect import MYSQL, PACKET_BYTES, insert_jobs, insert_unique
from .mysql_errors import ALREADY_THERE, kind_of, needed_package, number_of, text_of
from .mysql_session import MysqlSession
from .rows import Params, Row, inserting
from .server import Server, Session
from .statements import placed, pyformat

LEAST_VERSIONS = {"MySQL": (8, 0, 17), "MariaDB": (10, 6)}
"""Before 8.0.17 no collation of MySQL compares byte by byte and keeps trailing spaces."""

ANSWER_SECONDS = 60
"""How long a statement may take."""

POLL_SECONDS = (0.004, 0.1)
"""How soon an idle worker looks again: at first, and after a while without jobs."""

# Times travel as text, in UTC.
_CONVERSIONS = {**conversions, FIELD_TYPE.DATETIME: str, FIELD_TYPE.TIMESTAMP: str}

_OUR_COLUMNS = """
SELECT scheduled_us, priority, fence, recoveries, worker, options, touched_at FROM jobs LIMIT 0
"""


class Mysql(Server):
    """A MySQL or MariaDB database."""

    has_php = True
    errors = (pymysql.MySQLError,)
    driver = pymysql.Connection
    asynchronous = ASYNC_MYSQL

    def __init__(self, settings: DatabaseSettings) -> None:
        super().__init__(Login(settings.user, settings.password))
        self.dialect = with_tables(MYSQL, None, settings.table_prefix)
        host = settings.host
        socket = host.startswith("/")
        self._options = {
            "host": None if socket else host,
            "unix_socket": host if socket else None,
            "port": settings.port or 3306,
            "database": settings.name,
            "charset": "utf8mb4",
            "autocommit": True,
            "client_flag": CLIENT.FOUND_ROWS,  # an UPDATE counts what it found, changed or not
            "conv": _CONVERSIONS,
            "program_name": "lightjobs",
            **_tls(settings),
        }
        self.label = f"MySQL database {settings.name}"
        self._collation = ""
        self._is_mariadb = False
        self._pause = POLL_SECONDS[0]
        self._claims = MysqlClaims(self)

    def _open(self, seconds: float) -> Session:
        limits: dict[str, Any] = dict.fromkeys(
            ("connect_timeout", "read_timeout", "write_timeout"), seconds
        )
        user, password = self._login
        secret = (password or "").encode()  # PyMySQL encodes text as Latin-1
        try:
            connection: Any = pymysql.connect(**self._options, **limits, user=user, password=secret)
        except RuntimeError as error:
            raise SettingsError(f"{self.label}: {needed_package(str(error))}") from None
        try:
            self._examine(connection.get_server_info())
            with connection.cursor() as cursor:
                for statement in mysql_session.settings(self._is_mariadb):
                    cursor.execute(statement)
        except BaseException:
            connection.close()
            raise
        session = MysqlSession(connection, self.dialect)
        self._set_deadline(session, math.inf)
        return session

    def _set_deadline(self, session: Session, deadline: float) -> None:
        # In whole hundredths: a socket has to be told only what has changed.
        seconds = min(ANSWER_SECONDS, deadline - time.monotonic())
        seconds = max(1, math.ceil(100 * seconds)) / 100
        session.connection._read_timeout = session.connection._write_timeout = seconds

    def _examine(self, version: str) -> None:
        kind = "MariaDB" if "mariadb" in version.lower() else "MySQL"
        # For old replicas MariaDB called itself 5.5.5-10.6.
        numbers = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", version)
        if numbers is None or tuple(map(int, numbers.groups())) < LEAST_VERSIONS[kind]:
            least = ".".join(map(str, LEAST_VERSIONS[kind]))
            raise LightjobsError(
                f"{self.label}: the server is {kind} {version}; lightjobs needs {least} or later"
            )
        self._is_mariadb = kind == "MariaDB"
        # The only collation of each that compares byte by byte and keeps trailing spaces.
        self._collation = "utf8mb4_nopad_bin" if self._is_mariadb else "utf8mb4_0900_bin"

    def _stale(self, session: Session) -> bool:
        return True  # a server sends something unasked only when it hangs up

    def _close(self, session: Session) -> None:
        with suppress(Exception):  # a broken connection may fail in any way
            session.connection.close()

    def _execute_on(self, session: Session, sql: str, params: Params | None) -> Any:
        cursor = session.connection.cursor()
        for statement in sql.split(";\n"):
            cursor.execute(statement, params)
        return cursor

    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        sql = pyformat(name, self.dialect, where)
        if "{collation}" in sql:
            sql = self.script(sql)
        if ";\n" not in sql or self._session().inside:
            return self._fetched(self.execute(sql, params))
        with self.transaction():
            return self._fetched(self.execute(sql, params))

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        claimed = self._claims.claim(worker, queues, limit, skip)
        if claimed:
            self._pause = POLL_SECONDS[0]
        return claimed

    def push(self, rows: Sequence[Params], patience: Patience = FOREVER) -> list[int]:
        is_tied = inserting(rows) != "push"
        if len(rows) == 1 and not is_tied:
            with self._guarded(patience.deadline) as session:
                assert isinstance(session, MysqlSession)
                return [session.one.insert(rows[0])]
        with self._inserting(patience) as (connection, answered):
            statement = pyformat("push_tied", self.dialect) if is_tied else None
            return insert_jobs(connection.cursor(), rows, answered, statement)

    def push_unique(self, rows: Sequence[Params], patience: Patience = FOREVER) -> Sequence[int]:
        with self._guarded(patience.deadline) as session:  # opening it tells which server this is
            is_short = len(rows) == 1 and len(rows[0]["payload"]) <= PACKET_BYTES // 4
            if self._is_mariadb and is_short:
                assert isinstance(session, MysqlSession)
                number = session.unique.insert(rows[0])
                return [number] if number else []
        return self._insert_unique(
            patience,
            lambda connection, answered: insert_unique(
                connection.cursor(), self.dialect, rows, answered
            ),
        )

    def caller(self, connection: Any) -> MysqlCallerConnection:
        return MysqlCallerConnection(connection, self.dialect, self.translated)

    def due_in(self, queues: Sequence[str]) -> tuple[float, int]:
        found = self.look_for(queues)
        due = min((seconds for _place, seconds, _grouped in found), default=math.inf)
        grouped = [place for place, _seconds, is_grouped in found if is_grouped]
        if not grouped or due <= 0:
            return due, len(found)
        rows = [
            (*place, *row)
            for place in grouped
            for row in self.rows("group_due", {"queue": place.queue})
        ]
        first, cost = groups.due_in(MysqlClaiming(self), rows)
        return min(due, first), len(found) + cost

    def look_for(
        self, queues: Sequence[str], skip: Sequence[str] = ()
    ) -> list[tuple[Place, float, bool]]:
        """Each queue and priority where jobs wait, in the order to serve; the seconds until the
        first job without a group is due whose handler is not one of `skip`, inf if there is none;
        and whether jobs of groups wait, due or not."""
        sql = self.script(pyformat("due", self.dialect, self.dialect.skip if skip else ""))
        params = {"queues": json.dumps(queues), "skip": skip}
        first, *rows = self._fetched(self.execute(sql, params))
        if first[2]:
            raise self._read_only()
        rows.sort(key=lambda row: (row[0], -row[1]))
        return [
            (
                Place(queues[number - 1], priority),
                math.inf if seconds is None else float(seconds),
                grouped is not None,
            )
            for number, priority, seconds, grouped in rows
        ]

    def changes(self, queues: Sequence[str]) -> int:
        return 0  # the server has no sign of changes

    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        time.sleep(min(seconds, self._pause * random.uniform(0.8, 1.2)))
        self._pause = min(self._pause * 1.3, POLL_SECONDS[1])
        return False

    def tidy(self) -> None:
        pass  # InnoDB purges continuously

    def applied(self) -> dict[str, str]:
        if not self.ask(placed("SHOW TABLES LIKE '{job_migrations}'", self.dialect)):
            return {}
        return dict(self.ask(placed("SELECT name, applied_at FROM {job_migrations}", self.dialect)))

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """A schema change commits by itself on MySQL, so each migration changes `jobs` in one
        statement, and can be run again from its beginning."""
        lock = f"lightjobs:{self._options['database']}"[:64]
        with self._guarded() as session:
            session.inside = True  # GET_LOCK belongs to the connection, which must stay
            session.connection._read_timeout = None
            try:
                self.execute("SELECT GET_LOCK(%(lock)s, 86400)", {"lock": lock})
                yield
                self.execute("SELECT RELEASE_LOCK(%(lock)s)", {"lock": lock})
            finally:
                self._give_up()

    def problems(self) -> list[str]:
        self.look_for([])  # a server that is only read-only would not refuse to lock a row
        log = self.ask("SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')")
        if sorted(log) == [("binlog_format", "STATEMENT"), ("log_bin", "ON")]:
            return [f"{self.label}: its binlog_format is STATEMENT; allowed: ROW, MIXED"]
        return super().problems()

    def script(self, sql: str) -> str:
        with self._guarded():  # opening the connection sets the collation
            return sql.replace("{collation}", self._collation)

    def apply(self, statements: Sequence[str]) -> None:
        for statement in statements:
            try:
                self.execute(statement)
            except LightjobsError as error:
                if not self._applied_before(error):
                    raise

    def _applied_before(self, error: LightjobsError) -> bool:
        """Whether a migration was applied by a process that died before it noted that."""
        if number_of(error.__cause__) != ALREADY_THERE:
            return False
        try:
            self.ask(_OUR_COLUMNS)
        except LightjobsError:
            return False
        return True

    def translated(self, error: Exception) -> LightjobsError:
        return self._error(kind_of(error), text_of(error))


def _tls(settings: DatabaseSettings) -> dict[str, Any]:
    """PyMySQL's options. Unset leaves its default, except on a socket, where TLS adds nothing."""
    socket = settings.host.startswith("/")
    if settings.tls == "off" or (settings.tls is None and socket):
        return {"ssl_disabled": True}
    if settings.tls is None and not (settings.tls_ca or settings.tls_cert):
        return {}
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
        if settings.tls != "verify":
            context.check_hostname = False
            proven = settings.tls == "verify-ca" or settings.tls_ca
            context.verify_mode = ssl.CERT_REQUIRED if proven else ssl.CERT_NONE
        if settings.tls_cert:
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise SettingsError(f"DB_TLS_CA, DB_TLS_CERT or DB_TLS_KEY: {error}") from None
    return {"ssl": context}
