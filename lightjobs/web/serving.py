"""The page standing alone: `lightjobs web`."""

from __future__ import annotations

import ipaddress
import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from waitress.server import create_server

from ..engines.control import Engine
from ..errors import LightjobsError, SettingsError
from . import rendering, settings
from .access import Access, Everybody, Level, Secrets, new_token
from .app import MOST_SENT, WebApp
from .origin import Hosts
from .store import Store

THREADS = 4
"""How many requests are answered at a time; each thread has a connection to the store."""

_FORWARDED = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """The options of `lightjobs web`."""

    host: str
    port: int
    prefix: str
    write: bool
    hide_payloads: bool
    allowed_hosts: tuple[str, ...]
    trusted_proxy: str | None
    no_auth: bool


class Server:
    """Serves the page until it is stopped."""

    def __init__(self, engine: Engine, options: ServerOptions) -> None:
        """Takes the port. Raises SettingsError, LightjobsError for a port that cannot be had."""
        self._options = options
        self._token: str | None = None
        hosts = Hosts(options.allowed_hosts, is_loopback=_is_loopback(options.host))
        shown = settings.options(hide_payloads=options.hide_payloads)
        app = WebApp(Store(engine), self._access(), shown, hosts)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a burst is no trouble
        self._sockets: dict[int, object] = {}
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                listen=_address(options.host, options.port),
                threads=THREADS,
                ident="lightjobs",
                url_prefix=options.prefix,
                max_request_body_size=2 * MOST_SENT,  # a longer one is not even read
                **_proxy(options.trusted_proxy),
            )
        except (OSError, ValueError) as error:
            where = _address(options.host, options.port)
            raise LightjobsError(f"cannot listen on {where}: {error}") from None

    @property
    def link(self) -> str:
        """The address to open in a browser, with the secret that was made for this run if there is
        one."""
        host = "localhost" if self._options.host in ("0.0.0.0", "::") else self._options.host
        port = self._options.port or self._server.effective_port
        query = f"?token={self._token}" if self._token else ""
        return f"http://{_address(host, int(port))}{self._options.prefix}/{query}"

    def run(self, on_ready: Callable[[], None], on_turn: Callable[[], object]) -> None:
        """Serve until TERM, HUP or Ctrl-C. The loop calls `on_turn` at least once a second."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _stop)
        self._sockets[-1] = _Turns(on_turn)
        on_ready()
        # After that, since it takes a third of a second: visitors who come sooner share the work.
        threading.Thread(target=rendering.prepare, name="templates", daemon=True).start()
        self._server.run()
        self._server.close()

    def _access(self) -> Access:
        options = self._options
        level: Level = "write" if options.write else "read"
        if options.no_auth:
            return Everybody(level)
        secrets = settings.secrets(write=options.write)
        if not secrets:
            if not _is_loopback(options.host):
                raise SettingsError(
                    f"JOB_WEB_PASSWORD is not set; --host={options.host} needs it, or --no-auth "
                    "if a proxy in front of the page decides who may look"
                )
            self._token = new_token()
            secrets = {self._token: level}
        return Secrets(secrets, self._token)


class _Turns:
    """A socket, as far as waitress's loop knows: at each turn it asks whether there is to read."""

    accepting = False

    def __init__(self, on_turn: Callable[[], object]) -> None:
        self._on_turn = on_turn

    def readable(self) -> bool:
        self._on_turn()
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


def _proxy(address: str | None) -> dict[str, object]:
    """What makes waitress believe the proxy at `address`, and nobody else."""
    if address is None:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "trusted_proxy": address,
        "trusted_proxy_headers": _FORWARDED,
        "clear_untrusted_proxy_headers": True,
    }


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
