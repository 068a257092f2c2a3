import pytest

from lightjobs.web.listing.kinds import LONGEST, kind_of, varies

UUID = "550e8400-e29b-41d4-a716-446655440000"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Order 4711 not found", "Order * not found"),
        ("Order 4711: not found", "Order *"),
        ("order-4711 gone\nmore 12", "order-* gone"),
        ("Order ORD4711 is late", "Order * is late"),
        ("customer_12 gone", "customer_* gone"),
        (f"user {UUID} unknown", "user * unknown"),
        (f"user {UUID.upper()} unknown", "user * unknown"),
        ("user a1b2c3d4e5f60718 missing", "user * missing"),
        ("at 0xBEEF and 0x12", "at * and *"),
        ("late since 2026-11-29 10", "late since * *"),
        ("took 12ms instead of 1.5 s", "took *ms instead of * s"),
        (UUID, "*"),
        ("deadbeef01", "*"),
        ("4711", "*"),
    ],
)
def test_numbers_and_ids_in_a_text_make_no_difference(text, kind):
    assert kind_of(text) == kind
    assert varies(kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("TimeoutError: late by 12 s\nTraceback", "TimeoutError"),
        ("botocore.errors.S3Error404: x", "botocore.errors.S3Error404"),
        ("App\\Jobs\\Http2Error: 12", "App\\Jobs\\Http2Error"),
        ("HTTP2 and utf8 are words", "HTTP2 and utf8 are words"),
        ("a facade is no id", "a facade is no id"),
        ("", ""),
        (None, None),
    ],
)
def test_names_of_classes_and_other_words_are_kept(text, kind):
    assert kind_of(text) == kind


@pytest.mark.parametrize("text", ["x" * 10_000, "x " * 10_000, "1 " * 10_000, "Error" * 1000])
def test_a_kind_is_short(text):
    kind = kind_of(text)
    assert len(kind) <= LONGEST + 1
    assert varies(kind)
