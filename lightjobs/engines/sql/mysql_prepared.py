"""The statements that store a single job, as prepared statements in MySQL's binary protocol.

PyMySQL has no prepared statements. As text an INSERT takes 50 us longer: PyMySQL writes the
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
from .dialect import Dialect
from .mysql_dialect import PACKET_BYTES, run_insert
from .mysql_errors import NOT_PREPARED, kind_of, number_of, text_of
from .rows import Params
from .statements import marked, pyformat, query

PREPARED_AFTER = 3
"""The statement is prepared at its next use, which takes one more round trip: a program that
dispatches one job does without it."""


class InsertOne:
    """The INSERT of a single job on one connection. It prepares the statement once that pays."""

    verb = "push"

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._uses = 0
        self._head = b""
        """The beginning of what executes the prepared statement; empty when there is none."""
        text, self._names = marked(query(self.verb, dialect))
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
        return run_insert(cursor, cursor.mogrify(pyformat(self.verb, self._dialect), row))

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
        return self._id(self._answer())

    def _id(self, answer: bytes) -> int:
        if answer[4]:
            MysqlPacket(answer[4:], self._connection.encoding).raise_for_error()
        return _number(answer, 6)  # after the number of rows, which is one

    def _is_whole(self, data: bytes) -> bool:
        """Whether that is the whole answer: one packet."""
        return len(data) >= 5 and len(data) >= 4 + int.from_bytes(data[:3], "little")

    def _answer(self) -> bytes:
        """The answer. PyMySQL's own way reads head and body one after the other,
        through two layers of files."""
        data = b""
        try:
            while not self._is_whole(data):
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
            elif isinstance(value, float):
                types += _DOUBLE
                values += struct.pack("<d", value)
            else:
                data = value.encode()
                types += _TEXT
                values += _length(len(data)) + data
        return nulls.to_bytes((len(self._names) + 7) // 8, "little") + b"\1" + types + values


class InsertUnique(InsertOne):
    """The same for a single job with a key on MariaDB, which also takes the key; see
    `push_unique.sql`. The id is 0 if the key has a row already."""

    verb = "push_unique"

    def _insert_text(self, row: Params) -> int:
        with self._connection.cursor() as cursor:  # which reads all of the answer
            cursor.execute(pyformat(self.verb, self._dialect), row)
            found = cursor.fetchall()
        return int(found[0][0]) if found else 0

    def _is_whole(self, data: bytes) -> bool:
        """One packet if the job is not stored, else the packets of a result with one row and then
        one that ends the block."""
        packets = _packets(data)
        last = packets[-1] if packets else b""
        is_end = last[:1] in (_OK, _ERROR) and len(packets) in (1, _OF_ROW)
        return is_end or last[:1] == _ERROR

    def _id(self, answer: bytes) -> int:
        packets = _packets(answer)
        if packets[-1][:1] == _ERROR:
            MysqlPacket(packets[-1], self._connection.encoding).raise_for_error()
        if len(packets) < _OF_ROW:
            return 0
        # After a zero and the bits for what is null.
        return int.from_bytes(packets[3][2:10], "little")


_OK, _ERROR = b"\0", b"\xff"
_OF_ROW = 6
"""The packets of an answer with a row: the number of columns, the column, an end, the row, an end,
and the end of the block."""

_NULL, _INTEGER, _DOUBLE, _TEXT = (
    struct.pack("<H", kind)
    for kind in (FIELD_TYPE.NULL, FIELD_TYPE.LONGLONG, FIELD_TYPE.DOUBLE, FIELD_TYPE.VAR_STRING)
)


def _packets(data: bytes) -> list[bytes]:
    """The packets that are there as a whole."""
    found, start = [], 0
    while len(data) >= start + 5:
        end = start + 4 + int.from_bytes(data[start : start + 3], "little")
        if len(data) < end:
            break
        found.append(data[start + 4 : end])
        start = end
    return found


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
