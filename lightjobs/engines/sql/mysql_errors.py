"""PyMySQL's errors, sorted by what they mean for the request."""

from __future__ import annotations

import pymysql
from pymysql.constants import CR

from ...errors import LightjobsError, LoginRefused, SchemaOutdated
from ..delivery import ConnectionLost, Refused, Unsent
from .database import NotAllowed, TryAgain
from .server import ReadOnly

ALREADY_THERE = 1060
"""A column that a migration adds is there."""

NOT_PREPARED = (1243, 1461, 1615)
"""The server does not know the prepared statement, has too many, or cannot use it any more."""

_KINDS: dict[type[LightjobsError], tuple[int, ...]] = {
    SchemaOutdated: (1146, 1054, 1136, 1176),  # no such table, column or index
    TryAgain: (1213, 1205, 1020),  # deadlock, lock timeout, changed since it was read
    NotAllowed: (1044, 1142, 1143, 1227),
    ReadOnly: (1290, 1792, 1836),
    # Wrong, without a password, from this host, expired, locked (MySQL, MariaDB).
    LoginRefused: (1045, 1698, 1130, 1820, 1862, 3118, 4151),
    Refused: (1049, 3159),  # the database's name, no TLS
    # The second: closed for idleness, which the server says in place of reading a statement.
    Unsent: (CR.CR_SERVER_GONE_ERROR, 4031),
    ConnectionLost: (
        *(1040, 1129, 1135, 1203, 1226),  # too many connections, errors or threads
        *(1053, 1077, 1079, 1080, 1927, 3169, 1317, 3024, 1969),  # shut down, killed, timed out
        *(1152, 1158, 1159, 1160, 1161, 1184),  # the server's end of the connection
        *(3032, 3100, 3101),  # offline_mode, replication's refusals
        1047,  # a node of Galera that is not in the cluster
        *(1021, 1026, 1030, 1114, 1206, 3, 28, 1037, 1041),  # disk, memory or lock table full
    ),
}

_KIND = {number: kind for kind, numbers in _KINDS.items() for number in numbers}


def number_of(error: BaseException | None) -> int:
    """The server's or the client's number for `error`; 0 when it has none."""
    args = getattr(error, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


def text_of(error: Exception) -> str:
    """What the server or the client says."""
    return str(error.args[1]) if len(error.args) > 1 else str(error)


def kind_of(error: Exception) -> type[LightjobsError]:
    """The class of ours that `error` belongs to."""
    number = number_of(error)
    if number in _KIND:
        return _KIND[number]
    if 2000 <= number < 3000 or isinstance(error, pymysql.InterfaceError):  # the client's own
        return ConnectionLost
    if not number and isinstance(error, pymysql.OperationalError):
        return ConnectionLost
    return LightjobsError


def needed_package(text: str) -> str:
    """What to do about a login for which PyMySQL misses another package, as `text` says."""
    if "cryptography" not in text:
        return text  # MariaDB's ed25519, for example, needs another one
    # The server asks for the encryption only when it does not have the login in its cache: so the
    # same settings work until the server restarts.
    return (
        "without TLS, the server's login caching_sha2_password needs a package that is not "
        'installed; allowed: DB_TLS=on, or `pip install "pymysql[rsa]"`'
    )
