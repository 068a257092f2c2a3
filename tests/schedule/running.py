"""Schedulers on a memory engine, with a clock that the test moves."""

import heapq

NOON = 1_700_000_000 // 86_400 * 86_400 + 43_200


def count(engine):
    return engine.stats().get("reports", {"new": 0})["new"]


class Counted:
    """An engine that notes what is asked of it: when, and which slots were pushed and taken."""

    def __init__(self, engine):
        self._engine = engine
        self.now = 0.0
        self.pushed, self.taken = [], []

    @property
    def schedule(self):
        return self

    def __getattr__(self, name):
        schedule = self._engine.schedule
        return getattr(schedule if hasattr(schedule, name) else self._engine, name)

    def push_slots(self, slots):
        ids = self._engine.schedule.push_slots(slots)
        self.pushed += [self.now for _slot in slots]
        self.taken += [self.now - slot.due for slot, job in zip(slots, ids, strict=True) if job]
        return ids


def live(engine, schedulers, begin, seconds, on_tick=lambda now: None):
    """Let each scheduler tick whenever it asked to."""
    asked = [(begin + n / 100, n, scheduler) for n, scheduler in enumerate(schedulers)]
    while asked[0][0] < begin + seconds:
        now, n, scheduler = heapq.heappop(asked)
        engine.now = now
        on_tick(now)
        heapq.heappush(asked, (max(scheduler.tick(now), now + 0.001), n, scheduler))
