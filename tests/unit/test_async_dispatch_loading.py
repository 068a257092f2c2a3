"""What a dispatch from a coroutine loads is loaded in the thread, beside the event loop."""

import os
import subprocess
import sys

FIRST = """
import asyncio, sys, threading, time
import lightjobs
from lightjobs import current

class Work(lightjobs.Job):
    handler = "Work"
    def handle(self): ...

real, loaded_in = current.engine, []

def engine():
    if not current.is_loaded():
        loaded_in.append(threading.current_thread())
        time.sleep(0.5)
    return real()

current.engine = engine

async def main():
    ticks = 0
    task = asyncio.gather(*[Work().dispatchAsync({}) for _ in range(10)])
    while not task.done():
        ticks += 1
        await asyncio.sleep(0.01)
    assert len(set(await task)) == 10
    assert ticks > 10, ticks
    assert len(loaded_in) == 1
    assert loaded_in[0] is not threading.main_thread()

asyncio.run(main())
"""


def test_the_first_dispatch_of_a_process_loads_in_the_thread(tmp_path):
    environment = {**os.environ, "JOB_ENGINE": "memory", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", FIRST], check=True, timeout=60, env=environment)


DELAYED = """
import asyncio, sys, threading
import lightjobs

class Work(lightjobs.Job):
    handler = "Work"
    def handle(self): ...

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "lightjobs.strtotime.parser":
            imported_in.append(threading.current_thread())

async def main():
    await Work().setDelay(300).dispatchAsync({})
    assert not imported_in
    many = [Work().setDelay("+5 minutes").dispatchAsync({}) for _ in range(10)]
    await asyncio.gather(*many, Work().setDelay("+5 minutes").dispatchManyAsync([{}]))
    (thread,) = imported_in
    assert thread is not threading.main_thread()

imported_in = []
sys.meta_path.insert(0, Watch())
asyncio.run(main())
"""


def test_what_reads_a_delay_is_loaded_in_the_thread(tmp_path):
    environment = {**os.environ, "JOB_ENGINE": "memory", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", DELAYED], check=True, timeout=60, env=environment)
