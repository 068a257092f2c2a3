"""A dispatch inside `atomic()`: part of Django's transaction, or put off until its commit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import connections, transaction

from ... import current
from ...model import NewBatch, NewJob
from . import configuration


def dispatched(jobs: Sequence[NewJob], batch: NewBatch | None = None) -> list[str] | None:
    """Push `jobs`, and the `batch` that they are part of, as Django's transaction wants it, and
    return their ids; None if it does not matter here. Put off until the commit, jobs have no ids
    yet: each is "" then.

    Raises Django's TransactionManagementError in a transaction that can only be rolled back.
    """
    alias = configuration.database_alias()
    connection = connections[alias or "default"]
    if not connection.in_atomic_block:
        return None
    if current.engine().name == "database" and alias is not None:
        connection.validate_no_broken_transaction()
        return current.dispatch(jobs, connection, batch)
    if not configuration.on_commit():
        return None
    transaction.on_commit(partial(current.dispatch_now, jobs, batch), using=connection.alias)
    return [""] * len(jobs)
