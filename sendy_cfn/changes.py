"""What a change set would do, nested stacks included, as rows and in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = "AWS::CloudFormation::Stack"
_HEAD = ("ACTION", "RESOURCE", "TYPE", "REPLACEMENT")


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that would be touched."""

    path: str  # logical ids, nested stacks first: "Network/Vpc"
    action: str  # Add, Modify, Remove, Import or Dynamic
    type: str
    replacement: str = ""  # True, False or Conditional; "" where nothing is modified
    kept: bool = False  # what is removed or replaced outlives the stack's interest in it
    causes: tuple[str, ...] = ()  # properties that force a replacement


def read(client: Any, change_set: str, prefix: str = "") -> Iterator[Change]:
    """The changes of a change set (name of ARN), each nested stack's own in the place of its `Modify`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
    """
    for found in _resource_changes(client, change_set):
        path = prefix + found["LogicalResourceId"]
        nested = list(read(client, found["ChangeSetId"], f"{path}/")) if found.get("ChangeSetId") else []
        if not nested or found["Action"] != "Modify":
            yield _change(path, found)
        yield from nested


def _resource_changes(client: Any, change_set: str) -> Iterator[dict[str, Any]]:
    more: dict[str, str] = {}
    while True:
        page = client.describe_change_set(ChangeSetName=change_set, **more)
        for change in page.get("Changes", []):
            if "ResourceChange" in change:
                yield change["ResourceChange"]
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _change(path: str, found: dict[str, Any]) -> Change:
    causes = [
        detail["Target"]["Name"]
        for detail in found.get("Details", [])
        if detail["Target"].get("RequiresRecreation") in ("Always", "Conditionally") and "Name" in detail["Target"]
    ]
    return Change(
        path=path,
        action=found["Action"],
        type=found["ResourceType"],
        replacement=found.get("Replacement", "") if found["Action"] == "Modify" else "",
        kept=found.get("PolicyAction", "").endswith("Retain"),
        causes=tuple(dict.fromkeys(causes)),
    )


def table(changes: list[Change]) -> list[str]:
    """Lines of a table, head included."""
    rows = [_HEAD, *((change.action, change.path, change.type, change.replacement or "-") for change in changes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def in_words(changes: list[Change]) -> list[str]:
    """A sentence for each change after which something is gone, and a count of all."""
    actions = [change.action for change in changes]
    counts = [f"{actions.count(action)} {word}" for action, word in _WORDS.items() if action in actions]
    return [*(line for change in changes if (line := _loss(change))), ", ".join(counts)]


_WORDS = {
    "Add": "to add",
    "Modify": "to change",
    "Remove": "to remove",
    "Import": "to import",
    "Dynamic": "decided while it runs",
}


def _loss(change: Change) -> str:
    what = f"{change.path} ({change.type})"
    if change.action == "Remove":
        return f"{what} leaves the stack and is kept" if change.kept else f"{what} is DELETED"
    if change.replacement == "True":
        old = "the old one is kept" if change.kept else "the old one is DELETED"
        return f"{what} is REPLACED{_because(change)}: {old}"
    if change.replacement == "Conditional":
        return f"{what} MAY BE REPLACED{_because(change)}"
    return ""


def _because(change: Change) -> str:
    return f", because of {', '.join(change.causes)}" if change.causes else ""
