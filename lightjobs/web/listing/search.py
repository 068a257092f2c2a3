"""What a visitor searches for: words such as `handler:Pay* error:TimeoutError payload:4711`."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from werkzeug.exceptions import BadRequest

from ...engines.where import error_class
from ...model import Stored
from ..options import Options

KEYS = ("handler", "queue", "error", "payload", "worker")
"""What may stand before the colon of a word."""

LONGEST = 500
MOST_WORDS = 20

_WORD = re.compile(rf'(?:({"|".join(KEYS)}):)?(?:"([^"]*)"|(\S+))')
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Word(NamedTuple):
    """Something that a job must have."""

    key: str
    """One of KEYS, or "" for text anywhere."""
    value: str


def words_of(text: str) -> tuple[Word, ...]:
    """The words in `text`. A value with spaces stands in double quotes. Raises BadRequest."""
    if len(text) > LONGEST:
        raise BadRequest(f"q has {len(text):,} characters; allowed: up to {LONGEST}")
    found = tuple(
        Word(match[1] or "", match[2] if match[2] is not None else match[3])
        for match in _WORD.finditer(text)
    )
    if len(found) > MOST_WORDS:
        raise BadRequest(f"q has {len(found)} words; allowed: up to {MOST_WORDS}")
    return tuple(word for word in found if word.value)


class Search:
    """Tells which jobs have all words. Nothing is found in what the page does not show."""

    def __init__(self, words: tuple[Word, ...], options: Options) -> None:
        if options.hide_payloads and any(word.key == "payload" for word in words):
            raise BadRequest("Payloads are hidden here, also from the search.")
        self._words = words
        self._options = options

    def fits(self, job: Stored) -> bool:
        """Whether `job` has all words."""
        return all(self._has(job, word) for word in self._words)

    def _has(self, job: Stored, word: Word) -> bool:
        value = word.value
        match word.key:
            case "handler":
                return _named(job.handler, value)
            case "queue":
                return fnmatchcase(job.queue.lower(), _pattern(value))
            case "error":
                return job.exception is not None and _named(error_class(job.exception) or "", value)
            case "worker":
                workers = [job.worker or "", *(error.worker for error in job.errors)]
                return any(_contains(worker, value) for worker in workers)
            case "payload":
                return self._in_payload(job.payload, value)
            case _:
                texts = (job.id, job.handler, job.queue, job.exception or "")
                return any(_contains(text, value) for text in texts) or (
                    not self._options.hide_payloads and self._in_payload(job.payload, value)
                )

    def _in_payload(self, payload: str, value: str) -> bool:
        """Whether `value` is in a text of the payload, or is one of its numbers."""
        if not _may_contain(payload, value):
            return False
        try:
            tokens = list(self._options.redaction.visible(payload))
        except ValueError:
            return _contains(self._options.redaction.shown(payload), value)
        number = Decimal(value) if _NUMBER.fullmatch(value) else None
        for token in tokens:
            if token.startswith('"'):
                if _contains(json.loads(token, strict=False), value):
                    return True
            elif token == value or (number is not None and _is(token, number)):
                return True
        return False


def error_word(pattern: str) -> str:
    """The word that searches for errors that `pattern` describes, with a * for any characters."""
    return 'error:"' + pattern.replace('"', "?") + '"'


def class_name(handler: str) -> str:
    """The last part of a stored handler, which is the name of its class."""
    return re.split(r"[\\./]", handler.rstrip("\\./"))[-1] or handler


def _named(name: str, value: str) -> bool:
    """Whether `value`, perhaps with wildcards, is `name` or the name of the class in it."""
    pattern = _pattern(value)
    return fnmatchcase(name.lower(), pattern) or fnmatchcase(class_name(name).lower(), pattern)


def _pattern(value: str) -> str:
    return value.lower().replace("[", "[[]")


def _contains(text: str, value: str) -> bool:
    return value.casefold() in text.casefold()


def _may_contain(payload: str, value: str) -> bool:
    """Whether `value` may be in the JSON text `payload`: this is quick, and leaves few to read.
    PHP writes slashes and most letters as escapes."""
    lowered = payload.lower()
    return any(
        form.lower() in lowered
        for form in (value, json.dumps(value)[1:-1], json.dumps(value)[1:-1].replace("/", "\\/"))
    ) or (bool(_NUMBER.fullmatch(value)) and value.partition(".")[0] in lowered)


def _is(token: str, number: Decimal) -> bool:
    try:
        return Decimal(token) == number
    except ArithmeticError:  # no number, or one with an exponent that is none
        return False
