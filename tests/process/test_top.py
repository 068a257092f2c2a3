"""`lightjobs top` at a terminal."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightjobs.model import NewJob
from lightjobs.notes.observed import Running
from tests.support.environment import outside
from tests.support.notes import PAY, note_worker
from tests.support.servers.redis import redis_server
from tests.support.stores import STORES, Store
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

Open = Callable[..., Terminal]
COLOR = re.compile(rb"\x1b\[(\d+;)*3[0-7]m")
COVERS, UNCOVERS = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def open_top(tmp_path: Path) -> Iterator[Open]:
    """Runs `lightjobs top` at a terminal."""
    opened: list[Terminal] = []

    def start(environment: dict[str, str], columns: int = 80, lines: int = 24) -> Terminal:
        every = {**outside(), **environment}
        opened.append(Terminal([*COMMAND, "top"], tmp_path, every, columns, lines))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture(params=["redis-hash", pytest.param("sqlite", marks=pytest.mark.long)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = STORES[request.param](request)
    if made.engine.schema is not None:
        made.engine.schema.install()
    yield made
    made.engine.close()


@pytest.fixture
def environment(store: Store) -> dict[str, str]:
    assert store.environment is not None
    return store.environment


def push(store: Store, queue: str, count: int) -> None:
    store.engine.push([NewJob(PAY, queue, "{}")] * count)


def shows(top: Terminal, *texts: str) -> None:
    """Wait until all of `texts` are on the screen."""
    wait_until(
        lambda: all(text in "\n".join(top.screen) for text in texts) or top.process.poll(),
        what=f"{texts} on the screen",
    )
    assert top.process.poll() is None, top.output


def queues(top: Terminal) -> list[str]:
    """The names of the queues on the screen, in their order."""
    lines = top.screen
    first = next(at for at, line in enumerate(lines) if line.startswith("QUEUE")) + 1
    return [line.split()[0] for line in lines[first : lines.index("", first)]]


def test_it_shows_queues_workers_and_runs_and_follows_them(
    store: Store, environment: dict[str, str], open_top: Open
) -> None:
    push(store, "mail", 3)
    note_worker(store.engine, "w1")
    top = open_top(environment)
    shows(top, "3 waiting, 0 delayed", "mail", "host-1:7", "1/2", PAY, "1 of 2 places busy")
    push(store, "mail", 2)
    shows(top, "5 waiting")
    assert max(map(len, top.screen)) <= 80
    assert COVERS in top.output
    assert not top.echoes
    top.type(b"q")
    assert top.process.wait(10) == 0
    wait_until(lambda: top.output.count(UNCOVERS) == 1)  # it may have to be read yet
    assert top.echoes
    assert b"Traceback" not in top.output


def test_keys_sort_and_freeze(store: Store, environment: dict[str, str], open_top: Open) -> None:
    for queue, count in (("b", 1), ("a", 2), ("c", 3)):
        push(store, queue, count)
    top = open_top(environment)
    shows(top, "6 waiting")
    top.type(b"1")
    wait_until(lambda: queues(top) == ["a", "b", "c"])
    top.type(b"2")
    wait_until(lambda: queues(top) == ["c", "a", "b"])
    top.type(b"89x\x1b[A")
    top.type(b"p")
    shows(top, "frozen")
    push(store, "b", 9)
    time.sleep(2.5)
    assert queues(top) == ["c", "a", "b"]
    top.type(b"p")
    wait_until(lambda: queues(top) == ["b", "c", "a"])
    assert "frozen" not in "\n".join(top.screen)


@pytest.mark.parametrize("columns", [80, 60, 40, 20])
def test_it_can_be_read_on_narrow_terminals_and_by_their_height(
    store: Store, environment: dict[str, str], open_top: Open, columns: int
) -> None:
    for number in range(30):
        push(store, f"queue-{number}-with-a-name-that-is-rather-long", 1)
    note_worker(store.engine, "w1", host="h" * 60, queues=("mail",) * 20)
    top = open_top(environment, columns, 20)
    shows(top, "QUEUE", "queue-", "more")
    assert max(map(len, top.screen)) <= columns
    assert len(top.screen) <= 20
    if columns >= 40:
        shows(top, "WAITING", "LATENCY", "WORKER", "FOR")
    top.resize(100, 40)
    shows(top, "queue-0-with-a-name-that-is-rather-long", "RUNS/MIN")


def test_text_of_jobs_cannot_control_the_terminal(
    store: Store, environment: dict[str, str], open_top: Open
) -> None:
    run = Running("[bold]1\x1b[5m", "Evil\x1b]0;title\x07[red]\u202e", "mail", 1, time.time() - 60)
    note_worker(store.engine, "w1", running=(run,))
    top = open_top(environment, 120)
    shows(top, "Evil\\x1b]0;title\\x07[red]\\u202e", "[bold]1\\x1b[5m")
    assert b"\x1b]0" not in top.output
    assert b"\x1b[5m" not in top.output


@pytest.mark.parametrize("no_color", ["", "1"])
def test_no_color_is_respected(tmp_path: Path, open_top: Open, no_color: str) -> None:
    """The store is away, which is said in red."""
    environment = {"JOB_ENGINE": "redis", "REDIS_PORT": "1", "NO_COLOR": no_color}
    top = open_top(environment)
    shows(top, "the store is away")
    assert bool(COLOR.search(top.output)) is not bool(no_color)


def test_a_store_that_is_away_is_said_to_be_and_is_shown_again(open_top: Open) -> None:
    with redis_server(persistent=True) as server:
        top = open_top(server.environment)
        shows(top, "0 waiting", "no queues")
        server.stop()
        shows(top, "the store is away", "0 waiting")
        server.start()
        wait_until(lambda: "the store is away" not in "\n".join(top.screen))
        top.type(b"q")
        assert top.process.wait(10) == 0


def test_a_store_that_hangs_holds_up_no_key(open_top: Open) -> None:
    with redis_server() as server:
        top = open_top(server.environment)
        shows(top, "0 waiting", "no queues")
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        try:
            shows(top, "… waiting", "the store has not told yet")
            shows(top, "the store is away")
            top.type(b"q")
            assert top.process.wait(3) == 0
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_it_may_start_before_its_store(open_top: Open) -> None:
    with redis_server() as server:
        server.stop()
        top = open_top(server.environment)
        shows(top, "the store is away")
        server.start()
        shows(top, "no queues")
        assert "the store is away" not in "\n".join(top.screen)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(
    environment: dict[str, str], open_top: Open, number: signal.Signals
) -> None:
    top = open_top(environment)
    shows(top, "no queues")
    if number == signal.SIGINT:
        top.type(b"\x03")
    else:
        top.process.send_signal(number)
    assert top.process.wait(10) == 0
    wait_until(lambda: top.output.count(UNCOVERS) == 1)  # it may have to be read yet
    assert top.echoes


def test_ctrl_z_gives_the_terminal_back_for_a_while(
    environment: dict[str, str], open_top: Open
) -> None:
    top = open_top(environment)
    shows(top, "no queues")
    top.type(b"\x1a")
    status = Path(f"/proc/{top.process.pid}/stat")
    wait_until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T")
    wait_until(lambda: top.output.count(UNCOVERS) == 1)  # it may have to be read yet
    assert top.echoes
    top.process.send_signal(signal.SIGCONT)
    wait_until(lambda: top.output.count(COVERS) == 2)
    top.type(b"q")
    assert top.process.wait(10) == 0


def test_a_terminal_that_is_closed_ends_it(environment: dict[str, str], open_top: Open) -> None:
    top = open_top(environment)
    shows(top, "no queues")
    keyboard, top.keyboard = top.keyboard, os.open(os.devnull, os.O_RDONLY)
    os.close(keyboard)
    assert top.process.wait(10) == 0


WITHOUT = """
import importlib.util
import sys
sys.modules["rich"] = None
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "rich" else real(name, *more)
"""


def test_without_the_extra_one_line_says_how_to_install_it(
    tmp_path: Path, environment: dict[str, str], open_top: Open
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    top = open_top({**environment, "PYTHONPATH": str(tmp_path)})
    assert top.process.wait(10) == 2
    wait_until(lambda: b"\n" in top.output)
    assert top.output.decode().splitlines() == [
        "lightjobs: rich is not installed; run: pip install 'lightjobs[top]'"
    ]


def test_a_dumb_terminal_gets_everything_once(tmp_path: Path, environment: dict[str, str]) -> None:
    top = Terminal(["env", "TERM=dumb", *COMMAND, "top"], tmp_path, {**outside(), **environment})
    try:
        assert top.process.wait(20) == 0
        wait_until(lambda: b"no workers" in top.output)
        assert b"\x1b[?1049h" not in top.output
    finally:
        top.close()
