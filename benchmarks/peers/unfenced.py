"""The same engine without fences and leases: a copy of the package whose scripts lack them.

Cut from a claim: asking whether the worker is registered, writing fence and worker into the job,
noting the job among what the worker holds and in the count of held jobs. Cut from a settlement of
done jobs: asking what the worker holds, comparing fences, and taking the jobs off that list and
count; they are deleted unseen.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .catalogue import ROOT

_DELETE_UNSEEN = r"""  local keys, deleted = {}, {}
  for position = first, last do
    keys[#keys + 1] = job_key(ARGV[position])
    deleted[ARGV[position]] = true
  end
  redis.call('DEL', unpack(keys))
"""
_CUTS = {
    "claim.lua": (
        (r"if not registered\(worker\) then return false end\n", ""),
        (r",\n *'fence', texts\[fence\], 'worker', worker\)", ")"),
        (r" *redis.call\('HSET', held_key\(worker\), unpack\(held\)\)\n", ""),
        (r" *count_queued\(queue, #held / 2\)\n", ""),
    ),
    "settle.lua": (
        (r"local known = registered\(worker\)\n", "local known = true\n"),
        (r"(?s)  -- The queue in an entry .*?(?=  return deleted\n)", _DELETE_UNSEEN),
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
