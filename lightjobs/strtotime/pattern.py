"""A small pattern language, compiled into the positions that a scanner can be in.

PHP applies the rule that matches the *longest* text. Python's `re` cannot do that: it takes the
first alternative that matches, and backtracks. So the rules are written in a subset of the usual
notation and compiled into a position automaton, which is followed one character at a time and
never goes back.

Notation: `[a-z]` classes, `(a|b)`, `?`, `*`, `+`, `{n}`, `{m,n}`, backslash for a literal
character, `'text'` for text whose ASCII letters match in either case (a `?` in it makes the
letter before it optional), and `<name>` for a pattern defined elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_POSTFIX = "?*+{"


@dataclass(frozen=True, slots=True)
class Chars:
    """Any one character of a set."""

    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seq:
    """All parts in sequence."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """Any one of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`part` repeated `least` to `most` times, or without limit if `most` is None."""

    part: Node
    least: int
    most: int | None


Node = Chars | Seq | Alt | Repeat


class _Reader:
    """A recursive-descent parser of one pattern."""

    def __init__(self, source: str, named: Callable[[str], Node]) -> None:
        self._source = source
        self._at = 0
        self._named = named

    def whole(self) -> Node:
        node = self._alternatives()
        if self._at != len(self._source):
            raise ValueError(f"stray {self._source[self._at]!r} in pattern {self._source!r}")
        return node

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._source[self._at - 1]

    def _take_until(self, end: str) -> str:
        stop = self._source.index(end, self._at)
        taken = self._source[self._at : stop]
        self._at = stop + 1
        return taken

    def _alternatives(self) -> Node:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._take()
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Alt(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Seq(tuple(parts))

    def _repeated(self) -> Node:
        node = self._atom()
        while self._peek() and self._peek() in _POSTFIX:
            least, most = self._bounds()
            node = Repeat(node, least, most)
        return node

    def _bounds(self) -> tuple[int, int | None]:
        sign = self._take()
        if sign != "{":
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        low, _, high = self._take_until("}").partition(",")
        return int(low), int(high or low)

    def _atom(self) -> Node:
        char = self._take()
        if char == "(":
            node = self._alternatives()
            self._take()
            return node
        if char == "[":
            return self._class()
        if char == "<":
            return self._named(self._take_until(">"))
        if char == "'":
            return _any_case(self._take_until("'"))
        return Chars(frozenset(self._take() if char == "\\" else char))

    def _class(self) -> Node:
        members: set[str] = set()
        body = self._take_until("]")
        while body:
            if len(body) > 2 and body[1] == "-":
                members.update(map(chr, range(ord(body[0]), ord(body[2]) + 1)))
                body = body[3:]
            else:
                members.add(body[0])
                body = body[1:]
        return Chars(frozenset(members))


def _any_case(word: str) -> Node:
    parts: list[Node] = []
    for char in word:
        if char == "?":
            parts[-1] = Repeat(parts[-1], 0, 1)
        else:
            parts.append(Chars(frozenset({char.lower(), char.upper()} if char.isascii() else char)))
    return Seq(tuple(parts))


def parse(source: str, definitions: Mapping[str, str]) -> Node:
    """The syntax tree of `source`, with each `<name>` looked up in `definitions`.

    Raises KeyError for an unknown name and ValueError for a malformed pattern.
    """
    return _Reader(source, lambda name: parse(definitions[name], definitions)).whole()


@dataclass(frozen=True, slots=True)
class _Span:
    """The positions that a part of a pattern can begin and end with, as bit masks."""

    optional: bool
    first: int
    last: int


class Positions:
    """The positions in a list of patterns: which characters each accepts and what may follow it.

    A set of positions is an int used as a bit mask. `taking[c]` holds the positions that accept the
    character c, `follow[p]` those that may come after p, and `first` those that a text may begin
    with. `ends[p]` is the index of the pattern that is complete after p.
    """

    def __init__(self, patterns: list[Node]) -> None:
        self.taking: dict[str, int] = {}
        self.follow: list[int] = []
        self.first = 0
        self.ends: dict[int, int] = {}
        for index, pattern in enumerate(patterns):
            span = self._add(pattern)
            self.first |= span.first
            self.ends.update((p, index) for p in bits(span.last))

    def _add(self, node: Node) -> _Span:
        match node:
            case Chars(members):
                return self._add_position(members)
            case Seq(parts):
                return self._chain([self._add(part) for part in parts])
            case Alt(parts):
                spans = [self._add(part) for part in parts]
                return _Span(
                    any(s.optional for s in spans),
                    _union(s.first for s in spans),
                    _union(s.last for s in spans),
                )
            case Repeat(part, least, most):
                return self._add_repeat(part, least, most)

    def _add_position(self, members: frozenset[str]) -> _Span:
        bit = 1 << len(self.follow)
        self.follow.append(0)
        for char in members:
            self.taking[char] = self.taking.get(char, 0) | bit
        return _Span(False, bit, bit)

    def _add_repeat(self, part: Node, least: int, most: int | None) -> _Span:
        if most is None:
            span = self._add(part)
            self._join(span.last, span.first)
            return _Span(span.optional or least == 0, span.first, span.last)
        copies = [self._add(part) for _ in range(most)]
        return self._chain(
            [_Span(s.optional or n >= least, s.first, s.last) for n, s in enumerate(copies)]
        )

    def _chain(self, spans: list[_Span]) -> _Span:
        optional, first, last = True, 0, 0
        for span in spans:
            self._join(last, span.first)
            first |= span.first if optional else 0
            last = span.last | (last if span.optional else 0)
            optional = optional and span.optional
        return _Span(optional, first, last)

    def _join(self, before: int, after: int) -> None:
        for position in bits(before):
            self.follow[position] |= after


def bits(mask: int) -> Iterator[int]:
    """The indices of the bits set in `mask`, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _union(masks: Iterator[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
