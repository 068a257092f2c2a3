"""Jobs that are sent once a session of SQLAlchemy's has committed, to a store elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..extras import require

require("sqlalchemy", "sqlalchemy")

from sqlalchemy import event  # noqa: E402 - the extra comes first
from sqlalchemy.exc import MissingGreenlet  # noqa: E402
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session  # noqa: E402
from sqlalchemy.orm import Session, SessionTransaction, scoped_session  # noqa: E402
from sqlalchemy.util import await_only  # noqa: E402

from .. import current  # noqa: E402
from ..dispatching import async_dispatch  # noqa: E402
from ..dispatching.new_jobs import batches, new_jobs  # noqa: E402
from ..errors import LightjobsError  # noqa: E402
from ..job_class import Job  # noqa: E402
from ..job_function import FunctionJob  # noqa: E402
from ..model import NewJob  # noqa: E402

_KEY = "lightjobs"
"""Where a session's `info` has its _Kept."""

AnySession = Session | scoped_session[Any] | AsyncSession | async_scoped_session[Any]


def after_commit(
    session: AnySession,
    job: Job | type[Job] | FunctionJob[..., ..., Any],
    payload: Mapping[str, Any] | Any = None,
) -> None:
    """Dispatch `job` once the transaction that is open on `session` has been committed, and not if
    it is rolled back, or the savepoint in which this was called. If none is open, one is begun.

    `job` has the values that its setters have set. Without `payload` the one that `setPayload` has
    set is used; that of a function job is a dict of its arguments. It is read and checked now.

    If the store does not take the job, `commit()` raises what `dispatch` raises, although the
    transaction has been committed. With an AsyncSession the event loop is not blocked. Raises
    PayloadError, and LightjobsError for what is no session or no job.
    """
    kept = _kept(_sync(session))
    made = _job(job)
    kept.add(new_jobs(made, [made.getPayload() if payload is None else payload]))


class _Kept:
    """What a session is to dispatch: for each of its transactions, savepoints among them, the jobs
    that were added in it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._added: dict[SessionTransaction, list[NewJob]] = {}
        self._committed: list[NewJob] = []
        event.listen(session, "after_commit", self._on_commit)
        event.listen(session, "after_transaction_end", self._on_end)

    def add(self, jobs: Sequence[NewJob]) -> None:
        if self._session.get_transaction() is None:
            self._session.begin()
        self._added.setdefault(self._innermost(), []).extend(jobs)

    def _innermost(self) -> SessionTransaction:
        found = self._session.get_nested_transaction() or self._session.get_transaction()
        assert found is not None
        return found

    def _on_commit(self, _session: Session) -> None:
        """Called for a savepoint, too, before it has ended."""
        transaction = self._innermost()
        jobs = self._added.pop(transaction, [])
        outer = transaction.parent
        while outer is not None and not outer.nested and outer.parent is not None:
            outer = outer.parent
        if outer is None:
            self._committed = jobs
        elif jobs:
            self._added.setdefault(outer, []).extend(jobs)

    def _on_end(self, _session: Session, transaction: SessionTransaction) -> None:
        """Only now is the session ready for its next transaction, also if this raises."""
        self._added.pop(transaction, None)  # it was rolled back
        if transaction.parent is None:
            jobs, self._committed = self._committed, []
            for batch in batches(jobs):
                _send(batch)


def _send(jobs: Sequence[NewJob]) -> None:
    """Dispatch `jobs`, on an event loop without blocking it."""
    sending = async_dispatch.dispatch(jobs)
    try:
        await_only(sending)
    except MissingGreenlet:  # no AsyncSession is committing
        sending.close()
        current.dispatch_now(jobs)


def _kept(session: Session) -> _Kept:
    kept: _Kept | None = session.info.get(_KEY)
    if kept is None:
        kept = session.info[_KEY] = _Kept(session)
    return kept


def _sync(session: object) -> Session:
    """The session in which the transaction is."""
    if isinstance(session, (scoped_session, async_scoped_session)):
        session = session()
    if isinstance(session, AsyncSession):
        session = session.sync_session
    if not isinstance(session, Session):
        raise LightjobsError(
            f"after_commit() is given {type(session).__qualname__}; allowed: a Session, an "
            "AsyncSession, or one that is scoped"
        )
    return session


def _job(job: object) -> Job:
    if isinstance(job, FunctionJob):
        return job.as_job()
    made = job() if isinstance(job, type) and issubclass(job, Job) else job
    if not isinstance(made, Job):
        raise LightjobsError(
            f"after_commit() is given {type(made).__qualname__}; allowed: a job, its class, or a "
            "function with @job"
        )
    return made
