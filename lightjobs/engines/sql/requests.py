"""Work of several statements that is written once, for connections that block and for those of an
event loop: a generator that yields what it wants done, and is sent what came of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from .rows import Params, Row

_T = TypeVar("_T")


class Ask(NamedTuple):
    """Run the statement of a verb; what came of it are its rows."""

    name: str
    params: Params


class Run(NamedTuple):
    """Run the statement of a verb that has no rows."""

    name: str
    params: Params


class Insert(NamedTuple):
    """Insert these rows of `tied_row`; what came of it are their ids in order."""

    jobs: Sequence[Params]


Request = Ask | Run | Insert

Work = Generator[Request, Any, _T]
"""Work that ends with a `_T`. It is carried out in one transaction."""


class Connection(Protocol):
    """What carries requests out: a Database, or a caller's connection."""

    def rows(self, name: str, params: Params) -> list[Row]: ...

    def run(self, name: str, params: Params) -> int: ...

    def push(self, rows: Sequence[Params]) -> Sequence[int]: ...


def carry_out(work: Work[_T], connection: Connection) -> _T:
    """Do `work` on a connection that blocks, and return what it ends with."""
    came: Any = None
    while True:
        try:
            request = work.send(came)
        except StopIteration as end:
            result: _T = end.value
            return result
        match request:
            case Ask(name, params):
                came = connection.rows(name, params)
            case Run(name, params):
                came = connection.run(name, params)
            case Insert(rows):
                came = connection.push(rows)
