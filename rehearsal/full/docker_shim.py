"""`docker` as builds call it, played with buildah and skopeo: login, buildx create, buildx build.

A command or an option that is not played ends with exit status 1 and a message: what a build specification asks for is
never passed over in silence. What is played but does less than BuildKit says so in the build's log.

Only the standard library is used here, for a quick start.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from rehearsal.full import attestation, oci


class ShimError(Exception):
    """What `docker` ends with: a message for the build's log."""


@dataclass(frozen=True)
class Settings:
    """What rehearsal/full/images.py wrote for one build."""

    environment: Mapping[str, str]  # of buildah and skopeo
    prefix: Sequence[str]  # words before them
    folder: Path  # of this build
    platform: str  # the only one that is built

    @property
    def builder(self) -> Path:
        """Exists when a builder was made and is used."""
        return self.folder / "builder"


class _Options(argparse.ArgumentParser):
    """No abbreviations, and errors of our own."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=command, allow_abbrev=False, add_help=False)

    def error(self, message: str) -> NoReturn:
        raise ShimError(f"{self.prog}: {message}: not played in a rehearsal")


def main(settings: str, arguments: Sequence[str]) -> int:
    """Do what the arguments say; an exit status."""
    try:
        for name, command in _COMMANDS.items():
            words = name.split()
            if list(arguments[: len(words)]) == words:
                command(_settings(Path(settings)), arguments[len(words) :])
                return 0
        raise ShimError(f"{' '.join(arguments[:2])}: not played in a rehearsal")
    except (ShimError, OSError, subprocess.SubprocessError) as error:
        print(f"docker: {error}", file=sys.stderr)
        return 1


def _settings(file: Path) -> Settings:
    found = json.loads(file.read_text(encoding="utf-8"))
    return Settings(found["environment"], found["prefix"], Path(found["folder"]), found["platform"])


def _login(settings: Settings, arguments: Sequence[str]) -> None:
    options = _Options("docker login")
    options.add_argument("--username", "-u", required=True)
    options.add_argument("--password-stdin", action="store_true", required=True)
    options.add_argument("registry")
    asked = options.parse_args(arguments)
    _run(settings, "skopeo", "login", "--username", asked.username, "--password-stdin", asked.registry)


def _create(settings: Settings, arguments: Sequence[str]) -> None:
    options = _Options("docker buildx create")
    options.add_argument("--use", action="store_true", required=True)
    options.add_argument("--bootstrap", action="store_true")
    options.add_argument("--driver", choices=["docker-container"], required=True)
    options.add_argument("--driver-opt", action="append", default=[])
    options.add_argument("--buildkitd-config", type=Path)
    asked = options.parse_args(arguments)
    if asked.buildkitd_config and not asked.buildkitd_config.is_file():
        raise ShimError(f"{asked.buildkitd_config} is missing")
    settings.builder.touch()
    print("rehearsal", flush=True)  # a builder's name, as Docker prints it


def _build(settings: Settings, arguments: Sequence[str]) -> None:
    asked = _asked(arguments)
    if asked.platform != settings.platform:
        raise ShimError(f"--platform {asked.platform}: only {settings.platform} is built on this machine")
    if not settings.builder.exists():
        raise ShimError("the engine's own builder writes no attestations: docker buildx create --use comes first")
    output = pairs(asked.output)
    if output == {"type": "cacheonly"}:
        _buildah(settings, asked)
        return
    wanted = {"type": "image", "push": "true", "oci-mediatypes": "true"}
    if {name: output.get(name) for name in wanted} != wanted or set(output) != {*wanted, "name"}:
        raise ShimError(f"--output {asked.output}: not played in a rehearsal")
    started = attestation.now()
    image = _buildah(settings, asked)
    pushed = _push(settings, asked, image, output["name"], started)
    if asked.metadata_file:
        metadata = {
            "containerimage.descriptor": pushed,
            "containerimage.digest": pushed["digest"],
            "image.name": output["name"],
        }
        asked.metadata_file.write_text(json.dumps(metadata, indent=2), encoding="utf-8")


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    options = _Options("docker buildx build")
    options.add_argument("context", type=Path)
    options.add_argument("--platform", required=True)
    options.add_argument("--file", "-f", type=Path)
    options.add_argument("--progress", choices=["plain"])
    for name in ("--build-arg", "--label", "--annotation", "--attest", "--cache-from", "--cache-to"):
        options.add_argument(name, action="append", default=[])
    options.add_argument("--metadata-file", type=Path)
    options.add_argument("--output", required=True)
    asked = options.parse_args(arguments)
    asked.file = asked.file or asked.context / "Dockerfile"
    for text in asked.attest:
        kind = pairs(text).get("type")
        if kind == "sbom":
            print("rehearsal: no scanner, so no software bill of materials is attested", file=sys.stderr)
        elif kind != "provenance":
            raise ShimError(f"--attest {text}: not played in a rehearsal")
    for text in (*asked.cache_from, *asked.cache_to):
        if pairs(text).get("type") != "registry":
            raise ShimError(f"a cache of {text}: not played in a rehearsal")
    if asked.cache_from or asked.cache_to:
        print("rehearsal: layers are kept on the build host, no cache in the registry", file=sys.stderr)
    return asked


def _buildah(settings: Settings, asked: argparse.Namespace) -> str:
    """Build; the image's id in the storage."""
    more = [word for name in ("build_arg", "label", "annotation") for value in getattr(asked, name)
            for word in (f"--{name.replace('_', '-')}", value)]  # fmt: skip
    with tempfile.TemporaryDirectory(dir=settings.folder) as scratch:
        image = Path(scratch) / "image"
        _run(settings, "buildah", "bud", "--isolation", "chroot", "--pull-never", "--layers",
             "--format", "oci", "--file", asked.file, "--iidfile", image, *more, asked.context)  # fmt: skip
        return image.read_text(encoding="utf-8").strip()


def _push(settings: Settings, asked: argparse.Namespace, image: str, name: str, started: str) -> oci.Descriptor:
    """Push an index of the image and its attestation; the index's descriptor."""
    with tempfile.TemporaryDirectory(dir=settings.folder) as scratch:
        folder = Path(scratch) / "layout"
        _run(settings, "buildah", "push", "--quiet", "--format", "oci", "--disable-compression", image,
             f"oci:{folder}:image")  # fmt: skip
        layout = oci.Layout(folder)
        build = attestation.Build(
            name,
            settings.platform,
            asked.file.name,
            dict(text.partition("=")[::2] for text in asked.build_arg),
            started,
        )
        index = (
            attestation.index(layout, build)
            if any(pairs(text).get("type") == "provenance" for text in asked.attest)
            else layout.add(oci.index([attestation.image(layout, build)]), oci.INDEX)
        )
        layout.index([{**index, "annotations": {oci.REF_NAME: "index"}}])
        try:
            _run(settings, "skopeo", "copy", "--quiet", "--all", "--preserve-digests", f"oci:{folder}:index",
                 f"docker://{name}")  # fmt: skip
        except ShimError as error:
            # skopeo takes the refusal for one of the format, and complains that it may not convert.
            raise ShimError(f"{error}: {name} is not pushed; an immutable tag may hold another image") from error
    print(f"pushed {name}@{index['digest']}", flush=True)
    return index


def pairs(text: str) -> dict[str, str]:
    """An option such as type=image,push=true."""
    return {name: value for name, _, value in (part.partition("=") for part in text.split(","))}


def _run(settings: Settings, *command: Any) -> None:
    words = [str(word) for word in command]
    # Their output is the build's log.
    status = subprocess.run([*settings.prefix, *words], env=dict(settings.environment), check=False).returncode
    if status:
        raise ShimError(f"{' '.join(words[:2])} ended with {status}")
    sys.stdout.flush()


_COMMANDS: Mapping[str, Callable[[Settings, Sequence[str]], None]] = {
    "login": _login,
    "buildx create": _create,
    "buildx build": _build,
}
