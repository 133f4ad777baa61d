"""A short run of the fuzzer; ``python tests/fuzz/run.py`` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_damaged_inputs_are_read_or_refused_by_one_message() -> None:
    """No traceback, no hang, no more than 500 MB: see the script, which ends with what went wrong."""
    script = Path(__file__).with_name("run.py")
    command = [sys.executable, str(script), "--inputs", "2000", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "2000 inputs" in done.stdout
