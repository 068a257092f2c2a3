"""Jobs whose handler does what a test asks for, and what it may do at its end."""

import asyncio

import pytest

from lightjobs import Job

from .support import run


class Calls(Job):
    """Does what a test put in `act`."""

    act = None

    def handle(self):
        return type(self).act(self)


class CallsAsync(Calls):
    async def handle(self):
        await asyncio.sleep(0)
        return type(self).act(self)


@pytest.fixture(name="ending", params=[Calls, CallsAsync])
def ending_fixture(request, monkeypatch):
    """Run a handler that does `act`, as a sync or an async job."""

    def end(act, **fields):
        monkeypatch.setattr(request.param, "act", act, raising=False)
        return run(request.param, **fields)

    return end


def raising(error):
    def act(_job):
        raise error

    return act
