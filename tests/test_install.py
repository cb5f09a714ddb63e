from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from requirements.install import LAYERS, LOCKS, lock_command

REPOSITORY = Path(__file__).parents[1]
# ensurepip takes seconds; where there is a pip, it serves instead, as it does on a Debian without python3-venv.
SLOW = ("ensurepip",) if importlib.util.find_spec("pip") else ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose locks name no package, so that nothing is downloaded."""
    folder = tmp_path / "requirements"
    folder.mkdir()
    shutil.copy(REPOSITORY / "requirements/install.py", folder)
    for lock in LOCKS:
        (folder / f"{lock}.lock").write_text(f"# {lock}\n", encoding="utf-8")
    return tmp_path


def install(
    project: Path, lock: str = "runtime", *, without: tuple[str, ...] = SLOW, variables: Mapping[str, str] | None = None
) -> tuple[int, str, bool]:
    """Run the installer; return status, errors, and whether it did anything. `without`: modules this Python lacks."""
    hidden = project / "hidden"
    hidden.mkdir(exist_ok=True)
    for module in without:
        (hidden / f"{module}.py").write_text("raise ImportError\n", encoding="utf-8")
    command = [sys.executable, str(project / "requirements/install.py"), lock]
    environment = os.environ | {"PYTHONPATH": str(hidden), **(variables or {})}
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


def wheel(folder: Path) -> str:
    """The smallest package that pip takes, `demo` 1.0; returns the SHA-256 of its file."""
    file = folder / "demo-1.0-py3-none-any.whl"
    files = {
        "demo.py": "",
        "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "demo-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_only_a_file_whose_hash_is_in_the_lock_is_installed(project: Path) -> None:
    right = wheel(project)
    lock = project / "requirements/runtime.lock"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(project)}

    lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    status, errors, _ = install(project, variables=offline)
    assert status == 1
    assert "DO NOT MATCH THE HASHES" in errors

    lock.write_text("demo==1.0\n", encoding="utf-8")
    status, errors, _ = install(project, variables=offline)
    assert status == 1
    assert "--require-hashes" in errors

    lock.write_text(f"demo==1.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{right}\n", encoding="utf-8")
    assert install(project, variables=offline) == (0, "", True)
    assert subprocess.run([project / ".venv/bin/python", "-c", "import demo"], check=False).returncode == 0


def test_locks_are_written_from_the_largest_to_the_smallest_which_keep_its_versions(project: Path) -> None:
    install(project, "dev")
    uv = project / ".venv/bin/uv"
    uv.write_text('#!/bin/sh\necho "uv $* $UV_NO_CONFIG" >> ../calls\n', encoding="utf-8")
    uv.chmod(0o755)

    assert install(project, "lock") == (0, "", False)

    written = (project / "calls").read_text(encoding="utf-8").splitlines()
    assert written == [
        " ".join([*lock_command("rehearse"), "--upgrade", "--quiet", "1"]),
        " ".join([*lock_command("dev"), "--quiet", "1"]),
        " ".join([*lock_command("runtime"), "--quiet", "1"]),
        " ".join([*lock_command("policies"), "--upgrade", "--quiet", "1"]),
    ]
    copied = {(project / f"requirements/{lock}.lock").read_text(encoding="utf-8") for lock in LAYERS}
    assert copied == {"# rehearse\n"}


def test_a_lock_apart_has_an_environment_of_its_own(project: Path) -> None:
    install(project)
    stamp = (project / ".venv/.installed").read_text(encoding="utf-8")

    assert install(project, "policies") == (0, "", True)
    assert install(project, "policies") == (0, "", False)

    assert (project / ".venv-policies/bin/python").exists()
    assert (project / ".venv/.installed").read_text(encoding="utf-8") == stamp


def test_a_lock_that_cannot_be_written_is_told(project: Path) -> None:
    install(project, "dev")
    uv = project / ".venv/bin/uv"
    uv.write_text("#!/bin/sh\necho no solution >&2; exit 1\n", encoding="utf-8")
    uv.chmod(0o755)

    status, errors, _ = install(project, "lock")

    assert status == 1
    assert "no solution" in errors
