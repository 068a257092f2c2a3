"""`/jobs`: jobs by their status, and the search for jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engines.moves import ENDED
from ...model import Stored
from ...watching.queues import STATUSES, stats, workers
from ...watching.shown_status import SHOWN, counts_shown
from ..listing.place import Place
from ..listing.rows import row
from ..listing.scan import scan
from ..listing.selection import Selection, selection
from ..visit import Visit
from . import bulk

PAGE = 50
"""Jobs of one page."""

_MOST = 10**12


def view(visit: Visit) -> dict[str, Any]:
    """The jobs of one status, 50 a page."""
    chosen = selection(visit)
    place = Place(visit)
    counts = _counts(visit, chosen.queue)
    if (job := _named(visit, chosen)) is not None:
        return _page(chosen, counts, [row(job, visit.now)], is_one=True)
    found = scan(visit.engine, chosen.status, chosen.where, place.after, PAGE, chosen.fits)
    seen = visit.whole("seen", 0, _MOST) + found.scanned
    is_cut = found.last is not None and not found.is_full
    started = _started(visit) if chosen.status == "running" else {}
    return _page(
        chosen,
        counts,
        [{**row(job, visit.now), "started_at": started.get(job.id)} for job in found.jobs],
        newer=place.newer(),
        older=place.older(found.last, seen if chosen.fits else None),
        searched=seen if chosen.fits and (is_cut or found.is_full) else None,
        is_cut=is_cut,
    )


def _page(
    chosen: Selection,
    counts: Mapping[str, int | None],
    rows: list[dict[str, Any]],
    **more: Any,
) -> dict[str, Any]:
    return {
        "status": chosen.status,
        "statuses": list(STATUSES),
        "counts": dict(counts),
        "queue": chosen.queue,
        "handler": chosen.handler,
        "exception": chosen.exception,
        "batch": chosen.batch,
        "q": chosen.text,
        "actions": {} if more.get("is_one") else bulk.labels(SHOWN[chosen.status]),
        "jobs": rows,
        "newer": None,
        "older": None,
        "searched": None,
        "is_cut": False,
        "is_one": False,
        "by_end": SHOWN[chosen.status] in ENDED,
        **more,
    }


def _named(visit: Visit, chosen: Selection) -> Stored | None:
    """The job whose id is searched for, whatever its status."""
    if chosen.only_word is None or visit.text("after"):
        return None
    return visit.engine.find(chosen.only_word)


def _counts(visit: Visit, queue: str | None) -> Mapping[str, int | None]:
    """The number of jobs with each status, in `queue` or in all."""
    found = stats(visit)
    if found is None:
        return dict.fromkeys(STATUSES)
    chosen = [found.get(queue, {})] if queue is not None else list(found.values())
    shown = [counts_shown(each) for each in chosen]
    return {status: sum(each[status] for each in shown) for status in STATUSES}


def _started(visit: Visit) -> dict[str, float]:
    """When the runs began that workers have noted, by the ids of their jobs."""
    notes = [worker.note for worker in workers(visit) or () if worker.note is not None]
    return {run.id: run.since for note in notes for run in note.running}


ACTIONS = bulk.actions(bulk.of_list)
