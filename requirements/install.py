"""Creates the virtual environment from a lock file, or leaves it alone when it is up to date.

    python3 requirements/install.py runtime|dev|rehearse     install what the lock names into .venv
    python3 requirements/install.py policies                 the same into .venv-policies
    python3 requirements/install.py lock                     resolve the .in files again and write the locks

The environment's `.installed` is written last and names the Python version, the place and the hash of the installed
lock. A run that finds it missing or different builds it anew, so an interrupted set-up is repaired by the next run.
Only the standard library is used. pip installs with `--no-deps` and `--require-hashes`: a package that the lock does
not name, or a file that its release did not have when the lock was written, never gets in.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
LAYERS = ("runtime", "dev", "rehearse")  # each contains the one before it; they share .venv
APART = ("policies",)  # each has an environment of its own, since it contradicts the others
LOCKS = (*LAYERS, *APART)
PIP_FLAGS = ("--disable-pip-version-check", "--no-input", "-qq")
INSTALL_FLAGS = ("--require-hashes", "--no-deps", "--no-compile", "--prefer-binary", "--no-warn-script-location")


class SetupError(Exception):
    """The environment cannot be made; the message says what to do about it."""


def main(arguments: list[str], root: Path) -> int:
    """Run one command.

    Args:
        arguments: The name of a lock, or `lock`.
        root: The folder that holds `requirements/` and gets the environments.

    Returns:
        The exit status: 0 done, 1 failed, 2 bad usage.
    """
    if len(arguments) != 1 or arguments[0] not in (*LOCKS, "lock"):
        print(f"usage: install.py {'|'.join(LOCKS)}|lock", file=sys.stderr)
        return 2
    try:
        check_python()
        if arguments[0] == "lock":
            write_locks(root)
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
    """Bring the environment to what the lock names. Nothing happens when it is there already, or a larger lock is.

    Raises:
        SetupError: No pip to be had, or pip failed.
    """
    venv = environment_of(lock, root)
    family = LAYERS if lock in LAYERS else (lock,)
    with (root / "requirements" / "install.py").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two commands started at once must not build into one folder
        wanted = {name: stamp_of(name, root) for name in family}
        installed = read_stamp(venv)
        if installed in [wanted[name] for name in family[family.index(lock) :]]:
            return
        print(f"setting up {venv.name} ({lock} tools, about half a minute, once per change of the lock)", flush=True)
        (venv / ".installed").unlink(missing_ok=True)
        if installed not in wanted.values():
            create(venv)
        run([*pip_for(venv), "install", *PIP_FLAGS, *INSTALL_FLAGS, "-r", str(root / "requirements" / f"{lock}.lock")])
        (venv / ".installed").write_text(json.dumps(wanted[lock]), encoding="utf-8")


def environment_of(lock: str, root: Path) -> Path:
    """The folder of the virtual environment that the lock is installed into."""
    return root / (".venv" if lock in LAYERS else f".venv-{lock}")


def stamp_of(lock: str, root: Path) -> dict[str, str]:
    """What the environment's `.installed` says after this lock was installed here by this Python."""
    content = (root / "requirements" / f"{lock}.lock").read_bytes()
    return {"python": sys.version, "venv": str(environment_of(lock, root)), "lock": hashlib.sha256(content).hexdigest()}


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


def run(command: list[str], folder: Path | None = None) -> None:
    """Run a command quietly.

    Raises:
        SetupError: It failed; the message holds what it said.
    """
    environment = os.environ | {"UV_NO_CONFIG": "1"}  # a lock depends on the .in files, not on somebody's uv.toml
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    if done.returncode:
        raise SetupError(f"{' '.join(command[:4])} … ended with {done.returncode}\n{done.stdout}{done.stderr}")


def write_locks(root: Path) -> None:
    """Resolve the .in files to the newest versions they allow: each exact, with the hashes of all files of the release.

    The hashes are those of every platform's files, so it doesn't matter where this runs. The largest lock comes first,
    since all that is wanted has to agree: ministack takes one version of botocore only. The smaller ones start as
    copies, since uv keeps the versions that it finds in the file it writes. uv is the one of the lock that is there.
    Locks apart are resolved for themselves.

    Raises:
        SetupError: The requirements contradict each other, or there is no index to be had.
    """
    install("dev", root)
    folder = root / "requirements"
    larger_of = dict(itertools.pairwise(LAYERS))
    for lock in (*reversed(LAYERS), *APART):
        larger = larger_of.get(lock)
        if larger:
            shutil.copy(folder / f"{larger}.lock", folder / f"{lock}.lock")
        _, *arguments = lock_command(lock)
        run([str(root / ".venv/bin/uv"), *arguments, *([] if larger else ["--upgrade"]), "--quiet"], folder)


def lock_command(lock: str) -> list[str]:
    """What writes one lock, run in `requirements/`. uv notes it in the lock, and Renovate repeats it from there.

    https://docs.renovatebot.com/modules/manager/pip-compile/ has the options that it accepts, and wants a `=` in them.
    It goes through the locks by name: none may need another one that was written before it.
    """
    return [
        *("uv", "pip", "compile", "--generate-hashes"),
        "--python-version={}.{}".format(*OLDEST_PYTHON),
        f"--output-file={lock}.lock",
        *(f"{name}.in" for name in (LAYERS[: LAYERS.index(lock) + 1] if lock in LAYERS else (lock,))),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
