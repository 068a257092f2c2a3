"""The processes of one torture, the network between them and the store, and injecting faults."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import LightjobsError
from . import interrupts
from .faults import FAULTS, Fault
from .orders import Orders
from .proxy import Proxy
from .report import Kill
from .workers import OPTIONS, Worker, last_line, launch

CLOCK_SECONDS = 20.0
"""By how much a clock is wrong at most. A job that is repeated becomes due by the worker's clock,
so it may be late by as much."""

PRODUCER_SECONDS = 15.0
"""How long the producer may take to end."""


class Rack:
    """Workers, which run while `look_after` is called, and a producer. Leaving the context kills
    them all."""

    def __init__(self, orders: Orders, proxy: Proxy | None, seed: int, seconds: float) -> None:
        """The processes that are not stopped stop by themselves after so many `seconds`."""
        self._orders, self._proxy, self._seed = orders, proxy, seed
        self._workers = [Worker(orders, number, seconds) for number in range(len(OPTIONS))]
        self._producer: subprocess.Popen[bytes] | None = None
        self._log = Path(orders.folder) / "producer.log"
        self._injected: Counter[str] = Counter()
        self.kills: list[Kill] = []
        self._at_processes: dict[str, Callable[[Fault], bool]] = {
            "child": self._kill_child,
            "worker": self._kill_worker,
            "freeze": self._freeze,
            "clock": self._turn_clock,
        }

    @property
    def injected(self) -> dict[str, int]:
        """How often each fault was injected."""
        found = {kind: self._injected[kind] for kind in FAULTS if kind in self._injected}
        if "reply" in found:
            found["reply"] = self._network.dropped
        return found

    def inject(self, fault: Fault) -> bool:
        """Inject `fault`. Returns False if there is nothing that it could hit at the moment."""
        at_process = self._at_processes.get(fault.kind)
        if at_process is None:
            self._disturb(self._network, fault)
        elif not at_process(fault):
            return False
        self._injected[fault.kind] += 1
        return True

    def look_after(self) -> None:
        """Start what has ended again. Raises LightjobsError if something does not work."""
        for worker in self._workers:
            worker.look_after()
        if self._producer is not None and self._producer.poll() is not None:
            raise LightjobsError(f"the torture cannot dispatch: {last_line(self._log)}")

    def heal(self) -> None:
        """End all faults that last."""
        if self._proxy is not None:
            self._proxy.heal()
        for worker in self._workers:
            worker.thaw()

    def start_producing(self) -> None:
        """Start the producer."""
        command = ["-m", "lightjobs.torture.producer", str(self._seed)]
        with self._log.open("ab") as log, interrupts.held():
            self._producer = launch(command, self._orders, log, subprocess.PIPE)

    def stop_producing(self) -> None:
        """Have the producer finish its dispatch and end. Raises LightjobsError if it does not."""
        producer = self._producer
        assert producer is not None
        assert producer.stdin is not None
        producer.stdin.close()
        try:
            status = producer.wait(PRODUCER_SECONDS)
        except subprocess.TimeoutExpired:
            producer.kill()
            status = producer.wait()
        self._producer = None
        if status:
            raise LightjobsError(f"the torture cannot dispatch: {last_line(self._log)}")

    def stop_working(self) -> None:
        """Have the workers finish what they run and end."""
        for worker in self._workers:
            worker.ask_to_stop()
        for worker in self._workers:
            worker.join(15)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.kill()
        if self._producer is not None:
            self._producer.kill()
            self._producer.communicate()

    @property
    def _network(self) -> Proxy:
        assert self._proxy is not None
        return self._proxy

    def _disturb(self, network: Proxy, fault: Fault) -> None:
        match fault.kind:
            case "connection":
                network.close_all()
            case "reset":
                network.reset_all()
            case "delay":
                network.delay(0.02 + 0.3 * fault.size, 1 + 2 * fault.pick)
            case "reply":
                network.drop_reply(int(20 * fault.pick))
            case "blackhole":
                network.swallow(1 + 3 * fault.size)

    def _kill_child(self, fault: Fault) -> bool:
        children = [pid for worker in self._workers if worker.is_awake for pid in worker.children()]
        if not children:
            return False
        pid = children[int(fault.pick * len(children))]
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.kills.append(Kill(time.monotonic(), frozenset([pid])))
        return True

    def _kill_worker(self, fault: Fault) -> bool:
        worker = self._picked(fault)
        if worker is not None:
            pids = frozenset(worker.children())
            worker.kill()
            self.kills.append(Kill(time.monotonic(), pids))
        return worker is not None

    def _freeze(self, fault: Fault) -> bool:
        worker = self._picked(fault)
        if worker is not None:
            worker.freeze(self._orders.settings.lease * (1.5 + fault.size))
        return worker is not None

    def _turn_clock(self, fault: Fault) -> bool:
        worker = self._picked(fault)
        if worker is not None:
            worker.replace(CLOCK_SECONDS * (2 * fault.size - 1))
        return worker is not None

    def _picked(self, fault: Fault) -> Worker | None:
        """The worker to hit. None unless there is another at work: it is to recover the jobs."""
        at_work = [worker for worker in self._workers if worker.is_awake and worker.children()]
        return at_work[int(fault.pick * len(at_work))] if len(at_work) > 1 else None
