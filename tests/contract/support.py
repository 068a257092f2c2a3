import itertools
import os
import subprocess
import sys
import threading
import time

from lightjobs.model import Claim, Done, Failed, HandBack, NewJob, Release

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


def job(queue="q", payload="{}", **fields):
    return NewJob(fields.pop("handler", HANDLER), queue, payload, **fields)


def push(engine, count=1, queue="q", **fields):
    return engine.push([job(queue, **fields) for _ in range(count)])


def worker(engine, lease=30.0):
    name = f"worker-{os.getpid()}-{next(_numbers)}"
    engine.register(name, lease)
    return name


def claim_one(engine, name=None, queue="q") -> Claim:
    (claim,) = engine.claim(name or worker(engine), [queue], 1)
    return claim


def fail(engine, count=1, queue="q", exception="boom", **fields):
    """Push jobs of one queue and fail them; returns their ids."""
    ids = push(engine, count, queue, **fields)
    name = worker(engine)
    claims = engine.claim(name, [queue], count)
    while len(claims) < count and (more := engine.claim(name, [queue], count - len(claims))):
        claims += more  # an engine may bound what one call takes
    assert [claim.id for claim in claims] == ids
    engine.settle(name, [Failed(claim.id, claim.fence, exception) for claim in claims])
    return ids


def outcomes(claim, fence=None):
    """One outcome of each kind for the claim."""
    fence = claim.fence if fence is None else fence
    return {
        "done": Done(claim.id, fence),
        "release": Release(claim.id, fence, time.time() - 5, 1),
        "failed": Failed(claim.id, fence, "boom"),
        "hand back": HandBack(claim.id, fence),
    }


KINDS = ["done", "release", "failed", "hand back"]


def drain(engine, queues=("q",), limit=1000):
    return engine.claim(worker(engine), list(queues), limit)


def eventually(condition, timeout=3.0, pause=0.01):
    until = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(pause)
    return value


def in_threads(*calls):
    """Run the calls at the same moment, each in a thread; returns what they returned."""
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)
    errors = []

    def run(index, call):
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


def processes(environment, script, count=2):
    """Run the Python text in `count` processes that use the same store; returns what they print.

    Each starts its work when all have written a line and got one back.
    """
    head = "import lightjobs, sys\nengine = lightjobs.engine()\n"
    start = "engine.stats()\nprint('ready', flush=True)\nsys.stdin.readline()\n"
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
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * count
    return printed
