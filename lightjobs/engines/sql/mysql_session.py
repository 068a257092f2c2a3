"""What our statements need set in a session of MySQL or MariaDB."""

from __future__ import annotations

import math
from typing import Any

from .. import answer_limit
from .dialect import Dialect
from .mysql_prepared import InsertOne, InsertUnique
from .server import IDLE_SECONDS, LOCK_SECONDS, Session

# PyMySQL believes what the server said at the login, which comes before init_connect.
_NEEDED = (
    "SET autocommit = 1, completion_type = 0, sql_safe_updates = 0, sql_big_selects = 1, "
    "sql_select_limit = 18446744073709551615, div_precision_increment = 4, "
    f"time_zone = '+00:00', innodb_lock_wait_timeout = {LOCK_SECONDS}, "
    # In any mode of the server, text that is too long is an error and not shortened.
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
    # An UPDATE that merges indexes locks rows in two orders, and rows that only one index finds.
    "optimizer_switch = 'index_merge=off'",
    # A claim locks the rows that it takes, and not the gaps between them.
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
)


class MysqlSession(Session):
    """A connection, and what is prepared on it."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        super().__init__(connection, connection._sock.fileno())
        self.one = InsertOne(connection, dialect)
        self.unique = InsertUnique(connection, dialect)


def settings(is_mariadb: bool) -> tuple[str, ...]:
    """The statements that set what is needed, whatever the server, its init_connect or its defaults
    say. PyMySQL sets the character set."""
    return (*_NEEDED, _limits(is_mariadb))


def _limits(is_mariadb: bool) -> str:
    """What lifts the server's limit to the time of a statement, which is ours to set, and has it
    undo a transaction of ours that stands still. MySQL cannot tell that from an idle connection,
    which only workers do not need for long."""
    if is_mariadb:
        # The last two would count instead, for the transactions that they are named for.
        return (
            f"SET max_statement_time = 0, idle_transaction_timeout = {IDLE_SECONDS}, "
            "idle_write_transaction_timeout = 0, idle_readonly_transaction_timeout = 0"
        )
    is_worker = answer_limit.seconds() < math.inf
    wait = IDLE_SECONDS if is_worker else "@@global.wait_timeout"
    return f"SET max_execution_time = 0, wait_timeout = {wait}"
