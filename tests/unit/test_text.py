import pytest

from lightjobs.text import escaped, escaped_lines, shortened


@pytest.mark.parametrize("text", ["", "plain", "with space", "é 漢字 🙂", "quotes \"'\\"])
def test_printable_text_stays_as_it_is(text):
    assert escaped(text) == escaped_lines(text) == shortened(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r", "a\\nb\\r"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("\u202eevil", "\\u202eevil"),
        ("\u200b\ufeff", "\\u200b\\ufeff"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0001", "\\U000e0001"),
        ("\u2028", "\\u2028"),
    ],
)
def test_what_could_act_on_a_terminal_is_shown_as_an_escape(text, shown):
    assert escaped(text) == shown
    assert escaped(text).isprintable()


def test_line_ends_are_kept_and_tabs_become_spaces():
    assert escaped_lines("a\n\tb\x1b\r\n") == "a\n    b\\x1b\\r\n"


def test_long_text_is_cut_with_a_mark():
    assert shortened("x" * 60) == "x" * 60
    assert shortened("x" * 61) == "x" * 59 + "…"
    assert shortened("\x00" * 60, 10) == "\\x00\\x00\\…"
