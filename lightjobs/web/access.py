"""Who may look at the page, and who may change something."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized
from werkzeug.wrappers import Request, Response

Level = Literal["read", "write"]
"""What a visitor may do: look, or look and change."""

TRIES = 10
"""How many wrong secrets an address may give in a minute."""

_MOST_ADDRESSES = 1000
"""How many addresses with wrong tries are kept in mind."""


class Visitor(NamedTuple):
    """Somebody who may look."""

    level: Level
    user: str
    """A name for the log, which nobody has proven."""


class Access(Protocol):
    """Decides who may look and who may touch."""

    def visitor(self, request: Request) -> Visitor:
        """Who sends `request`. Raises Unauthorized, Forbidden or TooManyRequests."""

    def admitted(self, request: Request) -> Response | None:
        """The answer to a request that trades a secret in its address for a cookie, or None."""


class Everybody:
    """For `--no-auth`: a proxy in front of the page decides who may look."""

    def __init__(self, level: Level) -> None:
        self._level = level

    def visitor(self, request: Request) -> Visitor:
        return Visitor(self._level, _remote_user(request))

    def admitted(self, request: Request) -> Response | None:
        return None


Authorize = Callable[[Request], object]
"""Returns "read", "write" or None: what the sender of a request may do."""


class Authorized:
    """For a mounted page: the program that it is mounted in decides."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize

    def visitor(self, request: Request) -> Visitor:
        level = self._authorize(request)
        if level is None or level is False:
            raise Forbidden("You may not look at this page.")
        if level == "read" or level == "write":
            return Visitor("write" if level == "write" else "read", _remote_user(request))
        raise TypeError(f'authorize returned {level!r}; allowed: None, "read" or "write"')

    def admitted(self, request: Request) -> Response | None:
        return None


class Secrets:
    """For the page that stands alone: secrets by HTTP basic or bearer, or one in a link that is
    traded for a cookie."""

    def __init__(
        self,
        secrets: Mapping[str, Level],
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`secrets` has each secret and what those may do who give it. `token` is the one among
        them that was made for this run: the only one that an address may contain."""
        if not secrets or not all(secrets):
            raise ValueError("there is no secret")
        self._secrets = dict(secrets)
        self._token = token
        self._tries = WrongTries(clock)
        self._cookies = {_cookie_value(secret): level for secret, level in secrets.items()}
        # Cookies do not know ports: two pages on one host would otherwise overwrite each other's.
        self._cookie = f"lightjobs_{_digest('|'.join(sorted(secrets)), 'name')[:8]}"

    def visitor(self, request: Request) -> Visitor:
        level = _found(request.cookies.get(self._cookie, ""), self._cookies)
        if level is not None:
            return Visitor(level, "link")
        secret, user = _given(request)
        if self._tries.are_used_up(_address(request)):
            raise TooManyRequests("Too many wrong passwords came from here.", retry_after=60)
        level = _found(secret, self._secrets)
        if level is not None:
            return Visitor(level, user)
        if secret:
            self._tries.add(_address(request))
        raise self._unknown()

    def admitted(self, request: Request) -> Response | None:
        given = request.args.get("token", "")
        if self._token is None or not given or request.method != "GET":
            return None
        if self._tries.are_used_up(_address(request)):
            return None
        if _equal(given, self._token):
            return self._with_cookie(request, given)
        self._tries.add(_address(request))
        return None

    def _with_cookie(self, request: Request, secret: str) -> Response:
        """Sends the browser to the same address without the secret."""
        rest = urlencode([pair for pair in request.args.items(multi=True) if pair[0] != "token"])
        # A path of its own: an absolute address would name the host that the browser gave.
        place = quote(request.root_path.rstrip("/") + request.path).lstrip("/")
        response = Response(
            status=303, headers={"Location": f"/{place}?{rest}" if rest else f"/{place}"}
        )
        response.autocorrect_location_header = False
        response.set_cookie(
            self._cookie,
            _cookie_value(secret),
            path=request.root_path.rstrip("/") or "/",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    def _unknown(self) -> Unauthorized:
        if self._token is not None:  # a browser that asked for a password could not be answered
            return Unauthorized("Open the link that `lightjobs web` printed when it was started.")
        return Unauthorized(
            "Give the password that is set as JOB_WEB_PASSWORD; any user name will do.",
            www_authenticate=WWWAuthenticate("basic", {"realm": "lightjobs", "charset": "UTF-8"}),
        )


class WrongTries:
    """Counts the wrong secrets of each address in the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, list[float]] = {}

    def add(self, address: str) -> None:
        with self._lock:
            times = self._times.pop(address, [])
            self._times[address] = [*times, self._clock()][-TRIES:]
            while len(self._times) > _MOST_ADDRESSES:
                del self._times[next(iter(self._times))]

    def are_used_up(self, address: str) -> bool:
        with self._lock:
            minute_ago = self._clock() - 60
            recent = [moment for moment in self._times.get(address, ()) if moment > minute_ago]
            return len(recent) >= TRIES


def new_token() -> str:
    """A secret for one run, short enough for a link."""
    return secrets.token_urlsafe(24)


def _address(request: Request) -> str:
    """Whom to count a wrong secret for: an address, or the part of one that its owner cannot choose
    freely."""
    text = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return text
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def _given(request: Request) -> tuple[str, str]:
    """The secret in the header of `request` and the user's name with it; empty if there is none."""
    given = request.authorization
    if given is None:
        return "", ""
    if given.type == "basic":
        return given.password or "", given.username or ""
    return (given.token or "", "bearer") if given.type == "bearer" else ("", "")


def _found(given: str, known: Mapping[str, Level]) -> Level | None:
    """What is known for `given`. All are compared, so that the time does not tell which one it
    resembles."""
    level: Level | None = None
    for secret, its_level in known.items():
        if _equal(given, secret):
            level = "write" if "write" in (level, its_level) else its_level
    return level


def _equal(given: str, secret: str) -> bool:
    """Whether both are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )


def _cookie_value(secret: str) -> str:
    """What stands for `secret` in a cookie. Every process makes the same, and it does not give the
    secret away."""
    return _digest(secret, "cookie")


def _digest(secret: str, purpose: str) -> str:
    message = f"lightjobs web {purpose}".encode()
    return hmac.new(secret.encode("utf-8", "surrogatepass"), message, hashlib.sha256).hexdigest()


def _remote_user(request: Request) -> str:
    return request.remote_user or ""
