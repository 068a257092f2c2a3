"""The code that README shows, so that it is run as it stands there."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def code(heading):
    """The Python blocks below the heading, up to the next one of its level or above, in order."""
    text = README.read_text(encoding="utf-8")
    level = re.escape(heading.partition(" ")[0])
    section = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.M | re.S
    )
    assert section, f"README has no {heading!r}"
    found = re.findall(r"^```python\n(.*?)^```", section[1], re.M | re.S)
    assert found, f"there is no code below {heading!r}"
    return found
