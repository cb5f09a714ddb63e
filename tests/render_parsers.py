"""Three parsers of CloudFormation YAML that are not ours: PyYAML in Python, cfn-lint's on libyaml, the AWS CLI's."""

import importlib
from typing import Any

import cfnlint.decode
import yaml


class _Loader(yaml.SafeLoader):
    """PyYAML without its C library, knowing CloudFormation's tags."""


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    return {name: node.value.split(".", 1) if suffix == "GetAtt" else node.value}


_Loader.add_multi_constructor("!", _function)


def pyyaml(text: str) -> Any:
    return yaml.load(text, _Loader)


def cfn_lint(text: str) -> Any:
    template, errors = cfnlint.decode.decode_str(text)
    assert errors == []
    return template


# The parser of `aws cloudformation package`; it has no type information.
aws_cli = importlib.import_module("awscli.customizations.cloudformation.yamlhelper").yaml_parse
PARSERS = [pyyaml, cfn_lint, aws_cli]
