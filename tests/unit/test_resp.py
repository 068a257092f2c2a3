"""Commands are packed as redis-py packs them."""

import redis
from hypothesis import given
from hypothesis import strategies as st

from lightjobs.engines.redis.resp import packed

PLAIN = st.text(st.characters(max_codepoint=127))
WORDS = st.one_of(
    PLAIN,
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.integers(),
    st.floats(allow_nan=False),
)


def as_redis_py_does(words):
    return b"".join(redis.Connection().pack_command(*words))


# Behind a first word, which redis-py takes apart at its spaces.
@given(st.lists(PLAIN).map(lambda words: ["GET", *words]))
def test_plain_words(words):
    assert packed(*words) == as_redis_py_does(words)


@given(st.lists(WORDS).map(lambda words: ["GET", *words]))
def test_any_words(words):
    assert packed(*words) == as_redis_py_does(words)


def test_no_words_behind_a_scripts_head():
    assert packed() == b"*0\r\n"
