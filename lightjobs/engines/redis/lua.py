"""The Lua scripts: loaded by hash, sent whole when the server does not know them (any more)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from redis import exceptions

from .resp import Word, counted, encoded, packed

Exchange = Callable[[bytes], Any]
"""Sends one command and returns the reply."""

_FOLDER = Path(__file__).parent / "scripts"

_WORD = re.compile(r"\w+")
_DEFINITION = re.compile(r"\n(?=local )")
_NAMES = re.compile(r"local (?:function )?([\w, ]+)")

PARTS = {
    **dict.fromkeys(("move", "purge", "count"), ("bulk",)),
    "push": ("storing",),
    "push_slots": ("storing", "slotting"),
    **dict.fromkeys(
        ("enroll", "slots", "pause_entry", "resume_entry", "forget_entry", "settle"),
        ("slotting",),
    ),
}
"""What stands before a script, behind `php.lua` and `lib.lua`, which stand before each."""


class _Script(NamedTuple):
    text: str
    sha: str


@cache
def _script(name: str) -> _Script:
    """`scripts/<name>.lua` behind what it uses of the library; comments left out."""
    own = _code(name)
    library = "\n".join(map(_code, ("php", "lib", *PARTS.get(name, ()))))
    text = "\n".join([*_used(library, own), own])
    return _Script(text, hashlib.sha1(text.encode()).hexdigest())


def _code(name: str) -> str:
    lines = (_FOLDER / f"{name}.lua").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("--"))


def _used(library: str, script: str) -> list[str]:
    """The definitions of `library` that `script` uses, directly or not. Each call of a script makes
    all its functions anew: the whole library would take a quarter of a push."""
    # A definition begins at the margin with `local`, and what belongs to it uses only those before.
    used: list[str] = []
    words = set(_WORD.findall(script))
    for definition in reversed(_DEFINITION.split(library)):
        names = _NAMES.match(definition)
        assert names is not None, definition
        if not words.isdisjoint(_WORD.findall(names[1])):
            used.insert(0, definition)
            words.update(_WORD.findall(definition))
    return used


def call(exchange: Exchange, name: str, prefix: str, *arguments: Word) -> Any:
    """Run the script `name`."""
    count, head = _head(name, prefix)
    try:
        return exchange(counted(count + len(arguments), head + encoded(arguments)))
    except exceptions.NoScriptError:
        text = _script(name).text
        return exchange(packed("EVAL", text, *_keys(prefix), prefix, *arguments))


@cache
def _head(name: str, prefix: str) -> tuple[int, bytes]:
    """The words before the arguments, and how many they are: the same in each call."""
    words = ("EVALSHA", _script(name).sha, *_keys(prefix), prefix)
    return len(words), encoded(words)


def _keys(prefix: str) -> tuple[Word, ...]:
    """A script's keys are all made from the prefix; the two that are named let a cluster find the
    node, and refuse the whole call when a prefix does not keep its keys in one slot: these two, of
    one length, never share one by chance."""
    return 2, f"{prefix}queues", f"{prefix}failed"
