"""The groups of a queue."""

from __future__ import annotations

from collections import Counter

from ...model import Group
from .bulk import PART, Call, argument
from .rows import text


def groups(call: Call, execute: Call, queue: str) -> list[Group]:
    """See JobStore.groups."""
    found = call("groups", argument(queue))
    if not found:
        return []
    later_keys, plain_waiting, plain_running, lanes, claimed = found
    waiting: Counter[bytes] = Counter()
    for group, count in zip(lanes[::2], lanes[1::2], strict=True):
        waiting[group] += count
    for key in later_keys:
        start = 0
        while ids := execute("ZRANGE", key, start, start + PART - 1):
            waiting.update(call("groups_of", *ids))
            start += PART
    running = dict(zip(claimed[::2], claimed[1::2], strict=True))
    rows = [Group(text(name), waiting[name], running.get(name, 0)) for name in {*waiting, *running}]
    rows = sorted(row for row in rows if row.waiting or row.running)
    if rows and (plain_waiting or plain_running):
        rows.insert(0, Group(None, plain_waiting, plain_running))
    return rows
