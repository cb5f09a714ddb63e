"""The host on which builds run: base images and a `docker` that a build specification finds first in its PATH.

`docker` is played with buildah and skopeo by rehearsal/full/docker_shim.py: specifications run unchanged.
"""

from __future__ import annotations

import json
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import Events, RehearsalError
from rehearsal.full import debian_base
from rehearsal.full.storage import HIDDEN, Storage

_ROOT = Path(__file__).resolve().parents[2]
_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
_ARG = re.compile(r"ARG\s+(?P<name>\w+)(?:=(?P<value>.*))?", re.IGNORECASE)
_FROM = re.compile(r"FROM\s+(?:--platform=\S+\s+)?(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?", re.IGNORECASE)
_COPY = re.compile(r"COPY\s+(?:--\S+\s+)*?--from=(?P<image>\S+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))")
# What a build would do with a real BuildKit and does not here.
LEFT_OUT = {
    "the base image": "no public registry: {base}",
    "BuildKit": "images are built by buildah, without BuildKit's cache in the registry, mirrors and secrets",
    "the software bill of materials of an image": "no scanner: only the provenance is attested",
}


@dataclass(frozen=True)
class Tools:
    """What a build gets from the host."""

    path: Path  # the folder that goes first into PATH
    environment: Mapping[str, str]  # and these variables


def native() -> str:
    """The platform of images that run here, such as linux/amd64."""
    machine = platform.machine()
    return f"linux/{_ARCHITECTURE.get(machine, machine)}"


def bases(dockerfile: str, arguments: Mapping[str, str] | None = None) -> list[str]:
    """The images that a Dockerfile takes from registries, in its order.

    Args:
        dockerfile: its text.
        arguments: build arguments that replace defaults.

    Raises:
        RehearsalError: a name needs a build argument without a value.
    """
    values: dict[str, str] = {}
    found: dict[str, None] = {}
    stages: set[str] = {"scratch"}
    for line in re.sub(r"\\\n", " ", dockerfile).splitlines():
        text = line.strip()
        if (argument := _ARG.fullmatch(text)) and len(stages) == 1:
            name, default = argument["name"], (argument["value"] or "").strip().strip("\"'")
            values[name] = (arguments or {}).get(name, default)
        elif start := _FROM.match(text):
            name = _filled(start["image"], values)
            if name.lower() not in stages:
                found[name] = None
            stages.add((start["stage"] or f" {len(stages)}").lower())
        elif (copy := _COPY.match(text)) and not copy["image"].isdecimal() and copy["image"].lower() not in stages:
            found[copy["image"]] = None
    return list(found)


def prepare(storage: Storage, names: Iterable[str], cache: Path, events: Events) -> None:
    """Have an image made of this machine's Debian packages under each of these names in the storage.

    Args:
        storage: the build host's.
        names: as Dockerfiles ask for them, see `bases`.
        cache: a folder that may outlive the rehearsal: the image is kept there.
        events: where it is said what is left out.

    Raises:
        RehearsalError: the image cannot be made of what is installed.
    """
    wanted = list(names)
    layout = debian_base.layout(cache)
    for name in wanted:
        storage.run("skopeo", "copy", "--quiet", f"oci:{layout}:{debian_base.TAG}", storage.name(name))
    base = f"{', '.join(wanted)} is made of {debian_base.described()}"
    for what, why in LEFT_OUT.items():
        events.not_rehearsed(what, why.format(base=base))


def install(folder: Path, storage: Storage) -> Tools:
    """Write `docker` for one build: it logs in, makes builders, and builds with the storage.

    Args:
        folder: one of its own for each build, like a build's container; made if it is missing.
        storage: shared by builds that shall find each other's layers.

    Raises:
        RehearsalError: the folder was used before.
    """
    settings, bin_folder = folder / "settings.json", folder / "bin"
    if settings.exists():
        raise RehearsalError(f"{folder} is another build's")
    bin_folder.mkdir(parents=True)
    # A login belongs to one build.
    environment = {**storage.environment, "REGISTRY_AUTH_FILE": str(folder / "auth.json")}
    said = {"environment": environment, "prefix": HIDDEN, "folder": str(folder), "platform": native()}
    settings.write_text(json.dumps(said), encoding="utf-8")
    start = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from rehearsal.full import docker_shim as docker"
    run = f"{start}; sys.exit(docker.main({str(settings)!r}, sys.argv[1:]))"
    words = [sys.executable, "-I", "-c", run]
    docker = bin_folder / "docker"
    docker.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    docker.chmod(0o755)
    home, scratch = folder / "home", folder / "tmp"
    home.mkdir()
    scratch.mkdir()
    ca = str(storage.folder / "ca.crt")
    return Tools(
        bin_folder,
        # What a build leaves behind goes with its folder.
        {"HOME": str(home), "TMPDIR": str(scratch), "CURL_CA_BUNDLE": ca, "AWS_CA_BUNDLE": ca},
    )


def _filled(name: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        variable = found["braced"] or found["plain"]
        if not values.get(variable):
            raise RehearsalError(f"FROM {name}: the build argument {variable} has no value")
        return values[variable]

    return _VARIABLE.sub(value, name)
