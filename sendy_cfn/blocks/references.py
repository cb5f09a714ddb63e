"""JSON as text in a template, with references in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import Sub

if TYPE_CHECKING:
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


def json_text(content: Any, *, spread: str = "") -> Sub | str:
    """The content as JSON, with references to parameters and attributes in it replaced by CloudFormation.

    `${…}` in its texts arrives as it is. Items of the list under the key `spread` get a line each.
    """

    def compact(value: Any) -> str:
        return json.dumps(value, default=inside, separators=(",", ":"), ensure_ascii=False)

    text = compact(content)
    if spread:
        rest = compact({key: value for key, value in content.items() if key != spread})
        items = ",\n".join(map(compact, content[spread]))
        text = f'{rest[:-1]},"{spread}":[\n{items}\n]}}'
    if _BEGIN not in text:
        return text
    return Sub(text.replace("${", "${!").replace(_BEGIN, "${").replace(_END, "}"))
