"""The vocabulary of the promises: pushing, claiming and ending jobs of any engine."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lightjobs.engines.control import Engine
from lightjobs.model import Claim, Done, Expired, Failed, HandBack, NewJob, Outcome, Release

HANDLER = "App\\Jobs\\ProcessPayment"
_numbers = itertools.count()

NO_IDS = [
    "abc",
    "",
    " ",
    "-1",
    "0",
    "1.0",
    "9" * 40,
    "9" * 5000,
    "1; DROP TABLE jobs",
    "1 OR 1=1",
    "' OR ''='",
    "*",
    "\u0661",  # digits, but not ASCII's
    "\uff11",
    "\u00b2",
    "\x00",
    "1\x00",
    "1\n",
    "💥",
]
"""Texts that name no job, although job 1 exists."""

HOSTILE = "'; DROP TABLE jobs; -- \\\"<b>{}é💥"
"""A name that breaks what is not quoted well."""


def job(queue: str = "q", payload: str = "{}", **fields: Any) -> NewJob:
    """A job that is not stored yet."""
    return NewJob(fields.pop("handler", HANDLER), queue, payload, **fields)


def push(engine: Engine, count: int = 1, queue: str = "q", **fields: Any) -> list[str]:
    """Store jobs of one queue; returns their ids."""
    return engine.push([job(queue, **fields) for _ in range(count)])


def places_of(engine: Any) -> list[tuple[Any, str]]:
    """The node and the prefix of a Redis engine, or of each shard."""
    if hasattr(engine, "_shards"):
        return [(shard.node, shard.prefix) for shard in engine._shards]
    return [(engine._node, engine._prefix)]


def worker(engine: Engine, lease: float = 30.0) -> str:
    """Register a worker; returns its name."""
    name = f"worker-{os.getpid()}-{next(_numbers)}"
    engine.register(name, lease)
    return name


def claim_one(engine: Engine, name: str | None = None, queue: str = "q") -> Claim:
    """The job that is due, claimed by the worker of that name or by a new one."""
    (claim,) = engine.claim(name or worker(engine), [queue], 1)
    return claim


def one_claim(engine: Engine) -> tuple[str, Claim]:
    """A new worker's name and its claim, of a job with options."""
    push(engine, options='{"attempts":3}')
    name = worker(engine)
    return name, claim_one(engine, name)


def fail(
    engine: Engine, count: int = 1, queue: str = "q", exception: str = "boom", **fields: Any
) -> list[str]:
    """Push jobs of one queue and fail them; returns their ids."""
    ids = push(engine, count, queue, **fields)
    name = worker(engine)
    claims = engine.claim(name, [queue], count)
    while len(claims) < count and (more := engine.claim(name, [queue], count - len(claims))):
        claims += more  # an engine may bound what one call takes
    assert [claim.id for claim in claims] == ids
    engine.settle(name, [Failed(claim.id, claim.fence, exception) for claim in claims])
    return ids


def outcomes(claim: Claim, fence: int | None = None) -> dict[str, Outcome]:
    """One outcome of each kind for the claim."""
    fence = claim.fence if fence is None else fence
    return {
        "done": Done(claim.id, fence),
        "release": Release(claim.id, fence, time.time() - 5, 1),
        "failed": Failed(claim.id, fence, "boom"),
        "hand back": HandBack(claim.id, fence),
        "expired": Expired(claim.id, fence, "expired"),
    }


def unwaited(*claims: Claim) -> list[Claim]:
    """The claims as `held` returns them, which does not know how long their jobs waited."""
    return [claim._replace(waited=0.0) for claim in claims]


KINDS = ["done", "release", "failed", "hand back", "expired"]


def drain(engine: Engine, queues: Sequence[str] = ("q",), limit: int = 1000) -> list[Claim]:
    """What a new worker gets when it claims all it can."""
    return engine.claim(worker(engine), list(queues), limit)


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment, each in a thread; returns what they returned."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)
    errors: list[BaseException] = []

    def run(index: int, call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[index] = call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def processes(
    environment: Mapping[str, str], script: str, count: int = 2, before: str = "engine.stats()"
) -> list[str]:
    """Run the Python text in `count` processes that use the same store; returns what they print.

    Each runs the text `before`, and starts its work when all have written a line and got one back.
    """
    head = "import lightjobs, sys\nengine = lightjobs.engine()\n"
    start = f"{before}\nprint('ready', flush=True)\nsys.stdin.readline()\n"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", head + start + script],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * count
    return printed
