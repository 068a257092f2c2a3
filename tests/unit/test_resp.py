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


# After a first word, because redis-py splits that at its spaces.
@given(st.lists(PLAIN).map(lambda words: ["GET", *words]))
def test_plain_words(words):
    assert packed(*words) == as_redis_py_does(words)


@given(st.lists(WORDS).map(lambda words: ["GET", *words]))
def test_any_words(words):
    assert packed(*words) == as_redis_py_does(words)


def test_the_head_of_a_script_without_arguments():
    assert packed() == b"*0\r\n"
