"""Parameters in the order a person fills them in, under the same headings in the file and in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.wires import GROUP as WIRES

if TYPE_CHECKING:
    from troposphere import Template

# Headings that come first, and last; others stand between in the order in which they were taken.
_FIRST, _LAST = ("Release", "General"), (WIRES,)


def settle(template: Template) -> None:
    """Sort the console's groups, and the Parameters section by them."""
    interface = template.metadata.get("AWS::CloudFormation::Interface")
    if interface is None:
        return
    groups = interface["ParameterGroups"]
    groups.sort(key=lambda group: _rank(group["Label"]["default"]))
    order = [name for group in groups for name in group["Parameters"]]
    template.parameters = {name: template.parameters[name] for name in order}
    labels = interface.get("ParameterLabels", {})
    if labels:
        interface["ParameterLabels"] = {name: labels[name] for name in order if name in labels}


def _rank(heading: str) -> int:
    if heading in _FIRST:
        return _FIRST.index(heading) - len(_FIRST)
    return 1 + _LAST.index(heading) if heading in _LAST else 0
