"""The Lua scripts: loaded by hash, sent whole when the server does not know them (any more)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from redis import exceptions

Execute = Callable[..., Any]
"""Runs one command and returns the reply."""

_FOLDER = Path(__file__).parent / "scripts"

PARTS = {
    **dict.fromkeys(("move", "purge", "count"), ("lib", "bulk")),
    "push": ("lib", "storing"),
    "push_slots": ("lib", "storing", "slotting"),
    **dict.fromkeys(("enroll", "slots", "pause_entry", "resume_entry"), ("lib", "slotting")),
}
"""What stands before a script, where that is not `lib.lua` alone."""


class _Script(NamedTuple):
    text: str
    sha: str


@cache
def _script(name: str) -> _Script:
    """`scripts/<name>.lua` behind what it builds on, comments left out."""
    parts = (*PARTS.get(name, ("lib",)), name)
    lines = [
        line
        for part in parts
        for line in (_FOLDER / f"{part}.lua").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("--")
    ]
    text = "\n".join(lines)
    return _Script(text, hashlib.sha1(text.encode()).hexdigest())


def call(execute: Execute, name: str, prefix: str, *arguments: str | bytes | int | float) -> Any:
    """Run the script `name`. Its keys are all made from the prefix; the two that are named let a
    cluster find the node, and refuse the whole call when a prefix does not keep its keys in one
    slot: these two, of one length, never share one by chance."""
    script = _script(name)
    command = (2, f"{prefix}queues", f"{prefix}failed", prefix, *arguments)
    try:
        return execute("EVALSHA", script.sha, *command)
    except exceptions.NoScriptError:
        return execute("EVAL", script.text, *command)
