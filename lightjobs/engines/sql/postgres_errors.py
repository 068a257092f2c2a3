"""psycopg's errors, sorted by what they mean for the request."""

from __future__ import annotations

import re

import psycopg

from ...errors import LightjobsError, LoginRefused, SchemaOutdated, StoreUnavailable
from ..delivery import ConnectionLost, Refused, Unsent
from .database import NotAllowed, TryAgain
from .server import ReadOnly

_LOGIN_REFUSED = re.compile(
    r"authentication failed|no pg_hba\.conf entry|no password supplied|no such user"  # PgBouncer
    r"|role .* (does not exist|is not permitted to log in)"
)
_REFUSED = ("does not exist", "no such database")  # the second: PgBouncer
"""What the server says to refuse a login, and a database's name; libpq does not pass on its
code."""


class TooLong(StoreUnavailable):
    """A statement was stopped, by its time limit or by an administrator."""


class StatementPooling(LightjobsError):
    """A connection pooler allows no transactions."""


_KINDS: dict[type[LightjobsError], tuple[str, ...]] = {
    SchemaOutdated: ("42P01", "42703", "3F000"),  # no such table, column or schema
    TryAgain: ("40P01", "40001", "55P03"),  # deadlock, serialization failure, lock timeout
    TooLong: ("57014",),
    NotAllowed: ("42501",),
    ReadOnly: ("25006",),
    Unsent: ("57P05",),  # closed for idleness
    ConnectionLost: ("25P03", "25P04"),  # our transaction stood still, or lasted, for too long
}

_KIND = {state: kind for kind, states in _KINDS.items() for state in states}


def text_of(error: psycopg.Error) -> str:
    """What the server or libpq says, without the details, which quote the row."""
    return error.diag.message_primary or str(error).strip().partition("\n")[0]


def kind_of(error: psycopg.Error) -> type[LightjobsError]:
    """The class of ours that `error` belongs to."""
    state, text = error.sqlstate or "", text_of(error)
    if state in _KIND:
        return _KIND[state]
    if "statement pooling" in text:  # PgBouncer
        return StatementPooling
    if state.startswith("28") or (not state and _LOGIN_REFUSED.search(text)):
        return LoginRefused
    if not state and any(words in text for words in _REFUSED):
        return Refused
    if not state or state.startswith(("08", "57P")):
        lost = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        return ConnectionLost if lost else LightjobsError
    if state.startswith(("53", "57", "58", "XX")):
        return StoreUnavailable
    return LightjobsError
