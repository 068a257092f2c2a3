"""How long jobs have been due.

A job that is due at once is listed by the whole second of its push, as PHP does it, so that the
jobs of a second are in the order of their ids. Most waits are far shorter than that. When in its
second a job was pushed is in its id, by the clock of the program that pushed it: see `ids.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

NEAR_SECONDS, NEAR_PART = 0.001, 0.01
"""If the waits of the first and the last job of a claim differ by less than this, or by a smaller
part, all of them count as having waited as long as the first. Reading from each id when its job was
pushed takes 0.3 µs a job."""


def waits(at: float, dues: Sequence[int | str], ids: Sequence[str]) -> list[float]:
    """The seconds for which each of the jobs `ids` has been due at `at`. `dues` has when they are
    due by their scores, each after the number of jobs in succession that have the score."""
    found: list[float] = []
    for count, due in zip(dues[::2], dues[1::2], strict=True):
        score = float(due)
        wait = at - score
        if wait <= 0:
            found += [0.0] * int(count)
        elif score % 1 or not 0 < score < 1 << 32:
            found += [wait] * int(count)
        else:
            found += _since_push(wait, int(score), ids[len(found) : len(found) + int(count)])
    return found


def waited(at: float, due: str, id: str) -> float:
    """The seconds for which the job `id`, whose score is `due`, has been due at `at`."""
    return waits(at, (1, due), (id,))[0]


def _since_push(wait: float, second: int, ids: Sequence[str]) -> list[float]:
    """The waits of jobs that are due since a second that was `wait` seconds ago: those that were
    pushed in that second have waited since then. The ids are in order, except where groups have
    taken turns."""
    head = f"job_{second:08x}"
    lowest, highest = min(ids), max(ids)
    if not (lowest.startswith(head) and highest.startswith(head)):
        return [_exact(wait, id) if id.startswith(head) else wait for id in ids]
    first, last = _exact(wait, lowest), _exact(wait, highest)  # so do all between them
    if abs(first - last) <= max(NEAR_SECONDS, NEAR_PART * last):
        return [first] * len(ids)
    return [_exact(wait, id) for id in ids]


def _exact(wait: float, id: str) -> float:
    try:
        return max(0.0, wait - int(id[12:17], 16) / 1_000_000)
    except ValueError:
        return wait
