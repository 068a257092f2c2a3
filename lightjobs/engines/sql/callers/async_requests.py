"""Work of several statements on the caller's connection that belongs to an event loop."""

from __future__ import annotations

from typing import Any, TypeVar

from ..dialect import Dialect
from ..requests import Ask, Insert, Run, Work
from ..rows import Params
from ..statements import marked, query
from .async_base import Answer, AsyncCallerConnection, AsyncKind

_T = TypeVar("_T")


async def carry_out(
    work: Work[_T], caller: AsyncCallerConnection, kind: AsyncKind, dialect: Dialect
) -> _T:
    """As `requests.carry_out`, without blocking the event loop."""
    came: Any = None
    while True:
        try:
            request = work.send(came)
        except StopIteration as end:
            result: _T = end.value
            return result
        match request:
            case Ask(name, params):
                came = (await _run(caller, kind, dialect, name, params)).rows
            case Run(name, params):
                came = await _run(caller, kind, dialect, name, params)
            case Insert(rows):
                came = await kind.push(caller, dialect, rows)


async def _run(
    caller: AsyncCallerConnection, kind: AsyncKind, dialect: Dialect, name: str, params: Params
) -> Answer:
    sql, names = marked(query(name, dialect))
    given = {**params, **kind.clock()}
    return await caller.execute(kind.before + sql, [given[each] for each in names])
