"""The INSERT of a single job as a prepared statement, in MySQL's binary protocol.

PyMySQL has no prepared statements. As text the same INSERT takes 50 us longer: PyMySQL writes the
values into it and the server parses them again, and a process that has just waited for an answer
runs slowly, because the caches hold what others did in that time.
"""

from __future__ import annotations

import struct
from typing import Any

import pymysql
from pymysql.constants import COMMAND, CR, FIELD_TYPE
from pymysql.protocol import MysqlPacket

from ..delivery import ConnectionLost, Unsent
from .mysql_dialect import MYSQL, PACKET_BYTES, run_insert
from .mysql_errors import NOT_PREPARED, kind_of, number_of, text_of
from .rows import Params
from .statements import marked, pyformat, query

PREPARED_AFTER = 3
"""The statement is prepared at its next use, which takes one more round trip: a program that
dispatches one job does without it."""


class InsertOne:
    """The INSERT of a single job on one connection. It prepares the statement once that pays."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._uses = 0
        self._head = b""
        """The beginning of what executes the prepared statement; empty when there is none."""
        text, self._names = marked(query("push", MYSQL))
        self._text = text.encode()

    def insert(self, row: Params) -> int:
        """Insert the job and return its id."""
        self._uses += 1
        if self._uses == PREPARED_AFTER + 1:
            self._prepare()
        if not self._head or len(row["payload"]) > PACKET_BYTES // 4:
            return self._insert_text(row)
        try:
            return self._insert_prepared(row)
        except pymysql.MySQLError as error:
            if number_of(error) not in NOT_PREPARED:
                raise
            self._head = b""  # a proxy may have led the connection to another server
            return self._insert_text(row)

    def _insert_text(self, row: Params) -> int:
        cursor = self._connection.cursor()
        return run_insert(cursor, cursor.mogrify(pyformat("push", MYSQL), row))

    def _prepare(self) -> None:
        connection = self._connection
        try:
            connection._execute_command(COMMAND.COM_STMT_PREPARE, self._text)
            answer = connection._read_packet()._data
            number, _columns, parameters = struct.unpack_from("<IHH", answer, 1)
            for _ in range(parameters + 1):  # what is known of each, and the end of that
                connection._read_packet()
        except pymysql.MySQLError as error:
            if issubclass(kind_of(error), ConnectionLost):
                raise Unsent(text_of(error)) from error  # the job has not been sent
            return  # the server prepares nothing, or says the same of the text
        self._head = struct.pack("<IBI", number, 0, 1)

    def _insert_prepared(self, row: Params) -> int:
        connection = self._connection
        if not connection.open:
            raise pymysql.InterfaceError(0, "")
        request = self._head + self._values(row)
        head = struct.pack("<IB", len(request) + 1, COMMAND.COM_STMT_EXECUTE)
        connection._write_bytes(head + request)
        answer = self._answer()
        if answer[4]:
            MysqlPacket(answer[4:], connection.encoding).raise_for_error()
        return _number(answer, 6)  # after the number of rows, which is one

    def _answer(self) -> bytes:
        """The only packet of the answer. PyMySQL's own way reads head and body one after the other,
        through two layers of files."""
        data = b""
        try:
            while len(data) < 5 or len(data) < 4 + int.from_bytes(data[:3], "little"):
                more = self._connection._sock.recv(4096)
                if not more:
                    raise OSError("the server has hung up")
                data += more
        except BaseException as error:
            self._connection._force_close()
            if not isinstance(error, OSError):
                raise
            text = f"Lost connection to MySQL server during query ({error})"
            raise pymysql.OperationalError(CR.CR_SERVER_LOST, text) from error
        return data

    def _values(self, row: Params) -> bytes:
        """The parameters: which are null, that types follow, the types, and the others' values."""
        nulls, types, values = 0, b"", b""
        for place, name in enumerate(self._names):
            value = row[name]
            if value is None:
                nulls |= 1 << place
                types += _NULL
            elif isinstance(value, int):
                types += _INTEGER
                values += value.to_bytes(8, "little", signed=True)
            else:
                data = value.encode()
                types += _TEXT
                values += _length(len(data)) + data
        return nulls.to_bytes((len(self._names) + 7) // 8, "little") + b"\1" + types + values


_NULL, _INTEGER, _TEXT = (
    struct.pack("<H", kind)
    for kind in (FIELD_TYPE.NULL, FIELD_TYPE.LONGLONG, FIELD_TYPE.VAR_STRING)
)


def _length(length: int) -> bytes:
    """A length as the protocol writes it, up to 16 MB."""
    if length < 251:
        return bytes((length,))
    if length < 1 << 16:
        return b"\xfc" + length.to_bytes(2, "little")
    return b"\xfd" + length.to_bytes(3, "little")


def _number(data: bytes, place: int) -> int:
    """The number that begins at `place`, as the protocol writes it."""
    size = _SIZES.get(data[place])
    if size is None:
        return data[place]
    return int.from_bytes(data[place + 1 : place + 1 + size], "little")


_SIZES = {0xFC: 2, 0xFD: 3, 0xFE: 8}
"""How many bytes follow each of the first bytes that do not stand for themselves."""
