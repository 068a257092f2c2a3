import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent / "typing_sample.py"
REPOSITORY = Path(__file__).parents[2]


def mypy(_folder):
    """The lines of the sample in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "-O", "json"]
    done = subprocess.run(
        [*command, str(SAMPLE)], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["line"] for each in found if each["severity"] == "error"}, done


def pyright(folder):
    """As `mypy`. basedpyright is pyright with what it runs on, so that nothing is fetched later; in
    mode "standard" it finds what pyright does."""
    config = {"typeCheckingMode": "standard", "include": [str(SAMPLE)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "--project", str(folder)], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    wrong = [each for each in found if each["severity"] == "error"]
    return {each["range"]["start"]["line"] + 1 for each in wrong}, done


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_type_checkers_refuse_what_is_wrong_and_nothing_else(checker, tmp_path):
    lines = SAMPLE.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    found, done = checker(tmp_path)
    assert found == wrong, done.stdout + done.stderr
