""".ci/run with steps made for this test: each step ends within its limit, and a step that hangs fails with its name."""

import os
import re
import signal
import subprocess
import time

import pytest
from repository import ROOT

SCRIPT = (ROOT / ".ci/run").read_text()
STEPS = """
LIMITS=(passes:20 fails:20 explains:20 hangs:1 starts_a_server:1 leaves_a_server:20)
passes() { echo "it passed"; }
fails() { false; echo "not reached"; }
explains() { seq 1 100; echo "the cause" >&2; false; }
hangs() { sleep 60; }
leaves_a_server() { sleep 60 & echo $! >server; echo "it passed"; }
starts_a_server() (
    sleep 61 &
    echo $! >server
    # Without `wait` the server may be there for a moment more, until process 1 takes its end.
    trap 'kill $!; wait $! || true; touch ended' EXIT
    trap 'exit 130' INT TERM
    wait
)
"""


@pytest.fixture
def command(tmp_path):
    """Starts the script with these steps instead of its own."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "Cargo.lock").touch()
    script = tmp_path / ".ci/run"
    script.write_text(re.sub(r"^LIMITS=\(.*?^\)\n", lambda _: STEPS, SCRIPT, flags=re.DOTALL | re.MULTILINE))
    script.chmod(0o755)

    def start(*arguments, total=None):
        if total is not None:
            script.write_text(script.read_text().replace("TOTAL_LIMIT=4200", f"TOTAL_LIMIT={total}"))
        return subprocess.Popen([script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    return start


def finished(process):
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def test_a_step_that_passes(command):
    status, output = finished(command("passes"))
    assert status == 0
    assert "it passed" in output and re.search(r"passes +ok", output)


def test_a_step_fails_at_its_first_failed_command_and_the_next_one_runs(command):
    status, output = finished(command("fails", "passes"))
    assert status == 1
    assert "not reached" not in output and "it passed" in output
    assert output.endswith("failed: fails\n")


def test_the_end_of_a_failed_step_is_printed_again_after_all_steps(command):
    status, output = finished(command("explains", "passes"))
    assert status == 1
    whole, end = output.split("--- the end of explains\n")
    assert "it passed" in whole and whole.count("the cause\n") == 1
    assert end == "\n".join(map(str, range(62, 101))) + "\nthe cause\n\nfailed: explains\n"


def test_a_step_that_hangs_fails_with_its_name(command):
    started = time.monotonic()
    status, output = finished(command("hangs", "passes"))
    assert status == 1
    assert time.monotonic() - started < 30
    assert "hangs hangs, or is too slow: it was ended after 1 s." in output
    assert re.search(r"hangs +FAILED", output) and re.search(r"passes +ok", output)


def test_a_step_that_hangs_ends_what_it_started(command, tmp_path):
    finished(command("starts_a_server"))
    assert (tmp_path / "ended").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "server").read_text()), 0)


def test_all_steps_together_have_a_limit(command):
    status, output = finished(command("passes", total=0))
    assert status == 1
    assert "it passed" not in output and output.endswith("failed: passes\n")


def test_an_interrupt_ends_the_step(command, tmp_path):
    process = command("starts_a_server", "passes")
    while not (tmp_path / "server").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    status, output = finished(process)
    assert status == 130
    assert (tmp_path / "ended").exists() and "it passed" not in output


def test_a_step_ends_although_it_left_a_process_that_could_still_print(command, tmp_path):
    started = time.monotonic()
    status, output = finished(command("leaves_a_server"))
    os.kill(int((tmp_path / "server").read_text()), signal.SIGKILL)
    assert status == 0 and "it passed" in output
    assert time.monotonic() - started < 30


def test_an_unknown_step_is_refused(command):
    status, output = finished(command("passes", "absent"))
    assert status == 2
    assert output.startswith("no such step: absent")


def test_each_step_has_a_function_and_a_limit():
    limits = dict(line.split() for line in subprocess.check_output([ROOT / ".ci/run", "--limits"], text=True).splitlines())
    assert list(limits) == subprocess.check_output([ROOT / ".ci/run", "--list"], text=True).split()
    for step, seconds in limits.items():
        assert re.search(rf"^{step}\(\) [{{(]$", SCRIPT, re.MULTILINE), step
        assert 0 < int(seconds) <= 1800, step
