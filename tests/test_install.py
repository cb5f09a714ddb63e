from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
# ensurepip takes seconds; where there is a pip, it serves instead, as it does on a Debian without python3-venv.
SLOW = ("ensurepip",) if importlib.util.find_spec("pip") else ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose locks name no package, so that nothing is downloaded."""
    folder = tmp_path / "requirements"
    folder.mkdir()
    shutil.copy(REPOSITORY / "requirements/install.py", folder)
    for lock in ("runtime", "dev", "rehearse"):
        (folder / f"{lock}.lock").write_text(f"# {lock}\n", encoding="utf-8")
    return tmp_path


def install(project: Path, lock: str = "runtime", *, without: tuple[str, ...] = SLOW) -> tuple[int, str, bool]:
    """Run the installer; return status, errors, and whether it did anything. `without`: modules this Python lacks."""
    hidden = project / "hidden"
    hidden.mkdir(exist_ok=True)
    for module in without:
        (hidden / f"{module}.py").write_text("raise ImportError\n", encoding="utf-8")
    command = [sys.executable, str(project / "requirements/install.py"), lock]
    environment = os.environ | {"PYTHONPATH": str(hidden)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stderr, "setting up" in done.stdout


def works(project: Path) -> bool:
    return subprocess.run([project / ".venv/bin/python", "-c", ""], check=False).returncode == 0


def test_the_environment_is_made_once_and_again_when_the_lock_changes(project: Path) -> None:
    assert install(project) == (0, "", True)
    assert works(project)
    assert install(project) == (0, "", False)

    leftover = project / ".venv/leftover"
    leftover.touch()
    (project / "requirements/runtime.lock").write_text("# other\n", encoding="utf-8")

    assert install(project) == (0, "", True)
    assert not leftover.exists()


def test_the_larger_lock_is_added_to_the_smaller_and_serves_for_it(project: Path) -> None:
    install(project)
    kept = project / ".venv/kept"
    kept.touch()

    assert install(project, "dev") == (0, "", True)
    assert kept.exists()
    assert install(project, "runtime") == (0, "", False)


def test_an_interrupted_set_up_is_repaired(project: Path) -> None:
    install(project)
    (project / ".venv/.installed").unlink()
    (project / ".venv/bin/python").unlink()

    assert install(project) == (0, "", True)
    assert works(project)


def test_a_failing_set_up_is_not_taken_for_a_finished_one(project: Path) -> None:
    (project / "requirements/runtime.lock").write_text("no-such-package-anywhere/\n", encoding="utf-8")

    status, errors, _ = install(project)

    assert status == 1
    assert "no-such-package-anywhere" in errors
    assert install(project)[2] is True


def test_without_any_pip_the_message_names_the_debian_package(project: Path) -> None:
    status, errors, _ = install(project, without=("ensurepip", "pip"))

    assert status == 1
    assert "apt install python3-venv" in errors


def test_bad_usage(project: Path) -> None:
    assert install(project, "everything")[0] == 2


def test_each_lock_pins_every_package_exactly_and_contains_the_one_before() -> None:
    runtime, dev, rehearse = (
        (REPOSITORY / f"requirements/{lock}.lock").read_text(encoding="utf-8").splitlines()
        for lock in ("runtime", "dev", "rehearse")
    )

    assert all(len(line.split("==")) == 2 and not line.startswith("-") for line in rehearse)
    assert set(runtime) < set(dev) < set(rehearse)
