"""The virtual environment of LocalStack, installed once for each set of pinned versions."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .failure import Failure
from .paths import PLUGINS, ROOT, cache

CONSTRAINTS = PLUGINS / "constraints.txt"
REQUIREMENTS = ROOT / ".ci/requirements.txt"
UV = "0.13.9"
# LocalStack 4.13.1 annotates a parameter with `Lock | None`, where `Lock` is a function before Python 3.13: importing it fails.
BUG_FIX = ("install_lock: Lock | None = None", 'install_lock: "Lock | None" = None')


def install(log: Path) -> Path:
    """Installs LocalStack unless it is installed. Returns the environment's folder."""
    packages = ["--constraint", CONSTRAINTS, "--compile-bytecode", "localstack-core[runtime]", "pytest", "setuptools"]
    return _install(cache() / f"localstack-{_key(CONSTRAINTS)}", packages, log, finish=_fix_bug)


def install_clients(log: Path) -> Path:
    """Installs the packages with which CI tests, for tests by other clients than LocalStack's. Returns the environment's folder."""
    return install_requirements("clients", REQUIREMENTS, log)


def install_requirements(name: str, requirements: Path, log: Path) -> Path:
    """Installs the packages of a file into an environment with this name. Returns the environment's folder."""
    return _install(cache() / f"{name}-{_key(requirements)}", ["--requirement", requirements], log)


def install_boto3(log: Path) -> Path:
    """Installs boto3 alone, for a run without LocalStack. Returns the Python interpreter."""
    [pin] = [line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("boto3==")]
    folder = cache() / f"{pin.replace('==', '-')}-python{sys.version_info.major}.{sys.version_info.minor}"
    return _install(folder, ["--constraint", CONSTRAINTS, pin], log) / "bin/python"


def _key(pins: Path) -> str:
    return hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]


def _install(folder: Path, packages: list[str | Path], log: Path, finish: Callable[[Path], None] = lambda _: None) -> Path:
    """Installs the packages into a folder unless they are installed. Returns the folder."""
    cache().mkdir(parents=True, exist_ok=True)
    # Two runs at the same time must not install it twice.
    with (cache() / "localstack.lock").open("w") as lock, log.open("ab") as output:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = _install_uv(output)
            _run([uv, "venv", "--quiet", "--python", sys.executable, folder], output)
            _run([uv, "pip", "install", "--quiet", "--python", folder / "bin/python", *packages], output)
            finish(folder)
            (folder / ".complete").touch()
    return folder


def install_plugins(environment: Path, target: Path, log: Path) -> None:
    """Installs the plugins into a folder of this run."""
    # From a copy, because setuptools writes files beside the sources.
    with log.open("ab") as output, TemporaryDirectory() as folder:
        source = shutil.copytree(PLUGINS, Path(folder) / "source")
        _run([_install_uv(output), "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
              "--python", environment / "bin/python", "--target", target, source], output)  # fmt: skip


def _install_uv(output) -> Path:
    folder = cache() / f"uv-{UV}"
    if not (folder / "bin/uv").exists():
        # With --target it needs neither a virtual environment nor ensurepip, which Debian does not install.
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--target", folder, f"uv=={UV}"], output)  # fmt: skip
    return folder / "bin/uv"


def _fix_bug(folder: Path) -> None:
    [path] = folder.glob("lib/python*/site-packages/localstack/packages/api.py")
    text = path.read_text()
    if text.count(BUG_FIX[0]) != 1:
        raise Failure(f"{path} has another text than expected: has LocalStack's version changed?")
    path.write_text(text.replace(*BUG_FIX))


def _run(command, output) -> None:
    if subprocess.run(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL).returncode:
        raise Failure(f"failed: {' '.join(map(str, command))}\nSee {output.name}")
