"""The sample service is one that the pipelines can build and run as the task definitions say."""

import subprocess
import sys

from tests.buildspecs.servers import SAMPLE

DOCKERFILE = (SAMPLE / "Dockerfile").read_text().splitlines()


def last_stage() -> list[str]:
    starts = [number for number, line in enumerate(DOCKERFILE) if line.startswith("FROM ")]
    return DOCKERFILE[starts[-1] :]


def test_own_tests_pass_as_in_the_image_build() -> None:
    command = [sys.executable, "-B", "-W", "error", "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    done = subprocess.run(command, cwd=SAMPLE, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ran 0 tests" not in done.stderr


def test_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    (user,) = (line.split()[1] for line in last_stage() if line.startswith("USER "))
    assert user == "10001:10001"


def test_release_arguments_come_after_what_can_be_cached() -> None:
    stage = last_stage()
    arguments = [number for number, line in enumerate(stage) if line.startswith("ARG ")]
    copies = [number for number, line in enumerate(stage) if line.startswith(("COPY ", "RUN "))]
    assert [stage[number] for number in arguments] == ["ARG VERSION=unknown", "ARG COMMIT=unknown"]
    assert max(copies) < min(arguments)


def test_image_has_the_files_that_it_runs() -> None:
    copied = next(line.split()[1:-1] for line in DOCKERFILE if line.startswith("COPY ") and "app.py" in line)
    for file in (*copied, "tests"):
        assert (SAMPLE / file).exists()
        assert f"!{file}" in (SAMPLE / ".dockerignore").read_text().splitlines()
