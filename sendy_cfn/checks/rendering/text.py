"""A rendering as a file that engines and people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sendy_cfn.checks.action_templates import Block

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 1000  # characters; folded lines are harder to read than long ones


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # which one is known at run time only
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # part of the interface
        """CloudFormation takes anchors, some engines don't."""
        return True


_Dumper.add_representer(Block, lambda dumper, block: dumper.represent_dict(block.items()))


def write(document: dict[str, Any], path: Path) -> None:
    """Write the template, keys in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
