"""Every module of the package has an address."""

import json
import subprocess
import sys

SCRIPT = """
import importlib, json, pkgutil
import lightjobs

seen, shadowed = [], []
for info in pkgutil.walk_packages(lightjobs.__path__, "lightjobs."):
    if info.name.endswith("__main__"):
        continue
    seen.append(info.name)
    module = importlib.import_module(info.name)
    found = lightjobs
    for part in info.name.split(".")[1:]:
        found = getattr(found, part)
    if found is not module:
        shadowed.append(info.name)
print(json.dumps([seen, shadowed]))
"""


def test_no_module_is_hidden_behind_a_name_that_its_package_exports():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen, shadowed = json.loads(done.stdout)
    assert {"lightjobs.job_class", "lightjobs.engines.redis.lua"} <= set(seen)
    assert shadowed == []
