"""The SBOM is valid CycloneDX, complete, and the same each time."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from requirements import locks, sbom
from requirements.install import LOCKS


def schema(name: str) -> Any:
    file = resources.files("cyclonedx.schema._res") / f"{name}.SNAPSHOT.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator() -> Any:
    others = [
        (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", schema(name)) for name in ("spdx", "jsf-0.82")
    ]
    registry: Any = Registry().with_resources([(uri, Resource.from_contents(content)) for uri, content in others])
    return jsonschema.Draft7Validator(schema("bom-1.6"), registry=registry)


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("epoch", [None, 0])
def test_it_is_cyclonedx(validator: Any, lock: str, epoch: int | None) -> None:
    assert [error.message for error in validator.iter_errors(sbom.bom(lock, epoch))] == []


def test_the_schema_would_find_a_mistake(validator: Any) -> None:
    document = sbom.bom("runtime")
    document["components"][0]["licenses"] = [{"license": {"id": "Beerware-ish"}}]
    assert list(validator.iter_errors(document))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_in_it_with_hashes_and_licence(lock: str) -> None:
    components = {component["name"]: component for component in sbom.bom(lock)["components"]}
    pins = locks.read(lock)
    assert set(components) == set(pins)
    for name, component in components.items():
        files = component["externalReferences"][0]
        assert component["purl"] == f"pkg:pypi/{name}@{pins[name].version}"
        assert [entry["content"] for entry in files["hashes"]] == list(pins[name].hashes)
        assert component["licenses"]


def test_everything_is_reached_from_the_project() -> None:
    document = sbom.bom("rehearse")
    wants = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    reached: set[str] = set()
    todo = [document["metadata"]["component"]["bom-ref"]]
    while todo:
        ref = todo.pop()
        if ref not in reached:
            reached.add(ref)
            todo += wants[ref]
    assert reached == set(wants)
    assert any(ref.startswith("pkg:pypi/botocore@") for ref in wants[_purl(document, "boto3")])


def _purl(document: dict[str, Any], name: str) -> str:
    return str(next(component["purl"] for component in document["components"] if component["name"] == name))


def test_licences_are_expressions_ids_or_names() -> None:
    assert sbom.licence("MIT OR Apache-2.0") == [{"expression": "MIT OR Apache-2.0"}]
    assert sbom.licence("Public Domain, MIT") == [{"license": {"name": "Public Domain"}}, {"license": {"id": "MIT"}}]
    assert sbom.licence("") == []


def test_the_file_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, dated = tmp_path / "a/sbom.json", tmp_path / "b.json", tmp_path / "c.json"
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert sbom.main(["--out", str(first)]) == 0
    assert sbom.main(["--out", str(second), "--lock", "runtime"]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert "timestamp" not in first.read_text(encoding="utf-8")

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert sbom.main(["--out", str(dated)]) == 0
    assert json.loads(dated.read_text(encoding="utf-8"))["metadata"]["timestamp"] == "1970-01-02T00:00:00+00:00"


def test_a_stale_list_of_licences_is_told(tmp_path: Path) -> None:
    page = tmp_path / "licences.md"
    page.write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="make licences"):
        sbom.bom("runtime", page=page)
