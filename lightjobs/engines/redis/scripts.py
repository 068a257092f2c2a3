"""The Lua scripts: loaded by hash, sent whole when the server does not know them (any more)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import redis

_FOLDER = Path(__file__).parent / "scripts"


class _Script(NamedTuple):
    text: str
    sha: str


@cache
def _script(name: str) -> _Script:
    """`scripts/<name>.lua` behind `lib.lua`, its comments left out."""
    lines = [
        line
        for part in ("lib", name)
        for line in (_FOLDER / f"{part}.lua").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("--")
    ]
    text = "\n".join(lines)
    return _Script(text, hashlib.sha1(text.encode()).hexdigest())


def call(client: redis.Redis, name: str, prefix: str, *arguments: str | int | float) -> Any:
    """Run the script `name`. The one key named is only for a cluster to find the node by."""
    script = _script(name)
    command = (1, f"{prefix}queues", prefix, *arguments)
    try:
        return execute(client, "EVALSHA", script.sha, *command)
    except redis.exceptions.NoScriptError:
        return execute(client, "EVAL", script.text, *command)


def execute(client: redis.Redis, *command: str | bytes | int | float) -> Any:
    """Run one command; redis-py has left this function without types."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]
