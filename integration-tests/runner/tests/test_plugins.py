"""The time limit of each test."""

import subprocess
import sys

from runner.plugins import time_limit


def test_a_test_that_hangs_fails(tmp_path):
    (tmp_path / "test_hang.py").write_text("import threading\n\n\ndef test_hang():\n    threading.Event().wait(600)\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *time_limit(0.5), "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "Timeout" in done.stderr and "test_hang" in done.stderr
