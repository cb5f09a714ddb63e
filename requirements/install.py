"""Creates the virtual environment from a lock file, or leaves it alone when it is up to date.

    python3 requirements/install.py runtime|dev|rehearse     install what the lock names into .venv
    python3 requirements/install.py lock                     resolve the .in files again and write the locks

`.venv/.installed` is written last and names the Python version, the place and the hash of the installed lock. A run
that finds it missing or different builds the environment anew, so an interrupted set-up is repaired by the next run.
Only the standard library is used, and pip installs with `--no-deps`: what the lock does not name never gets in.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST_PYTHON = (3, 11)
LOCKS = ("runtime", "dev", "rehearse")  # each contains the one before it
PIP_FLAGS = ("--disable-pip-version-check", "--no-input", "-qq")
INSTALL_FLAGS = ("--no-deps", "--no-compile", "--prefer-binary", "--no-warn-script-location")


class SetupError(Exception):
    """The environment cannot be made; the message says what to do about it."""


def main(arguments: list[str], root: Path) -> int:
    """Run one command.

    Args:
        arguments: `runtime`, `dev`, `rehearse` or `lock`.
        root: The folder that holds `requirements/` and gets `.venv/`.

    Returns:
        The exit status: 0 done, 1 failed, 2 bad usage.
    """
    if len(arguments) != 1 or arguments[0] not in (*LOCKS, "lock"):
        print("usage: install.py runtime|dev|rehearse|lock", file=sys.stderr)
        return 2
    try:
        check_python()
        if arguments[0] == "lock":
            write_locks(root / "requirements")
        else:
            install(arguments[0], root)
    except SetupError as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    """Raises: SetupError when this Python is too old."""
    if sys.version_info < OLDEST_PYTHON:
        found, oldest = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST_PYTHON))
        raise SetupError(
            f"{sys.executable} is Python {found}, needed is {oldest} or newer: make PYTHON=/path/to/python3"
        )


def install(lock: str, root: Path) -> None:
    """Bring `.venv` to what the lock names. Nothing happens when it is there already, or when a larger lock is.

    Raises:
        SetupError: No pip to be had, or pip failed.
    """
    venv = root / ".venv"
    with (root / "requirements" / "install.py").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two commands started at once must not build into one folder
        wanted = {name: stamp_of(name, root) for name in LOCKS}
        installed = read_stamp(venv)
        if installed in [wanted[name] for name in LOCKS[LOCKS.index(lock) :]]:
            return
        print(f"setting up .venv ({lock} tools, about half a minute, once per change of the lock)", flush=True)
        (venv / ".installed").unlink(missing_ok=True)
        if installed not in wanted.values():
            create(venv)
        run([*pip_for(venv), "install", *PIP_FLAGS, *INSTALL_FLAGS, "-r", str(root / "requirements" / f"{lock}.lock")])
        (venv / ".installed").write_text(json.dumps(wanted[lock]), encoding="utf-8")


def stamp_of(lock: str, root: Path) -> dict[str, str]:
    """What `.venv/.installed` says after this lock was installed here by this Python."""
    content = (root / "requirements" / f"{lock}.lock").read_bytes()
    return {"python": sys.version, "venv": str(root / ".venv"), "lock": hashlib.sha256(content).hexdigest()}


def read_stamp(venv: Path) -> object:
    """The stamp of a finished set-up, None if there is none or the environment's Python is gone."""
    try:
        stamp: object = json.loads((venv / ".installed").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if (venv / "bin" / "python").exists() else None


def create(venv: Path) -> None:
    """Make an empty virtual environment where there may have been another.

    Debian ships venv without ensurepip; then Debian's own pip (python3-pip) installs into the environment from outside.

    Raises:
        SetupError: Neither ensurepip nor pip is there.
    """
    if not can_import("ensurepip") and not can_import("pip"):
        versioned = "python{}.{}-venv".format(*sys.version_info)
        raise SetupError(
            f"{sys.executable} has no ensurepip and no pip. On Debian: apt install python3-venv (or {versioned})"
        )
    shutil.rmtree(venv, ignore_errors=True)
    run([sys.executable, "-m", "venv", *([] if can_import("ensurepip") else ["--without-pip"]), str(venv)])


def pip_for(venv: Path) -> list[str]:
    """The command that runs pip for this environment."""
    python = str(venv / "bin" / "python")
    if (venv / "bin" / "pip").exists():
        return [python, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", python]


def can_import(module: str) -> bool:
    """Whether this Python has the module; ensurepip may be there in parts, so only an import tells."""
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def run(command: list[str]) -> None:
    """Run a command quietly.

    Raises:
        SetupError: It failed; the message holds what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{' '.join(command[:4])} … ended with {done.returncode}\n{done.stdout}{done.stderr}")


def write_locks(folder: Path) -> None:
    """Resolve the .in files in throw-away environments and write what pip chose, every version exact.

    No hashes: they would have to name the files for every platform, and an index may serve its own builds.

    Raises:
        SetupError: The requirements contradict each other, or pip failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        venv = Path(scratch)
        create(venv)
        pip = pip_for(venv)
        for lock in LOCKS:
            run([*pip, "install", *PIP_FLAGS, "--no-compile", "-r", str(folder / f"{lock}.in")])
            run([*pip, "check"])
            frozen = subprocess.run([*pip, "freeze"], capture_output=True, text=True, check=True).stdout
            if "@" in frozen:
                raise SetupError(f"a package did not come from an index:\n{frozen}")
            (folder / f"{lock}.lock").write_text(frozen, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
