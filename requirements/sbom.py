"""Writes build/sbom.json: what a lock names, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

    python -m requirements.sbom [--lock runtime|dev|rehearse|policies] [--out build/sbom.json]

Everything comes from the lock and from docs/licences.md, so nothing is fetched, and the same commit makes the same file
everywhere. Only with SOURCE_DATE_EPOCH set is there a time in it (https://reproducible-builds.org/specs/source-date-epoch/).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from requirements import licences, locks
from requirements.install import LOCKS

ROOT = locks.FOLDER.parent


def bom(lock: str, epoch: int | None = None, folder: Path = locks.FOLDER, page: Path = licences.PAGE) -> dict[str, Any]:
    """The document.

    Args:
        lock: Which one.
        epoch: Seconds since 1970 for the time in it; None leaves the time out.
        folder: Where the locks are.
        page: Where the licences are.

    Raises:
        ValueError: The page does not have a package in the lock's version.
    """
    pins = locks.read(lock, folder)
    known = {(package.name, package.version): package for package in licences.parse(page.read_text(encoding="utf-8"))}
    if missing := [pin.name for pin in pins.values() if (pin.name, pin.version) not in known]:
        raise ValueError(f"docs/licences.md is stale, make licences: {', '.join(missing)}")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    this = {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    metadata: dict[str, Any] = {"lifecycles": [{"phase": "pre-build"}], "component": this}
    if epoch is not None:
        metadata["timestamp"] = datetime.datetime.fromtimestamp(epoch, datetime.UTC).isoformat()
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": [component(pin, known[pin.name, pin.version]) for pin in pins.values()],
        "dependencies": [
            {"ref": project["name"], "dependsOn": sorted(purl(pin) for pin in pins.values() if pin.direct)},
            *(
                {
                    "ref": purl(pin),
                    "dependsOn": sorted(purl(other) for other in pins.values() if pin.name in other.wanted_by),
                }
                for pin in pins.values()
            ),
        ],
    }
    # The same content has the same number: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True)).urn
    return document


def component(pin: locks.Pin, package: licences.Package) -> dict[str, Any]:
    """One package. Its hashes are those of the files of its release, of which an installation takes one."""
    references: list[dict[str, Any]] = [
        {
            "type": "distribution",
            "url": purl(pin),
            "comment": "SHA-256 of every file of the release",
            "hashes": [{"alg": "SHA-256", "content": content} for content in pin.hashes],
        }
    ]
    if package.home:
        references.append({"type": "website", "url": package.home})
    return {
        "type": "library",
        "bom-ref": purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": purl(pin),
        "licenses": licence(package.licence),
        "externalReferences": references,
    }


def purl(pin: locks.Pin) -> str:
    """https://github.com/package-url/purl-spec/blob/main/types-doc/pypi-definition.md."""
    return f"pkg:pypi/{pin.name}@{pin.version}"


def licence(text: str) -> list[dict[str, Any]]:
    """CycloneDX takes one SPDX expression, or a list of names. What looks like none of SPDX's names is just a name."""
    if " AND " in text or " OR " in text:
        return [{"expression": text}]
    return [{"license": {"name" if " " in name else "id": name}} for name in text.split(", ") if name]


def main(arguments: list[str]) -> int:
    """Write the file; returns the exit status."""
    parser = argparse.ArgumentParser(prog="requirements.sbom", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--lock", choices=LOCKS, default=LOCKS[0], help="what is listed (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build/sbom.json", help="the file (default: build/sbom.json)"
    )
    chosen = parser.parse_args(arguments)
    said = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        document = bom(chosen.lock, int(said) if said else None)
    except ValueError as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"sbom: {chosen.out}, {len(document['components'])} packages of {chosen.lock}.lock")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
