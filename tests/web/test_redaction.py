import json

import pytest

from lightjobs.web.redaction import HIDDEN, Redaction


def shown(payload, *more):
    return json.loads(Redaction(more).shown(json.dumps(payload)))


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "user_password", "passwd", "client_secret", "accessToken"),
        *("Authorization", "Set-Cookie", "api_key", "apiKey", "X-API-Key", "privateKey"),
        *("private-key", "card_number", "cardnumber", "CVV", "iban"),
    ],
)
def test_keys_that_sound_like_secrets_are_hidden(key):
    assert shown({key: "s3cret", "note": "x"}) == {key: HIDDEN, "note": "x"}


@pytest.mark.parametrize("value", ["text", 7, None, True, [1, [2]], {"a": {"b": [{}]}}, []])
def test_whatever_the_value_of_a_secret_is_all_of_it_is_hidden(value):
    payload = {"a": [{"token": value, "id": 1}, {"token": value}], "b": 2}
    assert shown(payload) == {"a": [{"token": HIDDEN, "id": 1}, {"token": HIDDEN}], "b": 2}


def test_a_project_names_more_keys():
    assert shown({"pin": 1, "Kontonummer": 2, "x": 3}, "^pin$", "konto") == {
        "pin": HIDDEN,
        "Kontonummer": HIDDEN,
        "x": 3,
    }


def test_a_wrong_pattern_is_refused():
    with pytest.raises(ValueError, match="regular expression"):
        Redaction(["("])


def test_an_escaped_key_is_read():
    assert "s3cret" not in Redaction().shown(r'{"p\u0061ssword": "s3cret"}')


def test_json_inside_of_text_is_redacted():
    body = json.dumps({"password": "s3cret", "a": 1})
    assert json.loads(shown({"body": body})["body"]) == {"password": HIDDEN, "a": 1}
    assert shown({"body": '{"password": s3cret'}) == {"body": HIDDEN}


def test_numbers_are_shown_as_they_are_written():
    payload = '{"n":12345678901234567890123,"f":1.10,"e":1E400,"big":' + "9" * 5000 + "}"
    text = Redaction().shown(payload)
    for part in ('"n": 12345678901234567890123', '"f": 1.10', '"e": 1E400', "9" * 5000):
        assert part in text


def test_members_stand_on_lines_of_their_own():
    assert Redaction().shown('{"a":[],"b":{},"c":[1,{"d":"x, y"}]}') == (
        '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    {\n      "d": "x, y"\n    }\n  ]\n}'
    )


def test_deep_nesting_is_shown_without_growing_out_of_hand():
    deep = "[" * 50_000 + '{"password":1}' + "]" * 50_000
    text = Redaction().shown(deep)
    assert HIDDEN in text
    assert len(text) < 10_000_000


@pytest.mark.parametrize("text", ["", "not json", '{"a":', "{'a': 1}", '{"a" "b"}', "a:1:{}"])
def test_a_text_that_is_not_json_is_shown_as_it_is(text):
    assert Redaction().shown(text) == text


@pytest.mark.parametrize("text", ["password=s3cret", '{"password" "s3cret"}', "{'token': 's'}"])
def test_a_text_that_is_not_json_is_hidden_if_it_mentions_a_secret(text):
    assert Redaction().shown(text) == HIDDEN
