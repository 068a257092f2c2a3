"""`/batches`: batches with the latest first, and what of a batch all pages show."""

from __future__ import annotations

from typing import Any

from ...engines.control import Engine
from ...model import StoredBatch
from ...watching.ties import batch_state
from ..visit import Visit, findable

PAGE = 50
"""Batches of one page."""


def view(visit: Visit) -> dict[str, Any]:
    """The batches, 50 a page. A page begins behind the batch whose id is `after` in the address;
    if it is not known any more, it is the first."""
    after = visit.filter("after")
    found = visit.figure(("batches", after), lambda: _page(visit.engine, after))
    batches = None if found is None else [batch_row(batch) for batch in found[:PAGE]]
    is_more = found is not None and len(found) > PAGE
    return {
        "batches": batches,
        "latest": None if after is None else visit.here(after=None),
        "older": visit.here(after=found[PAGE - 1].id) if found and is_more else None,
    }


def _page(engine: Engine, after: str | None) -> list[StoredBatch]:
    """The batches of a page, and one more if there are more."""
    behind = None if after is None else engine.batches.find(after)
    return engine.batches.browse(PAGE + 1, behind)


def batch_row(batch: StoredBatch) -> dict[str, Any]:
    """A batch as lists and its own page show it."""
    return {
        **batch._asdict(),
        "called": list(batch.called),
        "state": batch_state(batch),
        "percent": batch.percent,
    }


def known(visit: Visit, batch_id: str) -> StoredBatch | None:
    """The batch with that id; None if there is none."""
    return visit.engine.batches.find(batch_id) if findable(batch_id) else None
