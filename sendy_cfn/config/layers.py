"""Values files in layers: a service's own values before those of all services, and these before the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn import knobs
from sendy_cfn.parameters import to_text

if TYPE_CHECKING:
    from sendy_cfn.yamlfile import Node

    Layers = list[tuple[str, Node]]  # path in the file, and the mapping there; the first one wins

_NUMBERS = {knob.name: knob for knob in knobs.ALL if knob.type == "Number" and not knob.computed}
_DEFAULTS = {name: int(knob.default) for name, knob in _NUMBERS.items() if knob.default is not None}


def given(layers: Layers) -> dict[str, tuple[str, Node]]:
    """Each value that is given, with the path of the first layer that has it."""
    found: dict[str, tuple[str, Node]] = {}
    for path, layer in reversed(layers):
        if isinstance(layer.value, dict):
            found |= {name: (path, node) for name, node in layer.value.items()}
    return found


def plain(node: Node) -> object:
    """A value as Python has it; what a value can't be, in words."""
    if isinstance(node.value, list):
        return [item.value if not isinstance(item.value, list | dict) else "a list or mapping" for item in node.value]
    return "a mapping" if isinstance(node.value, dict) else node.value


def numbers(layers: Layers) -> dict[str, int]:
    """Every numeric parameter that has a value or a default; values that can't be used count as left out."""
    found = dict(_DEFAULTS)
    for name, (_, node) in given(layers).items():
        if name in _NUMBERS and not _NUMBERS[name].check(plain(node)):
            found[name] = int(to_text(plain(node)))
    return found
