"""Cuts a text into tokens: the longest match wins, and among equally long ones the first rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .pattern import Positions, bits, parse


class _State(dict[str, "_State | None"]):
    """A state of the scan. Maps the next character to the next state, or None if no rule goes on.

    Transitions are computed when first needed, and kept. Only characters of the grammar are kept,
    so that their number is limited: a text of odd characters must not fill the memory.
    """

    __slots__ = ("_automaton", "_positions", "rule")

    def __init__(self, automaton: _Automaton, positions: int, rule: str | None) -> None:
        super().__init__()
        self._automaton = automaton
        self._positions = positions
        self.rule = rule

    def __missing__(self, char: str) -> _State | None:
        if char not in self._automaton.positions.taking:
            return None
        state = self[char] = self._automaton.step(self._positions, char)
        return state


class _Automaton:
    """The states that can be reached from the start of the rules, built when needed."""

    def __init__(self, positions: Positions, names: Sequence[str]) -> None:
        self.positions = positions
        self._names = names
        self._states: dict[tuple[int, int | None], _State] = {}
        self.start = _State(self, positions.first, None)

    def step(self, from_positions: int, char: str) -> _State | None:
        """The state after `char`, or None if no rule goes on."""
        taken = from_positions & self.positions.taking[char]
        if not taken:
            return None
        after = 0
        rule: int | None = None
        for position in bits(taken):
            after |= self.positions.follow[position]
            end = self.positions.ends.get(position)
            if end is not None and (rule is None or end < rule):
                rule = end
        key = (after, rule)
        state = self._states.get(key)
        if state is None:
            state = self._states.setdefault(
                key, _State(self, after, None if rule is None else self._names[rule])
            )
        return state


class Lexer:
    """Cuts texts into tokens by an ordered list of `(name, pattern)` rules."""

    def __init__(self, rules: Sequence[tuple[str, str]], definitions: Mapping[str, str]) -> None:
        patterns = [parse(pattern, definitions) for _, pattern in rules]
        names = [name for name, _ in rules]
        self._start = _Automaton(Positions(patterns), names).start

    def longest(self, text: str, start: int) -> tuple[str | None, int]:
        """The name of the rule for the token at `start`, None if no rule matches, and the index
        where the token ends."""
        state, rule, end = self._start, None, start
        for at in range(start, len(text)):
            following = state[text[at]]
            if following is None:
                break
            state = following
            if state.rule is not None:
                rule, end = state.rule, at + 1
        return rule, end
