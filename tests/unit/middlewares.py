"""Middleware that notes what it is told, the jobs it is told of, and a way to configure it."""

import asyncio

import pytest

from lightjobs import Job, current
from lightjobs.middleware import Middleware, with_options

seen = []


class Work(Job):
    attempts = 2
    retryAfter = "+1 hour"

    def handle(self):
        seen.append("handle")
        if "raise" in self.payload:
            raise ValueError(self.payload["raise"])
        return 42

    def onSuccess(self):
        seen.append("success")


class AsyncWork(Work):
    async def handle(self):
        await asyncio.sleep(0)
        return super().handle()


class Outer(Middleware):
    name = "outer"

    async def handle(self, run, next):
        seen.append(f"{self.name} before {type(run.job).__name__}")
        result = await next()
        seen.append(f"{self.name} after {result}")
        return result


class Watcher(Middleware):
    def on_push(self, job_id, job):
        seen.append(("push", job_id, job.queue))

    def on_claim(self, claim):
        seen.append(("claim", claim.id, claim.attempts))

    def on_settle(self, run):
        seen.append(("settle", run.claim.id, type(run.outcome)))


@pytest.fixture(autouse=True)
def _forget():
    seen.clear()


@pytest.fixture(name="using")
def using_fixture(engine, configured):
    """Configure the given middleware."""

    def use(*entries, engine=engine):
        current.use(engine, configured._replace(middleware=entries))

    return use


class Marks(Middleware):
    def before_push(self, jobs):
        seen.append(("before", len(jobs)))
        return [with_options(job, mark=self.mark(job)) for job in jobs]

    def mark(self, job):
        return "marked"

    def on_not_pushed(self, jobs, error):
        seen.append(("not pushed", len(jobs), type(error).__name__))


class Unhooked(Job):
    def handle(self):
        pass
