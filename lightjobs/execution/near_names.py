"""Attributes that a Job class spells as other queues do, or wrongly: no worker would read them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from ..errors import JobDefinitionError

_FOREIGN = {
    "attempts": "tries maxtries retries maxretries attemptslimit maxattempt",
    "retryAfter": "retrydelay retryin retryinterval defaultretrydelay",
    "noRetry": "dontretry dontretryon donotretry noretryfor noretryon discardon",
    "timeout": "timelimit softtimelimit jobtimeout maxruntime",
    "queue": "queuename",
    "onFailure": "onerror onfail onfailed onexception",
    "onSuccess": "onsucceed onsucceeded",
}
"""What other queues call ours, in lower case and without underscores."""

_CUTOFF = 0.88
"""How like ours a name must be to count as misspelled: `retryAftr` is (0.95), `relay` is not like
`delay` (0.8)."""


def refuse(job: type[Any], known: set[str]) -> None:
    """Raise JobDefinitionError for an attribute or method in the body of the class `job` that is
    meant to be one of `known`. Constants, nested classes and private names are left alone."""
    for name, value in vars(job).items():
        if name in known or not name[0].islower() or isinstance(value, type):
            continue
        meant = nearest(name, known)
        if meant is not None:
            raise JobDefinitionError(
                f"{job.__name__}.{name} is read by no worker; did you mean {meant}? An attribute "
                f"of your own may be called _{name}"
            )


def nearest(name: str, known: set[str]) -> str | None:
    """Which of `known` is meant by `name`; None if none is."""
    plain = _plain(name)
    ours = {_plain(each): each for each in known}
    if plain in ours:
        return ours[plain]
    for meant, others in _FOREIGN.items():
        if plain in others.split():
            return meant
    near = get_close_matches(plain, ours, 1, _CUTOFF)
    if not near or plain.startswith(near[0]) or near[0].startswith(plain):
        return None  # such as `timeouts`: another word, not a slip
    return ours[near[0]]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
