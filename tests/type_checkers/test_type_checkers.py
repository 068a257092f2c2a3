import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent / "typing_sample.py"
REPOSITORY = Path(__file__).parents[2]


def mypy():
    """The lines of the sample in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "-O", "json"]
    done = subprocess.run(
        [*command, str(SAMPLE)], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["line"] for each in found if each["severity"] == "error"}, done


def pyright():
    """As `mypy`."""
    program = shutil.which("pyright", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("pyright, which is no dependency, is not installed beside this python")
    done = subprocess.run(
        [program, "--outputjson", "--pythonpath", sys.executable, str(SAMPLE)],
        capture_output=True,
        text=True,
        cwd=SAMPLE.parent,
        check=False,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    wrong = [each for each in found if each["severity"] == "error"]
    return {each["range"]["start"]["line"] + 1 for each in wrong}, done


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_type_checkers_refuse_what_is_wrong_and_nothing_else(checker):
    lines = SAMPLE.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    found, done = checker()
    assert found == wrong, done.stdout + done.stderr
