"""A PHP application on the other side of the queue."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.servers.programs import missing, need

_SCRIPT = Path(__file__).parent / "php" / "peer.php"


class Peer:
    """A `php` process that does what it is told, see php/peer.php for what it can."""

    def __init__(self, environment: Mapping[str, str], module: str = "redis") -> None:
        self.process = subprocess.Popen(
            [_php(module), "-d", "display_errors=stderr", str(_SCRIPT)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, do: str, **arguments: Any) -> Any:
        """PHP's answer to a command; what it throws fails the test."""
        self.send(do, **arguments)
        return self.answer()

    def send(self, do: str, **arguments: Any) -> None:
        """Start a command; `answer` waits for its end."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        reply = json.loads(line or '{"error": "php has died"}')
        assert "error" not in reply, reply["error"]
        return reply["answer"]

    def close(self) -> None:
        """Nothing of it survives the test, whatever it does."""
        self.process.kill()
        self.process.communicate()


@cache
def _php(module: str) -> str:
    """The path of a php that has a module."""
    php = need("php")
    if module not in subprocess.check_output([php, "-m"], text=True).split():
        missing({"pdo_mysql": "php-mysql"}.get(module, f"php-{module}"))
    return php


def serialized(value: Any) -> bytes:
    """What PHP's serialize() writes for scalars and arrays; bytes stay as they are."""
    match value:
        case None:
            return b"N;"
        case bool():
            return b"b:%d;" % value
        case int():
            return b"i:%d;" % value
        case float():
            return b"d:%b;" % repr(value).upper().encode()
        case str():
            return serialized(value.encode())
        case bytes():
            return b's:%d:"%b";' % (len(value), value)
        case list():
            return serialized(dict(enumerate(value)))
        case dict():
            items = b"".join(serialized(part) for item in value.items() for part in item)
            return b"a:%d:{%b}" % (len(value), items)
    raise TypeError(value)
