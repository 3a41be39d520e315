"""The script that checks a GPU works, as far as the simulator shows it."""

import json
import subprocess
import sys
from pathlib import Path


def test_a_loss_and_all_that_users_rely_on(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    options = "--quick --loss Value --jobs 1 --output".split()
    command = [sys.executable, "-m", "benchmarks.cuda_check", *options, str(output)]
    root = Path(__file__).parents[3]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    found = json.loads(output.read_text())
    assert {(case["loss"], case["dtype"]) for case in found["cases"]} == {
        ("Value()", "float32"),
        ("Value()", "float64"),
    }
    assert all(case["cases"] > 10 and not case["wrong"] for case in found["cases"])
    assert found["behaviour"]
    assert not any(record["failed"] for record in found["behaviour"])
