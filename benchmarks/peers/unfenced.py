"""The same engine without fences and leases: a copy of the package whose scripts lack them.

Cut from a claim: asking whether the worker is registered, writing fence and worker into the job,
noting the job among what the worker holds and in the count of held jobs. Cut from a settlement of
done jobs: reading the job, comparing fence, worker and status, and taking it off that list and
count; it is deleted unseen.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .catalogue import ROOT

_CUTS = {
    "claim.lua": (
        (r"if not registered\(worker\) then return '' end\n", ""),
        (r",\n *'fence', fence, 'worker', worker\}", "}"),
        (r" *hold\(.*\)\n", ""),
    ),
    "settle.lua": (
        (r"local known = registered\(worker\)\n", "local known = true\n"),
        (
            r"(  local kind, id, fence, a, b = unpack\(outcome\)\n)",
            r"\1  if kind == 'done' then\n"
            r"    redis.call('DEL', job_key(id))\n    accepted[index] = 1\n  else\n",
        ),
        (r"(  accepted\[index\] = answer\n)", r"\1  end\n"),
    ),
}
"""For each script what is replaced by what; each pattern occurs once."""


def copy(folder: Path) -> Path:
    """Make the copy in `folder`, to be a worker's current directory; returns `folder`."""
    for package in ("lightjobs", "benchmarks"):
        shutil.copytree(ROOT / package, folder / package)
    for name, cuts in _CUTS.items():
        path = folder / "lightjobs/engines/redis/scripts" / name
        text = path.read_text()
        for pattern, replacement in cuts:
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise SystemExit(f"{name} has changed: {pattern!r} occurs {count} times")
        path.write_text(text)
    return folder
