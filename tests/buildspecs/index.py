"""The index of a pushed image: what ECR has behind its digest."""

import json
from typing import Any, Final

IMAGE: Final = "sha256:" + "1" * 64  # of the platform's image in the index
_REFERENCE: Final = "vnd.docker.reference"


def attestation(kind: str = "attestation-manifest", image: str = IMAGE) -> dict[str, Any]:
    """The entry of an attestation."""
    return {
        "digest": "sha256:" + "2" * 64,
        "annotations": {f"{_REFERENCE}.digest": image, f"{_REFERENCE}.type": kind},
        "platform": {"architecture": "unknown", "os": "unknown"},
    }


def index(*entries: dict[str, Any], architecture: str = "arm64") -> str:
    """The manifest's text: an image for the architecture, and other entries behind it."""
    image = {"digest": IMAGE, "platform": {"architecture": architecture, "os": "linux"}}
    manifest = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [*entries, image]}
    return json.dumps(manifest, indent=2) + "\n"
