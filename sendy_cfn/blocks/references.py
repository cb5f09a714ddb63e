"""JSON as text in a template, with references in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import Sub

if TYPE_CHECKING:
    from troposphere import AWSHelperFn

_MARK = "\ue000{}\ue001"  # private characters: no text has them


def json_text(content: Any, *, spread: str = "") -> Sub | str:
    """The content as JSON, with references to parameters and attributes in it replaced by CloudFormation.

    `${…}` in its texts arrives as it is. Items of the list under the key `spread` get a line each.
    """
    found = False

    def refer(value: AWSHelperFn) -> str:
        nonlocal found
        found = True
        return _MARK.format(_reference(value))

    def compact(value: Any) -> str:
        return json.dumps(value, default=refer, separators=(",", ":"), ensure_ascii=False)

    if spread:
        rest = compact({key: value for key, value in content.items() if key != spread})
        items = ",\n".join(map(compact, content[spread]))
        text = f'{rest[:-1]},"{spread}":[\n{items}\n]}}'
    else:
        text = compact(content)
    if not found:
        return text
    text = text.replace("${", "${!")
    return Sub(text.replace("\ue000", "${").replace("\ue001", "}"))


def _reference(value: AWSHelperFn) -> str:
    """What stands between ${ and }. A Sub in here has one reference only and no text."""
    ((kind, target),) = value.to_dict().items()
    if kind == "Ref":
        return str(target)
    if kind == "Fn::GetAtt":
        return ".".join(target)
    raise TypeError(f"{kind} in JSON text, expected Ref or GetAtt")
