"""The page that people search for a message has the messages of the code."""

import pytest

from tests.support.documents import ROOT, page

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("lightjobs/**/*.py"))


@pytest.mark.parametrize(
    "message",
    [
        "JOB_ENGINE is not set",
        "no Job class is registered for the handler",
        "timed out after",
        "worker lost",
        "StoreInDoubt",
    ],
)
def test_a_message_is_one_of_the_code(message):
    assert message in page("docs/how-to/troubleshooting.md").prose
    assert message in SOURCE
