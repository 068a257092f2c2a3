"""Hides secrets in payloads before they are shown.

The stored text is read token by token, not decoded and encoded again: JSON decoders round large
numbers, keep only the last of two equal keys, and cannot read a text that is nested too deeply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

HIDDEN = "••••"
"""What is shown in the place of a secret."""

SECRET_KEYS = (
    r"password|passwd|secret|token|authorization|cookie|api[_-]?key|private[_-]?key"
    r"|card[_-]?number|cvv|iban"
)
"""A key is taken for a secret's if this is found anywhere in it, in any case."""

_TOKEN = re.compile(
    r'\s*("[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity|[{}\[\],:])',
    re.DOTALL,
)
_OPENING, _CLOSING = ("{", "["), ("}", "]")

_INDENT = "  "
_DEEPEST = 40
"""Levels that are indented: a text that is nested more deeply would grow by the square of that."""


class Redaction:
    """Knows which keys name secrets. `more` are regular expressions that are added to SECRET_KEYS.
    Raises ValueError for one that is not a regular expression."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        for pattern in more:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        self._secret = re.compile("|".join([SECRET_KEYS, *more]), re.IGNORECASE)

    def names_secret(self, key: str) -> bool:
        """Whether the value of `key` is hidden."""
        return self._secret.search(key) is not None

    def shown(self, payload: str) -> str:
        """The JSON text `payload` on indented lines, with HIDDEN in the place of each value whose
        key names a secret, at any depth, also inside of text that is JSON itself. Numbers and text
        stay as they are written. A text that is not JSON is returned as it is, or as HIDDEN if it
        mentions a secret."""
        try:
            return "".join(_indented(self._redacted(payload)))
        except ValueError:
            return HIDDEN if self.names_secret(payload) else payload

    def visible(self, payload: str) -> Iterator[str]:
        """The tokens of the JSON text `payload` that `shown` shows. Raises ValueError if it is not
        JSON."""
        return self._redacted(payload)

    def _redacted(self, payload: str) -> Iterator[str]:
        """The tokens of `payload`, with one for HIDDEN in the place of those of a secret. Raises
        ValueError if it is not JSON."""
        tokens = _tokens(payload)
        hides = False  # whether the next value is a secret
        opened = 0  # how many objects and lists of a secret are open
        for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
            if opened:
                opened += (token in _OPENING) - (token in _CLOSING)
            elif hides and token != ":":
                hides, opened = False, int(token in _OPENING)
                yield _quoted(HIDDEN)
            elif following == ":":
                hides = self.names_secret(_text(token))
                yield token
            else:
                yield self._value(token)

    def _value(self, token: str) -> str:
        """A token as it is shown: text that is JSON itself is redacted, too."""
        text = _text(token) if token.startswith('"') else ""
        if not text.lstrip().startswith(_OPENING) or not self.names_secret(text):
            return token
        try:
            return _quoted("".join(self._redacted(text)))
        except ValueError:
            return _quoted(HIDDEN)


def _tokens(payload: str) -> list[str]:
    """The tokens of `payload`. Raises ValueError if it is not JSON."""
    with suppress(RecursionError):  # nested deeply, but whole
        json.loads(payload, strict=False, parse_int=str, parse_float=str)
    matches = list(_TOKEN.finditer(payload))
    ends = [0, *(match.end() for match in matches)]
    if any(match.start() != end for match, end in zip(matches, ends, strict=False)):
        raise ValueError("not JSON")
    return [match[1] for match in matches]


def _text(token: str) -> str:
    found: str = json.loads(token, strict=False)
    return found


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _indented(tokens: Iterator[str]) -> Iterator[str]:
    """The text of `tokens`, each member of an object or a list on a line of its own."""
    depth, last = 0, ""
    for token in tokens:
        depth -= token in _CLOSING
        is_empty = last in _OPENING and token in _CLOSING
        if not is_empty and (last in _OPENING or last == "," or token in _CLOSING):
            yield "\n" + _INDENT * min(depth, _DEEPEST)
        yield ": " if token == ":" else token
        depth += token in _OPENING
        last = token
