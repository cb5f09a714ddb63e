"""Where images are kept: a storage of our own for buildah and skopeo, so that nothing touches the machine's."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import RehearsalError

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# skopeo and buildah keep notes on blobs in /var/lib/containers, whatever the storage; there is no setting for it.
HIDDEN = (
    *("unshare", "--mount", "--propagation", "private"),
    *("sh", "-c", 'mount -t tmpfs none /var/lib && exec "$@"', "sh"),
)
_LIMIT = 300.0  # seconds for one command; a few on a quiet machine


@dataclass(frozen=True)
class Storage:
    """The images of one host: a build host and the hosts of tasks have one each, as on AWS they share nothing."""

    folder: Path
    driver: str  # overlay | vfs

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a command that uses the storage, and trusts the registry."""
        return {
            "PATH": _PATH,
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.folder / "tmp"),
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "REGISTRY_AUTH_FILE": str(self.folder / "auth.json"),
            "SSL_CERT_FILE": str(self.folder / "ca.crt"),
            "SSL_CERT_DIR": str(self.folder / "runtime"),  # and nothing else that the machine trusts
            "BUILDAH_ISOLATION": "chroot",
        }

    def name(self, image: str) -> str:
        """An image in the storage as skopeo names it."""
        return f"containers-storage:[{self.driver}@{self.folder / 'root'}+{self.folder / 'run'}]{image}"

    def run(self, *command: str | Path, mounts: bool = False) -> str:
        """Run buildah or skopeo; what it printed.

        Args:
            command: its words.
            mounts: it mounts something that shall stay.

        Raises:
            RehearsalError: it is missing, failed or took minutes.
        """
        words = [str(word) for word in command]
        try:
            done = subprocess.run(
                words if mounts else [*HIDDEN, *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LIMIT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RehearsalError(f"{' '.join(words[:2])}: {error}") from error
        if done.returncode:
            raise RehearsalError(f"{' '.join(words)} failed: {done.stderr[-800:].strip()}")
        return done.stdout


def create(folder: Path, ca: Path) -> Storage:
    """A storage in a folder, with the overlay driver where the folder's file system takes it.

    Args:
        folder: made if it is missing; it can be removed once the mount namespace has ended.
        ca: the certificate of the authority that signs the registry's.

    Raises:
        RehearsalError: the folder is in /var/lib, which the commands do not see.
    """
    if folder.resolve().is_relative_to("/var/lib"):
        raise RehearsalError(f"{folder}: a storage cannot be in /var/lib")
    for name in ("root", "run", "tmp", "runtime"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    storage = Storage(folder, "overlay" if overlay_works(folder / "tmp") else "vfs")
    (folder / "ca.crt").write_bytes(ca.read_bytes())
    files: Mapping[str, str] = {
        "storage.conf": f"[storage]\ndriver = {json.dumps(storage.driver)}\n"
        f"graphroot = {json.dumps(str(folder / 'root'))}\nrunroot = {json.dumps(str(folder / 'run'))}\n",
        "registries.conf": "unqualified-search-registries = []\n",
        "containers.conf": "",
        "auth.json": "{}",  # buildah wants it to exist
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return storage


def overlay_works(folder: Path) -> bool:
    """Whether an overlay file system can be mounted with its layers in this folder."""
    with tempfile.TemporaryDirectory(dir=folder) as tried:
        for name in ("lower", "upper", "work", "merged"):
            (Path(tried) / name).mkdir()
        options = f"lowerdir={tried}/lower,upperdir={tried}/upper,workdir={tried}/work"
        # In a mount namespace of its own, with which the mount ends.
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, f"{tried}/merged"]
        command = ["unshare", "--mount", "--propagation", "private", *mount]
        try:
            return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
        except OSError:
            return False
