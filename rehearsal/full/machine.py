"""What a full rehearsal needs of the machine, and how to get it.

    python -m rehearsal.full.machine [--install [--browser]]

Exit status 0 where everything is there, 1 where something is missing, cannot be installed or is not allowed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

# Command -> Debian's package.
PACKAGES: Mapping[str, str] = {
    "buildah": "buildah",
    "catatonit": "catatonit",
    "crun": "crun",
    "curl": "curl",
    "git": "git",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "jq": "jq",
    "openssl": "openssl",
    "skopeo": "skopeo",
    "unbound": "unbound",
    "unshare": "util-linux",
    "/usr/bin/python3": "python3",  # the base image is made of it
}
# Nothing fails without them; with them more is checked.
OPTIONAL: Mapping[str, str] = {"chromium": "chromium"}
_VERSIONS: Mapping[str, Sequence[str]] = {
    "buildah": ("buildah", "--version"),
    "crun": ("crun", "--version"),
    "haproxy": ("haproxy", "-v"),
    "unbound": ("unbound", "-V"),
    "git": ("git", "--version"),
}
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not in every user's PATH


def path() -> str:
    """PATH with the folders of system programs."""
    return os.pathsep.join([os.environ.get("PATH", ""), *_SYSTEM_FOLDERS])


def missing(packages: Mapping[str, str] | None = None) -> list[str]:
    """Those of the Debian packages, or of the needed ones, that are not installed."""
    wanted = PACKAGES if packages is None else packages
    return sorted({package for command, package in wanted.items() if shutil.which(command, path=path()) is None})


def refusal() -> str:
    """Why containers and a network of our own cannot be had here; empty if they can."""
    if os.geteuid() != 0:
        return "a full rehearsal starts containers in a network of its own: run it as root, or with sudo"
    tried = ["unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "ip", "link", "add"]
    made = [*tried, "rehearsal0", "type", "bridge"]
    done = subprocess.run(made, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path()})
    return f"this machine allows no namespaces or bridges: {done.stderr.strip()}" if done.returncode else ""


def versions() -> dict[str, str]:
    """What is installed, for the report."""
    found = {"cores": str(os.cpu_count()), "kernel": platform.release()}
    for name, command in _VERSIONS.items():
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path()})
        words = (done.stdout + done.stderr).split()
        found[name] = next((word.rstrip(",") for word in words if word[:1].isdigit()), "?")
    return found


def _install(packages: Sequence[str]) -> None:
    if not packages:
        return
    print(f"installing {' '.join(packages)} from Debian", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "--no-install-recommends", *packages]):
        done = subprocess.run([*command, "-y"], check=False, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            print(f"{' '.join(command[:3])} ended with {done.returncode}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is missing, or install it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.full.machine", description="Checks the machine.")
    parser.add_argument("--install", action="store_true", help="install what is missing with apt-get, as root")
    parser.add_argument("--browser", action="store_true", help="install a browser too, for looking at the page")
    given = parser.parse_args(arguments)
    if given.install and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing())
        if given.browser:
            _install(missing(OPTIONAL))
    lacking = missing()
    if lacking:
        print(f"a full rehearsal needs Debian's packages: apt-get install {' '.join(lacking)}", file=sys.stderr)
        return 1
    refused = refusal()
    if refused:
        print(refused, file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
