"""Images as files: an OCI layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).

Only the standard library is used here: `docker` in builds starts with this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
REF_NAME = "org.opencontainers.image.ref.name"

Descriptor = dict[str, Any]


class Layout:
    """A layout in a folder, made where there is none."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written into a layout that exists."""
        self.folder = folder
        self.blobs = folder / "blobs/sha256"
        if not (folder / "oci-layout").exists():
            self.blobs.mkdir(parents=True, exist_ok=True)
            (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")

    def add(self, content: Mapping[str, Any], media_type: str) -> Descriptor:
        """Store a document; its descriptor."""
        raw = json.dumps(content, separators=(",", ":")).encode()
        digest = hashlib.sha256(raw).hexdigest()
        (self.blobs / digest).write_bytes(raw)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(raw)}

    def adopt(self, file: Path, media_type: str) -> Descriptor:
        """Move a file into the layout; its descriptor."""
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = file.stat().st_size
        file.rename(self.blobs / digest)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}

    def read(self, digest: str) -> dict[str, Any]:
        """A document by its digest."""
        found: dict[str, Any] = json.loads((self.blobs / digest.removeprefix("sha256:")).read_bytes())
        return found

    def index(self, descriptors: Sequence[Descriptor]) -> None:
        """Say what the layout holds, in place of what it held."""
        (self.folder / "index.json").write_text(json.dumps(index(descriptors)), encoding="utf-8")

    def entries(self) -> list[Descriptor]:
        """What the layout holds."""
        found: list[Descriptor] = json.loads((self.folder / "index.json").read_bytes())["manifests"]
        return found


def manifest(
    config: Descriptor, layers: Sequence[Descriptor], annotations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An image's manifest."""
    more = {"annotations": dict(annotations)} if annotations else {}
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers), **more}


def index(descriptors: Sequence[Descriptor]) -> dict[str, Any]:
    """An index of images."""
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)}
