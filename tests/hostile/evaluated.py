"""Templates as CloudFormation would see them once its functions are replaced, with a mark for what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tests.generated import Document

PSEUDO = {
    *("AWS::AccountId", "AWS::Region", "AWS::Partition", "AWS::StackName", "AWS::URLSuffix", "AWS::NoValue"),
    *("AWS::StackId", "AWS::NotificationARNs"),
}


class Evaluation:
    """All texts of a template; a reference to what it doesn't have is a KeyError."""

    def __init__(self, template: Document) -> None:
        self.known = {*PSEUDO, *template.get("Parameters", {}), *template["Resources"]}
        parts = ("Resources", "Outputs", "Conditions", "Mappings", "Rules", "Parameters", "Description")
        self.tree = {name: self.value(template[name]) for name in parts if name in template}

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), *_ = node.items()
            if name == "Ref":
                return self._mark(argument)
            if name == "Fn::GetAtt":
                return self._mark(argument[0], ".".join(argument[1:]))
            if name == "Fn::Sub":
                return self._sub(*([argument] if isinstance(argument, str) else argument))
            if name == "Fn::Join" and all(isinstance(item, str) for item in self.value(argument[1])):
                return argument[0].join(self.value(argument[1]))
        return {key: self.value(item) for key, item in node.items()}

    def _mark(self, name: str, attribute: str = "") -> str:
        if name not in self.known:
            raise KeyError(name)
        return f"\u27e8{name}{'.' if attribute else ''}{attribute}\u27e9"

    def _sub(self, text: str, own: Mapping[str, Any] = MappingProxyType({})) -> str:
        """In one pass: what a value brings along is not looked at again."""

        def resolved(match: re.Match[str]) -> str:
            if match[1].startswith("!"):
                return f"${{{match[1][1:]}}}"
            if match[1] in own:
                return str(self.value(own[match[1]]))
            name, _, attribute = match[1].partition(".")
            return self._mark(name, attribute)

        return re.sub(r"\$\{([^}]*)\}", resolved, text)


def texts(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text with its place, keys of mappings among them."""
    if isinstance(node, str):
        yield way, node
    elif isinstance(node, dict):
        for key, item in node.items():
            yield (*way, key, "key"), str(key)
            yield from texts(item, (*way, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from texts(item, (*way, index))


def replaced(node: Any, words: dict[str, str]) -> Any:
    """The tree with other texts in the places of these words."""
    pattern = re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)))

    def through(inner: Any) -> Any:
        if isinstance(inner, str):
            return pattern.sub(lambda match: words[match[0]], inner)
        if isinstance(inner, dict):
            return {through(key): through(item) for key, item in inner.items()}
        if isinstance(inner, list):
            return [through(item) for item in inner]
        return inner

    return through(node)
