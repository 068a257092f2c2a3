"""The Lua scripts: called by hash, and sent whole when the server does not have them."""

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

_TIES = ("bulk", "storing", "unique", "batches", "tying", "steps")
_PUSHES = (*_TIES, "pushing")

PARTS = {
    **dict.fromkeys(("move", "purge", "count", "browse", "forget_kept"), ("bulk",)),
    **dict.fromkeys(("push_tied", "stage_tied", "queue_tied"), _PUSHES),
    **dict.fromkeys(("find_batch", "browse_batches"), ("batches", "listed_batches")),
    **dict.fromkeys(
        ("note_batch_cancelled", "inner_batches", "forget_batches", "listed"), ("batches",)
    ),
    **dict.fromkeys(("key_holder", "unlock_key"), ("unique",)),
    "page": ("paging",),
    "place": ("verifying", "paging"),
    "claim": ("claiming", "taking", "turns"),
    "held": ("claiming",),
    **dict.fromkeys(("push", "stage", "queue_staged", "drop_staged"), ("storing",)),
    "push_free": ("storing", "unique"),
    "push_slots": ("storing", "slotting"),
    "settle": ("slotting",),
    "take": ("bulk", "transferring"),
    **dict.fromkeys(
        ("begin_transfer", "batched", "stay", "close_transfer", "end_transfer", "expect"),
        ("transferring",),
    ),
    "forget_transfer": ("transferring",),
    **dict.fromkeys(("taken", "leave", "arrive"), ("unique", "transferring")),
    **dict.fromkeys(("verify_jobs", "verify_set"), ("verifying",)),
    "verify_ahead": ("slotting",),
    **dict.fromkeys(
        ("enroll", "describe", "slots", "pause_entry", "resume_entry", "forget_entry"),
        ("slotting",),
    ),
}
"""The files that go before a script, after those that go before all of them."""


class _Script(NamedTuple):
    text: str
    sha: str


@cache
def files() -> dict[str, str]:
    """The text of each script and of each part of the library. An engine reads all of them when it
    is made: a worker must not need them later, when the package may have been replaced."""
    return {path.stem: path.read_text(encoding="utf-8") for path in _FOLDER.glob("*.lua")}


@cache
def _script(name: str) -> _Script:
    """`scripts/<name>.lua` after the definitions of the library that it uses; without comments."""
    own = _code(name)
    if "flow()" in own:
        own = f"{_flow()}\n{own}"
    library = "\n".join(map(_code, ("php", "base", "lanes", "lib", *PARTS.get(name, ()))))
    text = "\n".join([*_used(library, own), own])
    return _Script(text, hashlib.sha1(text.encode()).hexdigest())


@cache
def _flow() -> str:
    """The function `flow` of scripts that seldom need what `flow.lua` returns: it defines that when
    it is called first."""
    made = _code("flow")
    defined = "\n".join(_used("\n".join(map(_code, _TIES)), made))
    made = made.replace("return ", "made_flow = ", 1)
    return (
        "local made_flow\nlocal function flow()\nif made_flow then return made_flow end\n"
        f"{defined}\n{made}\nreturn made_flow\nend"
    )


def _code(name: str) -> str:
    lines = files()[name].splitlines()
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("--"))


def _used(library: str, script: str) -> list[str]:
    """The definitions of `library` that `script` uses, directly or not. Each call of a script
    defines all its functions anew: those of the whole library would take a quarter of a push. The
    header of base.lua has the rules that the library must keep for this."""
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
    try:
        return exchange(command(name, prefix, *arguments))
    except exceptions.NoScriptError:
        text = _script(name).text
        return exchange(packed("EVAL", text, *_keys(prefix), prefix, *arguments))


def command(name: str, prefix: str, *arguments: Word) -> bytes:
    """The command that runs the script `name` if the server has it."""
    count, head = _head(name, prefix)
    return counted(count + len(arguments), head + encoded(arguments))


@cache
def _head(name: str, prefix: str) -> tuple[int, bytes]:
    """How many words come before the arguments, and these words: the same in each call."""
    words = ("EVALSHA", _script(name).sha, *_keys(prefix), prefix)
    return len(words), encoded(words)


def _keys(prefix: str) -> tuple[Word, ...]:
    """The keys that a call names. A script makes all its keys from the prefix. These two let a
    cluster find the node, and refuse the whole call when the prefix does not keep its keys in one
    slot: two names of this length never share a slot by chance.

    There is never a key with the second name. So while the keys of a slot are moved to another
    node, one after the other, each node refuses the call. Otherwise it would run a script that
    finds a part of its keys, and that fails when it has written already."""
    return 2, f"{prefix}queues", f"{prefix}absent"
