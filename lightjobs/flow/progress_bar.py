"""A bar in the terminal that shows how far a batch has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ..model import StoredBatch


@contextmanager
def shown(wanted: bool) -> Iterator[Callable[[StoredBatch], None]]:
    """A function that shows a batch as a bar on standard error, each time in the place of the last;
    one that does nothing if that is not `wanted`, or standard error is no terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _batch: None
        return
    with click.progressbar(
        length=100, file=sys.stderr, item_show_func=lambda text: text, width=30
    ) as bar:

        def show(batch: StoredBatch) -> None:
            bar.update(batch.percent - bar.pos, in_words(batch))

        yield show


def in_words(batch: StoredBatch) -> str:
    """The counts of a batch, without what is 0."""
    ended = batch.done + batch.failed + batch.cancelled
    parts = [f"{ended:,} of {batch.total:,} ended"]
    for name in ("failed", "cancelled", "running"):
        if count := getattr(batch, name):
            parts.append(f"{count:,} {name}")
    return ", ".join(parts)
