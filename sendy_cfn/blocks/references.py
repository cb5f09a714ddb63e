"""JSON as text in a template, with references in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import Sub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn

_BEGIN, _END = "\ue000", "\ue001"  # private characters: no text has them


def inside(value: AWSHelperFn) -> str:
    """A reference for the middle of a text in JSON that `json_text` makes.

    Raises:
        TypeError: it is neither a Ref nor a GetAtt.
    """
    ((kind, target),) = value.to_dict().items()
    if kind not in ("Ref", "Fn::GetAtt"):
        raise TypeError(f"{kind} in JSON text, expected Ref or GetAtt")
    return f"{_BEGIN}{target if kind == 'Ref' else '.'.join(target)}{_END}"


def variable(name: str) -> str:
    """A variable for the middle of a text in JSON that `json_text` makes; its value is among `values`."""
    return f"{_BEGIN}{name}{_END}"


def compact(value: Any) -> str:
    """The value as JSON without spaces, with references as `json_text` takes them."""
    return json.dumps(value, default=inside, separators=(",", ":"), ensure_ascii=False)


def json_text(
    content: Any, *, spread: str = "", shared: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
) -> Sub | str:
    """The content as JSON, with references to parameters and attributes in it replaced by CloudFormation.

    `${…}` in its texts arrives as it is. Items of the list under the key `spread` get a line each; lists among them one
    for all of their items, which are in their place. Pieces of the text (from `compact`) that it has more than once are
    there once, as the values of variables with the names in `shared`.
    """
    text = compact(content)
    if spread:
        rest = compact({key: value for key, value in content.items() if key != spread})
        lines = (compact(item)[1:-1] if isinstance(item, list) else compact(item) for item in content[spread])
        items = ",\n".join(lines)
        text = f'{rest[:-1]},"{spread}":[\n{items}\n]}}'
    more = dict(values or {})
    for name, piece in (shared or {}).items():
        if text.count(piece) > 1:
            text = text.replace(piece, variable(name))
            more[name] = _replaced(piece)
    return _replaced(text, more)


def _replaced(text: str, values: Mapping[str, Any] | None = None) -> Sub | str:
    if _BEGIN not in text:
        return text
    found = text.replace("${", "${!").replace(_BEGIN, "${").replace(_END, "}")
    return Sub(found, dict(values)) if values else Sub(found)
