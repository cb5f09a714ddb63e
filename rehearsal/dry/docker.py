"""The recorder that stands for `docker` in a dry rehearsal: notes what would be built, and tells ECR that it is there.

    python -m rehearsal.dry.docker login|buildx …

A push puts an index with an attestation into the emulator's ECR, as BuildKit does, with made-up layers: what follows in
the pipeline asks for its digest and looks at its attestation.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from rehearsal.dry import dockerfile

FOLDER = "REHEARSAL_IMAGES"  # variable: where images are noted down
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main(arguments: Sequence[str]) -> int:
    """Do what the command asks for; 1 for one that the build specifications do not need."""
    match list(arguments):
        case ["login", "--username", "AWS", "--password-stdin", _registry]:
            return 0 if sys.stdin.read().strip() else _refuse("login: no password")
        case ["buildx", "create", *_]:
            return 0
        case ["buildx", "build", context, *rest]:
            return _build(Path(context), _parser().parse_args(rest))
    return _refuse(f"not played: {' '.join(arguments[:3])}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker buildx build")
    for name in ("--platform", "--file", "--progress", "--output", "--metadata-file", "--cache-from", "--cache-to"):
        parser.add_argument(name)
    for name in ("--build-arg", "--attest", "--label", "--annotation"):
        parser.add_argument(name, action="append", default=[])
    return parser


def _build(context: Path, given: argparse.Namespace) -> int:
    try:
        text = Path(given.file or context / "Dockerfile").read_text(encoding="utf-8")
        labels = dict(label.split("=", 1) for label in given.label)
        arguments = dict(argument.split("=", 1) for argument in given.build_arg)
        program = dockerfile.read(text, str(context.resolve()), arguments, labels)
    except (OSError, ValueError) as error:
        return _refuse(str(error))
    output = dict(part.split("=", 1) for part in (given.output or "type=cacheonly").split(","))
    print(f"noted down: {' '.join(program.command)}, for {given.platform}")
    if output["type"] == "cacheonly":
        return 0
    repository, _, tag = output["name"].partition("/")[2].rpartition(":")
    try:
        digest = _push(repository, tag, program, given)
    except ClientError as error:
        return _refuse(str(error))
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / digest.removeprefix("sha256:")
    shutil.copytree(context, kept, dirs_exist_ok=True)
    dockerfile.read(text, str(kept), arguments, labels).write(folder / f"{kept.name}.json")
    Path(given.metadata_file).write_text(json.dumps({"containerimage.digest": digest}), encoding="utf-8")
    return 0


def _push(repository: str, tag: str, program: dockerfile.Program, given: argparse.Namespace) -> str:
    """Put the image, its attestation, and the index that has both; the index's digest."""
    system, _, architecture = given.platform.partition("/")
    image = _put(repository, None, _manifest({"command": program.command, "labels": dict(program.labels)}), _MANIFEST)
    manifests: list[dict[str, Any]] = [{"platform": {"os": system, "architecture": architecture}, "digest": image}]
    if given.attest:
        about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image}
        attestation = _put(repository, None, _manifest(about), _MANIFEST)
        unknown = {"os": "unknown", "architecture": "unknown"}
        manifests.append({"platform": unknown, "digest": attestation, "annotations": about})
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [{"mediaType": _MANIFEST, "size": 1, **manifest} for manifest in manifests],
        "annotations": dict(annotation.split("=", 1) for annotation in given.annotation),
    }
    return _put(repository, tag, index, _INDEX)


def _manifest(config: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with made-up layers; its configuration, which tells images apart, is named by its digest."""
    digest = f"sha256:{hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()}"
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 1}
    return {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": []}


def _put(repository: str, tag: str | None, manifest: Mapping[str, Any], media_type: str) -> str:
    ecr = boto3.client("ecr")
    named = {"imageTag": tag} if tag else {}
    answer = ecr.put_image(
        repositoryName=repository, imageManifest=json.dumps(manifest), imageManifestMediaType=media_type, **named
    )
    return str(answer["image"]["imageId"]["imageDigest"])


def _refuse(message: str) -> int:
    print(f"docker: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
