"""Breaks the services on purpose, one way at a time. Fails unless the simulation notices each, or the unit tests that the mutation names
(simulation/mutations.toml).

    .ci/mutations.py [WORD]     all mutations, or those with WORD in their name
    .ci/mutations.py --sample   a third of them: another third for most versions of the code. Each text is looked for all the same.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

from crates import ROOT, folders

BROKEN = "rules are broken:"


def copy_sources(scratch: pathlib.Path) -> None:
    """Copies the crates that the simulation and order-api need into a workspace of their own."""
    crates = folders("simulation", "order-api")
    for crate in crates:
        shutil.rmtree(scratch / crate, ignore_errors=True)
        # `copyfile` sets the time of each file to now. With its old time Cargo would take a file for the one that it built, which may be a
        # mutation of the last run.
        shutil.copytree(ROOT / crate, scratch / crate, ignore=shutil.ignore_patterns("target"), copy_function=shutil.copyfile)
    shutil.copytree(ROOT / "events", scratch / "events", dirs_exist_ok=True)
    (scratch / "docs").mkdir(exist_ok=True)
    for file in ["Cargo.lock", "template.yaml", "docs/openapi.yaml"]:
        shutil.copy(ROOT / file, scratch / file)
    manifest = (ROOT / "Cargo.toml").read_text()
    quoted = ", ".join(f'"{crate}"' for crate in crates)
    for key, value in {"members": quoted, "default-members": '"simulation"'}.items():
        manifest, found = re.subn(rf"^{key} = \[[^\]]*\]", f"{key} = [{value}]", manifest, flags=re.MULTILINE)
        assert found == 1, f"Cargo.toml has {key} {found} times"
    (scratch / "Cargo.toml").write_text(manifest)


# The tests that play plans. Most mutations break a rule in the first few plans, so that few wait for the longer tests.
STEPS = [("schedules", {"SIMULATION_CASES": "40"}), ("scenarios", {}), ("schedules", {"SIMULATION_CASES": "300"})]


def cargo(scratch: pathlib.Path, package: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables | {
        "CARGO_TARGET_DIR": str(scratch / "target"),
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_TERM_COLOR": "never",
        # The first plan that fails is enough.
        "PROPTEST_MAX_SHRINK_ITERS": "0",
        "RUST_BACKTRACE": "0",
    }
    command = ["cargo", "test", "--quiet", "-p", package, *arguments]
    return subprocess.run(command, cwd=scratch, env=environment, text=True, capture_output=True, check=False)


def simulate(scratch: pathlib.Path) -> tuple[bool | None, str]:
    """Whether the simulation noticed something, and the rule that is broken. None if it cannot be built or run."""
    tests = sorted({test for test, _ in STEPS})
    built = cargo(scratch, "simulation", "--no-run", *(f"--test={test}" for test in tests))
    if built.returncode != 0:
        return None, built.stderr
    for test, variables in STEPS:
        run = cargo(scratch, "simulation", f"--test={test}", **variables)
        output = run.stdout + run.stderr
        if run.returncode == 0:
            continue
        if BROKEN not in output:
            return None, output
        return True, output.split(BROKEN, 1)[1].strip().splitlines()[0].strip()
    return False, ""


def run_tests(scratch: pathlib.Path, test: str) -> tuple[bool | None, str]:
    """Whether a unit test fails, and its name. None if the tests cannot be built, or if there are none. `test` is "PACKAGE FILTER"."""
    package, word = test.split()
    run = cargo(scratch, package, "--no-default-features", "--lib", word)
    output = run.stdout + run.stderr
    if not re.search(r"^running [1-9]", output, flags=re.MULTILINE):
        return None, output
    failed = re.search(r"^failures:\n    (\S+)$", output, flags=re.MULTILINE)
    if failed:
        return True, failed.group(1)
    return (False, "") if run.returncode == 0 else (None, output)


def judge(scratch: pathlib.Path, test: str | None) -> tuple[bool | None, str]:
    """Whether the tests of a mutation, or the simulation, notice something."""
    return run_tests(scratch, test) if test else simulate(scratch)


def read() -> list[dict[str, str]]:
    """All mutations."""
    return tomllib.loads((ROOT / "simulation/mutations.toml").read_text())["mutation"]


def sample(mutations: list[dict[str, str]]) -> list[dict[str, str]]:
    """Every third mutation. The content of their files decides where it begins."""
    contents = (ROOT / file for file in sorted({mutation["file"] for mutation in mutations}))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in contents)).digest()
    return mutations[digest[0] % 3 :: 3]


def misplaced(mutations: list[dict[str, str]]) -> list[str]:
    """The mutations whose text does not stand in its file exactly once."""
    return [
        f"{mutation['name']}: its text is {count} times in {mutation['file']}, and has to be there once"
        for mutation in mutations
        if (count := (ROOT / mutation["file"]).read_text().count(mutation["find"])) != 1
    ]


def main() -> int:
    arguments = sys.argv[1:]
    is_sample = arguments == ["--sample"]
    word = "" if is_sample or not arguments else arguments[0]
    mutations = [mutation for mutation in read() if word in mutation["name"]]
    if wrong := misplaced(mutations):
        print("\n".join(wrong))
        return 1
    if is_sample:
        mutations = sample(mutations)
    cache = os.environ.get("ORDERS_CI_CACHE")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(cache or temporary) / "mutations"
        scratch.mkdir(parents=True, exist_ok=True)
        copy_sources(scratch)
        for test in {mutation.get("test"): None for mutation in mutations}:
            noticed, rule = judge(scratch, test)
            if noticed is not False:
                print(f"{test or 'the simulation'} fails without any mutation: {rule}")
                return 1
        failures = 0
        for mutation in mutations:
            started = time.monotonic()
            file = scratch / mutation["file"]
            original = file.read_text()
            file.write_text(original.replace(mutation["find"], mutation["replace"]))
            noticed, rule = judge(scratch, mutation.get("test"))
            file.write_text(original)
            if noticed:
                verdict = f"noticed: {rule}"
            elif noticed is None:
                verdict = f"FAILED: it cannot be built or run\n{rule}"
                failures += 1
            else:
                verdict = f"FAILED: not noticed, although it breaks {mutation['breaks']}"
                failures += 1
            print(f"{time.monotonic() - started:5.1f} s  {mutation['name']}\n         {verdict}", flush=True)
    print(f"{len(mutations) - failures} of {len(mutations)} mutations noticed")
    return 1 if failures or not mutations else 0


if __name__ == "__main__":
    sys.exit(main())
