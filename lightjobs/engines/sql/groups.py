"""Groups take turns: which jobs of a queue and priority a claim takes when some have a group.

Nothing is kept of groups but the jobs' own rows. A claim steps through the names of the groups that
have a due job, in an index, beginning behind the one that was served last. It takes the first jobs
of each, as many as make up the claim, so that one look at each group is enough, and orders them in
rounds of one job of each.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from ...model import Group
from ..looks import PLACE_SECONDS
from .rows import Row

_T = TypeVar("_T")

PUT_OFF = 20
"""A look at groups of which none may be claimed from is put off for so many times as long as it
took: an idle worker spends a twentieth of its time on them."""

FEW = 16
"""Up to so many groups are all visited by each claim. Where there are more, a claim visits some of
them and takes more jobs of each: the rows of different groups lie far apart."""

SOME, SHARE = 5, 20
"""It visits at least SOME then, and one for each SHARE jobs that it asks for."""

LOCKS = 256
"""How many locks the groups of a queue share: a server has room for a limited number."""


class Place(NamedTuple):
    """A queue and a priority."""

    queue: str
    priority: int


class Found(NamedTuple):
    """A job that may be claimed."""

    group: str | None
    id: int
    at_once: int | None
    """How many jobs of its group may run at a time."""


class Visit(NamedTuple):
    """Which groups a claim visits."""

    after: str | None
    """The group that was served last, "" for the jobs without one; None: none was yet."""
    most: int
    """How many groups are looked for."""
    fewer: int
    """How many of these are served if there are as many."""


class Claiming(ABC):
    """One claim, inside its transaction. Each database has its own statements for it."""

    @abstractmethod
    def names(self, place: Place, after: str, until: str | None, limit: int) -> list[str]:
        """Up to `limit` names of groups that have a due job, in order, behind `after` and not
        behind `until`. Groups that are at their limit may be left out."""

    @abstractmethod
    def first(self, place: Place, groups: Sequence[str | None], quota: int) -> Iterable[Found]:
        """Up to `quota` due jobs of each of the groups, each group's in order. Nobody else can
        claim those of groups with a limit until the transaction ends."""

    @abstractmethod
    def running(self, place: Place, groups: Sequence[str]) -> Mapping[str, int]:
        """How many jobs of these groups run, without those of which another claim might be
        taking some just now; until the transaction ends, no other claim takes any of the rest."""

    @abstractmethod
    def take(self, ids: Sequence[int]) -> list[Row]:
        """Claim these jobs, but for those that others have claimed since; each row has the fields
        of a Claim, in the order of `ids`."""


class Turns:
    """Whose turn it is, as far as one engine has served the groups."""

    def __init__(self) -> None:
        self._served: dict[Place, str] = {}
        """The group that was served last, "" for the jobs without one."""
        self._visited: dict[Place, int] = {}
        """How many groups a claim visits, where there are more than FEW."""

    def claim(self, claiming: Claiming, place: Place, limit: int, has_plain: bool) -> list[Row]:
        """Take up to `limit` due jobs of a queue and priority where jobs of groups are due.
        `has_plain`: whether jobs without a group are, too."""
        claimed: list[Row] = []
        passed: set[str | None] = set()
        while (left := limit - len(claimed)) > 0:
            visit = self.visit(place, left)
            groups = self._next(claiming, place, visit.most, has_plain)
            if not groups:
                break
            is_whole_circle = len(groups) < visit.most
            if not is_whole_circle:
                groups = groups[: visit.fewer]
            quota = math.ceil(left / len(groups))
            jobs = _allowed(claiming, place, claiming.first(place, groups, quota))
            order = in_turns(groups, jobs)[:left]
            taken = claiming.take([job.id for job in order]) if order else []
            claimed += taken
            if taken:
                passed.clear()
            elif passed.issuperset(groups):
                break
            else:
                passed.update(groups)
            last = order[-1].group if order else groups[-1]
            self.note(place, last, len(groups), limit, len(taken) == left, is_whole_circle)
            if is_whole_circle and not any(len(found) == quota for found in jobs.values()):
                break
        return claimed

    def visit(self, place: Place, limit: int) -> Visit:
        """The groups that a claim of up to `limit` jobs visits next."""
        after = self._served.get(place)
        if limit <= FEW:
            return Visit(after, limit, limit)
        if (visited := self._visited.get(place)) is None:
            return Visit(after, min(limit, FEW + 1), max(SOME, limit // SHARE))
        return Visit(after, min(limit, visited), limit)

    def note(
        self,
        place: Place,
        group: str | None,
        visited: int,
        limit: int,
        has_all: bool,
        is_whole_circle: bool,
    ) -> None:
        """Note that `group` was served last, of so many that a claim of up to `limit` jobs has
        visited, and for claims of more than FEW jobs how many groups the next look visits: more
        once groups have had too few jobs, until all groups have had a turn. `has_all`: whether the
        claim has all jobs that it asked for."""
        last = group or ""
        is_round = last <= self._served.get(place, "")
        self._served[place] = last
        if is_whole_circle or is_round:
            # Whether there are still more than FEW groups is seen by the next look.
            self._visited.pop(place, None)
        elif limit > FEW:
            more = visited if has_all else 4 * visited
            before = self._visited.get(place, 0)
            self._visited[place] = max(SOME, limit // SHARE, more, before)

    def _next(
        self, claiming: Claiming, place: Place, limit: int, has_plain: bool
    ) -> list[str | None]:
        """The groups whose turns are next, up to `limit`. The jobs without a group come first,
        then the groups by name, and so on around."""
        last = self._served.get(place)
        plain: list[str | None] = [None] if has_plain else []
        if last is None:
            return [*plain, *claiming.names(place, "", None, limit)][:limit]
        groups = [*claiming.names(place, last, None, limit), *plain][:limit]
        if last and len(groups) < limit:
            groups += claiming.names(place, "", last, limit - len(groups))
        return groups


def _allowed(
    claiming: Claiming, place: Place, found: Iterable[Found]
) -> dict[str | None, list[Found]]:
    """The jobs that the limits of their groups allow, by group."""
    jobs: dict[str | None, list[Found]] = defaultdict(list)
    limited: dict[str, None] = {}  # in order
    for job in found:
        group, _id, at_once = job
        jobs[group].append(job)
        if at_once is not None and group is not None:
            limited[group] = None
    running = claiming.running(place, list(limited)) if limited else {}
    for name in limited:
        jobs[name] = _within_limits(jobs[name], running.get(name, math.inf))
    return jobs


def _within_limits(jobs: Sequence[Found], running: float) -> list[Found]:
    """The first jobs of a group, up to one whose limit is reached when those before it run."""
    for before, job in enumerate(jobs):
        if job.at_once is not None and running + before >= job.at_once:
            return list(jobs[:before])
    return list(jobs)


def in_turns(groups: Sequence[str | None], jobs: Mapping[str | None, Sequence[_T]]) -> list[_T]:
    """The first jobs of all groups, then the second ones, and so on."""
    most = max(map(len, jobs.values()), default=0)
    served = [jobs[group] for group in groups if group in jobs]
    if most == 1:
        return [job for each in served for job in each]
    return [each[turn] for turn in range(most) for each in served if turn < len(each)]


def place_in_turns(group: str | None, after: str | None) -> tuple[int, str]:
    """What puts groups in the order of their turns, if `after` was served last; see Visit."""
    if group is None:
        return (0 if after is None else 2), ""
    return (1 if after is None or group > after else 3), group


def lock_number(schema: str, queue: str, group: str) -> int:
    """The number of the lock on claims from a group that has a limit. Groups may share one."""
    which = blake2b(group.encode("utf-8", "surrogatepass"), digest_size=2)
    shared = int.from_bytes(which.digest(), "big") % LOCKS
    data = f"{schema}\n{queue}\n{shared}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def counted(rows: Iterable[Row]) -> list[Group]:
    """What `JobStore.groups` returns for the rows of `groups.sql`."""
    counts: dict[str | None, dict[str, int]] = defaultdict(dict)
    for name, status, number in rows:
        counts[name][status] = int(number)
    names = sorted(counts, key=lambda name: (name is not None, name or ""))
    if names in ([], [None]):
        return []
    return [
        Group(name, counts[name].get("new", 0), counts[name].get("queued", 0)) for name in names
    ]


def due_in(claiming: Claiming, rows: Iterable[Row]) -> tuple[float, int]:
    """The seconds until a job that the limits allow is due, inf when none is known to become due;
    and what the look has cost, in places. `rows`: those of `group_due.sql`."""
    begun = time.monotonic()
    due, cost = math.inf, 0
    for queue, priority, first, later in rows:
        cost += 1
        if first is None:  # all that waited have been claimed since
            continue
        seconds = float(first)
        if seconds <= 0:
            is_open = claiming.names(Place(queue, priority), "", None, 1)
            seconds = 0.0 if is_open else math.inf if later is None else float(later)
        due = min(due, seconds)
    return due, cost + places_for(time.monotonic() - begun)


def places_for(seconds: float) -> int:
    """As many places as put a look off for PUT_OFF times as long as it took; see `Looks`."""
    return int(PUT_OFF * seconds / PLACE_SECONDS)
