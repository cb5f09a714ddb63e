"""What CloudFormation would make of a template: conditions decided, functions resolved."""

from __future__ import annotations

import itertools
import re
from ipaddress import ip_network
from typing import Any

PSEUDO_PARAMETERS = {
    "AWS::Region": "eu-central-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
ABSENT = object()


class Stack:
    """A template (as a dict) evaluated with values of its parameters; a reference to what isn't made is a KeyError.

    A resource's reference is "<logical id>.id", an attribute "<logical id>.<attribute>".
    """

    def __init__(self, template: dict[str, Any], values: dict[str, Any]) -> None:
        self.template = template
        declared = self.template.get("Parameters", {})
        defaults = {n: p["Default"] for n, p in declared.items() if "Default" in p and p["Type"].count("<") == 0}
        self.values = PSEUDO_PARAMETERS | defaults | values
        declared = self.template["Resources"]
        self.made = {name: body for name, body in declared.items() if self.holds(body.get("Condition"))}
        self.resources = {name: self.value(body.get("Properties", {})) for name, body in self.made.items()}
        self.outputs = {name: self.value(body["Value"]) for name, body in self.template["Outputs"].items()}

    def of_type(self, suffix: str) -> dict[str, dict[str, Any]]:
        return {name: self.resources[name] for name, body in self.made.items() if body["Type"] == f"AWS::{suffix}"}

    def depends_on(self, name: str) -> list[str]:
        on = self.made[name].get("DependsOn", [])
        return on if isinstance(on, list) else [on]

    def holds(self, name: str | None) -> bool:
        return name is None or bool(self.value(self.template["Conditions"][name]))

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [found for item in node if (found := self.value(item)) is not ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (function, argument), *_ = node.items()
            if function == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            if function == "Ref" or function.startswith("Fn::"):
                return getattr(self, "_" + function.removeprefix("Fn::").lower())(argument)
        found = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in found.items() if item is not ABSENT}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return ABSENT
        return self.values[name] if name in self.values else f"{self._existing(name)}.id"

    def _getatt(self, path: list[str]) -> Any:
        if path[1] == "Ipv6CidrBlocks":
            return ["2001:db8:1200::/56"]
        if path[1] == "NameServers":
            return [f"{self._existing(path[0])}-{number}" for number in range(4)]
        return f"{self._existing(path[0])}.{path[1]}"

    def _existing(self, name: str) -> str:
        if name not in self.made:
            raise KeyError(name)
        return name

    def _if(self, argument: list[Any]) -> Any:
        return self.value(argument[1] if self.holds(argument[0]) else argument[2])

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self.value(argument)
        return str(left) == str(right)

    def _not(self, argument: list[Any]) -> bool:
        return not self.value(argument[0])

    def _and(self, argument: list[Any]) -> bool:
        return all(self.value(argument))

    def _or(self, argument: list[Any]) -> bool:
        return any(self.value(argument))

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = argument
        return str(self.value(text)).split(separator)

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(self.value(argument[1]))

    def _select(self, argument: list[Any]) -> Any:
        return self.value(argument[1])[int(argument[0])]

    def _base64(self, argument: Any) -> str:
        return str(self.value(argument))

    def _getazs(self, argument: str) -> list[str]:
        assert argument == "", "the stack's own region"
        return [f"{self.values['AWS::Region']}{letter}" for letter in "abcd"]

    def _cidr(self, argument: list[Any]) -> list[str]:
        block, count, bits = self.value(argument)
        whole = ip_network(block)
        blocks = whole.subnets(new_prefix=whole.max_prefixlen - int(bits))
        found = [str(part) for part in itertools.islice(blocks, int(count))]
        assert len(found) == int(count), "CloudFormation refuses what doesn't fit"
        return found

    def _sub(self, argument: str | list[Any]) -> str:
        """In one pass: what a value brings along is not looked at again."""
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.value(argument[1]))
        known = self.values | own

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in known:
                return str(known[name])
            return str(self._getatt(name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]*)\}", replaced, text)
