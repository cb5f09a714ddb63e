"""How a built image says where it comes from: an index of the image and a manifest with a provenance statement.

The form is BuildKit's: https://docs.docker.com/build/metadata/attestations/attestation-storage/
The statement is honest about the builder: it names a rehearsal, which no verification should take for a real build.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from rehearsal.full import oci

BUILDER = "urn:sendy-cfn:rehearsal"
_PROVENANCE = "https://slsa.dev/provenance/v1"
_STATEMENT = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Build:
    """One build."""

    name: str  # REPOSITORY:TAG
    platform: str  # OS/ARCHITECTURE
    file: str  # the Dockerfile's name
    arguments: dict[str, str]
    started: str
    finished: str = field(default_factory=lambda: now())


def now() -> str:
    """The time, as statements have it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def image(layout: oci.Layout, build: Build) -> oci.Descriptor:
    """The descriptor of the layout's only image, with its platform."""
    system, architecture = build.platform.split("/", 1)
    found = {key: value for key, value in layout.entries()[0].items() if key != "annotations"}
    return {**found, "platform": {"architecture": architecture, "os": system}}


def index(layout: oci.Layout, build: Build) -> oci.Descriptor:
    """Attest the layout's only image; the descriptor of an index of both."""
    attested = image(layout, build)
    statement = layout.add(_statement(build, attested["digest"]), _STATEMENT)
    statement["annotations"] = {"in-toto.io/predicate-type": _PROVENANCE}
    config = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [statement["digest"]]},
    }
    manifest = oci.manifest(layout.add(config, oci.CONFIG), [statement])
    entry = {
        **layout.add(manifest, oci.MANIFEST),
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": attested["digest"],
        },
        "platform": {"architecture": "unknown", "os": "unknown"},
    }
    return layout.add(oci.index([attested, entry]), oci.INDEX)


def _statement(build: Build, digest: str) -> dict[str, object]:
    name, _, tag = build.name.rpartition(":")
    subject = f"pkg:docker/{name}@{tag}?platform={quote(build.platform, safe='')}"
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": _PROVENANCE,
        "subject": [{"name": subject, "digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicate": {
            "buildDefinition": {
                "buildType": f"{BUILDER}:buildah",
                "externalParameters": {"configSource": {"path": build.file}, "request": {"args": build.arguments}},
            },
            "runDetails": {
                "builder": {"id": BUILDER},
                "metadata": {"startedOn": build.started, "finishedOn": build.finished},
            },
        },
    }
