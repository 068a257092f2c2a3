"""What the store knows of a supervisor's children."""

import time

from lightjobs.engines.memory import MemoryEngine
from lightjobs.workers import child_records
from lightjobs.workers.child_records import ChildRecords
from lightjobs.workers.observer import Observer
from lightjobs.workers.options import Options
from tests.support.waiting import wait_until


class SlowToClose(MemoryEngine):
    def close(self):
        time.sleep(0.004)


def test_a_child_is_started_as_soon_as_its_name_is_registered(monkeypatch):
    """To fork, the thread that has registered it must be gone; nothing wakes for that moment."""
    # Closing is quick, but not always on a machine that is busy.
    monkeypatch.setattr(child_records, "CLOSE_SECONDS", 30)
    options = Options()
    records = ChildRecords(
        *(SlowToClose(), options, None, lambda run: True, lambda: None), Observer(options)
    )
    records.register(1)
    wait_until(lambda: records.names, pause=0.0001)
    assert not records.is_registering
