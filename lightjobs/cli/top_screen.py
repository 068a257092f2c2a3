"""The screen of `lightjobs top`: it looks at the store each second and obeys keys."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable, store_trouble
from ..watching.figures import Figures
from .top_keyboard import Keyboard
from .top_look import Seen, look
from .top_picture import picture
from .top_tables import BY_LATENCY, QUEUES

SECONDS = 1.0
"""How often the store is looked at."""

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)


class Screen:
    """Shows how things stand in the store of `engine` until somebody quits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._figures = Figures(on_idle=engine.close, kept=SECONDS / 2)
        self._console = Console()
        self._keyboard = Keyboard()
        self._seen: Seen | None = None
        self._trouble = ""
        self._sort = BY_LATENCY
        self._frozen = False
        self._over = False
        self._suspended = False

    def run(self) -> None:
        """Return when `q` is pressed or a signal asks for it. Raises BrokenPipeError if the
        terminal is gone."""
        try:
            with self._signals():
                while not self._over:
                    self._run()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raise BrokenPipeError from error

    def _run(self) -> None:
        """Cover the terminal until the end, or until Ctrl-Z. Then let the shell have it."""
        with self._keyboard, Live(console=self._console, screen=True, auto_refresh=False) as live:
            self._show(live)
        if self._suspended:
            self._suspended = False
            os.kill(os.getpid(), signal.SIGSTOP)

    def _show(self, live: Live) -> None:
        next_look = time.monotonic()
        while not (self._over or self._suspended):
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + SECONDS
                if not self._frozen:
                    self._look()
            width, height = self._console.size
            shown = (self._seen, self._trouble, self._frozen, self._sort)
            live.update(picture(*shown, width, height), refresh=True)
            keys = self._keyboard.keys(next_look - time.monotonic())
            self._over = self._over or keys is None
            for key in keys or "":
                self._obey(key)

    def _look(self) -> None:
        try:
            self._seen = look(self._engine, self._figures)
            self._trouble = ""
        except StoreUnavailable as error:
            self._trouble = f"{store_trouble(error)}: {error}"
        except LightjobsError as error:
            self._trouble = str(error)

    def _obey(self, key: str) -> None:
        if key in "qQ":
            self._over = True
        elif key in "pP":
            self._frozen = not self._frozen
        elif key in "123456789" and int(key) <= len(QUEUES):
            self._sort = int(key) - 1

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Have signals end the screen, or put it aside for a while, only between two pictures: else
        the terminal would stay as it is."""
        logging.getLogger("lightjobs").addHandler(logging.NullHandler())  # it would print a line
        former = {number: signal.getsignal(number) for number in (*_STOPS, signal.SIGTSTP)}
        wakeup = signal.set_wakeup_fd(self._keyboard.wakeup, warn_on_full_buffer=False)
        for number in _STOPS:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGTSTP, self._suspend)
        signal.signal(signal.SIGWINCH, lambda *_: None)  # so that it wakes the wait
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in former.items():
                signal.signal(number, handler)

    def _stop(self, *_signal: object) -> None:
        self._over = True

    def _suspend(self, *_signal: object) -> None:
        self._suspended = True
