"""The published schemas: fresh, valid, and of one mind with the checks."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from sendy_cfn.config import schema
from sendy_cfn.errors import ConfigError
from tests.platforms import ROOT, platform

FILES = {
    "platform.yaml": "platform.schema.json",
    "test.yaml": "environment.schema.json",
    "staging.yaml": "environment.schema.json",
    "production.yaml": "environment.schema.json",
    "toolchain.yaml": "toolchain.schema.json",
}


def problems(file: str, content: Any) -> list[str]:
    validator = jsonschema.Draft7Validator(schema.schemas()[FILES[file]])
    return [error.message for error in validator.iter_errors(content)]


@pytest.mark.parametrize("name", sorted(schema.schemas()))
def test_committed_schema_is_fresh_and_valid(name: str) -> None:
    text = (ROOT / "params" / name).read_text()
    assert text == schema.text(schema.schemas()[name]), "run `make schemas`"
    jsonschema.Draft7Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("file", FILES)
def test_shipped_input_fits_its_schema_and_names_it(file: str) -> None:
    text = (ROOT / "params" / file).read_text()
    assert text.startswith(f"# yaml-language-server: $schema={FILES[file]}\n")
    assert problems(file, yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 8080", "port: 70000"),
        ("port: 8080", "port: http"),
        ("port: 8080", "prt: 8080"),
        ("capacity: ec2", "capacity: lambda"),
        ("kind: web", "kind: worker"),
        ("[sqs:SendMessage, sqs:GetQueueAttributes]", '["sqs:*"]'),
        ("region: eu-central-1", "region: eu-central-9"),
        ('user: "65532"', 'user: "0"'),
        ("tests: [smoke, load]", "tests: [smoke, smoke]"),
        ("  tracking:  ", "  Tracking:  "),
    ],
)
def test_editor_and_generator_refuse_the_same(old: str, new: str) -> None:
    text = (ROOT / "params/platform.yaml").read_text()
    assert old in text
    broken = text.replace(old, new, 1)
    assert problems("platform.yaml", yaml.safe_load(broken)) != []
    with pytest.raises(ConfigError):
        platform(broken)


def test_every_key_and_parameter_is_described() -> None:
    def walk(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        properties = node.get("properties", {})
        missing = [f"{path}.{name}" for name, child in properties.items() if not child.get("description")]
        for name, child in properties.items():
            missing += walk(child, f"{path}.{name}")
        for child in (*node.get("patternProperties", {}).values(), node.get("items")):
            missing += walk(child, f"{path}.*")
        return missing

    assert [gap for name, found in schema.schemas().items() for gap in walk(found, name)] == []
