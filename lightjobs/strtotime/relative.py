"""Readers of tokens that shift the moment."""

from __future__ import annotations

from .draft import Draft, MonthEdge, Shift, Special, WeekdayRule, Zone
from .token import Token
from .words import FIELDS, WEEKDAYS, WORKDAYS


def now(draft: Draft, token: Token) -> None:
    """`now` changes nothing."""


def yesterday(draft: Draft, token: Token) -> None:
    """`yesterday`. Replaces the days to shift by that the text has set before."""
    draft.forget_time()
    draft.shift.days = -1


def tomorrow(draft: Draft, token: Token) -> None:
    """`tomorrow`. Replaces the days to shift by that the text has set before."""
    draft.forget_time()
    draft.shift.days = 1


def timestamp(draft: Draft, token: Token) -> None:
    """`@1700000000`: that many seconds from the epoch, in UTC."""
    if _begin_epoch(draft):
        draft.shift.seconds += token.signed_number()


def timestamp_fraction(draft: Draft, token: Token) -> None:
    """`@1700000000.5`. `@1.` has no fraction and is rejected."""
    if _begin_epoch(draft):
        negative = token.text[1] == "-"
        draft.shift.seconds += token.signed_number()
        # The length includes the point before at most six digits.
        start = token.at
        fraction = token.signed_number() * 10 ** (7 - (token.at - start))
        draft.shift.microseconds = -fraction if negative else fraction


def _begin_epoch(draft: Draft) -> bool:
    draft.has_date = False
    draft.year = draft.month = draft.day = 0
    draft.forget_time()
    if not draft.begin_zone():
        # PHP stops here with the date set to zeros: the year 0, which is out of range for us.
        return False
    draft.year, draft.month, draft.day = 1970, 1, 1
    draft.zone = Zone(daylight=False)
    return True


def edge_of_month(draft: Draft, token: Token) -> None:
    """`first day of`, `last day of`. Keeps the time of day."""
    last = token.peek() in ("l", "L")
    draft.shift.edge = MonthEdge.LAST_DAY if last else MonthEdge.FIRST_DAY


def weekday_of_month(draft: Draft, token: Token) -> None:
    """`second friday of`, `last monday of`."""
    word, amount = token.amount()
    shift = draft.shift
    shift.special = Special.NTH_WEEKDAY_OF_MONTH if amount > 0 else Special.LAST_WEEKDAY_OF_MONTH
    token.skip_spaces()
    number = WEEKDAYS[token.word()]
    _set_weekday(shift, number, amount, today_counts=amount > 0 or word == "this")
    draft.forget_time()


def weekday(draft: Draft, token: Token) -> None:
    """`monday`. Also `weekday`, where PHP takes an internal flag for the number, and so Monday."""
    shift = draft.shift
    draft.forget_time()
    shift.has_weekday = True
    shift.weekday = WEEKDAYS.get(token.last_word(), 1)
    if shift.weekday_rule is not WeekdayRule.IN_THIS_WEEK:
        shift.weekday_rule = WeekdayRule.FROM_TODAY


def relative_number(draft: Draft, token: Token) -> None:
    """`+2 weeks`, `- 3 days`, `5 weekdays`. Keeps the time of day."""
    amount = token.signed_number()
    _add(draft, token, amount, today_counts=True, keep_time=True)


def relative_word(draft: Draft, token: Token) -> None:
    """`next month`, `third friday`, `last year`."""
    word, amount = token.amount()
    _add(draft, token, amount, today_counts=word == "this", keep_time=False)


def relative_week(draft: Draft, token: Token) -> None:
    """`next week`. With a weekday it means that day of the week; without one PHP takes Monday."""
    relative_word(draft, token)
    shift = draft.shift
    shift.weekday_rule = WeekdayRule.IN_THIS_WEEK
    if not shift.has_weekday:
        shift.has_weekday = True
        shift.weekday = 1


def ago(draft: Draft, token: Token) -> None:
    """`ago` reverses everything that the text has shifted by so far."""
    draft.shift.reverse()


def _add(draft: Draft, token: Token, amount: int, *, today_counts: bool, keep_time: bool) -> None:
    shift, unit = draft.shift, token.last_word()
    if unit in FIELDS:
        field, factor = FIELDS[unit]
        setattr(shift, field, getattr(shift, field) + amount * factor)
        return
    if unit in WORKDAYS:
        shift.special = Special.WORKDAYS
        shift.workdays = amount
    else:
        _set_weekday(shift, WEEKDAYS[unit], amount, today_counts=today_counts)
    if not keep_time:
        draft.forget_time()


def _set_weekday(shift: Shift, weekday: int, amount: int, *, today_counts: bool) -> None:
    shift.has_weekday = True
    # The search for the day itself makes the first of several steps forward.
    shift.days += 7 * (amount - 1 if amount > 0 else amount)
    shift.weekday = weekday
    shift.weekday_rule = WeekdayRule.FROM_TODAY if today_counts else WeekdayRule.AFTER_TODAY
