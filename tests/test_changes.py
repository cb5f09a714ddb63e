"""Change sets as AWS describes them: the emulator makes none for nested stacks."""

from __future__ import annotations

from typing import Any

import pytest

from sendy_cfn import changes

NESTED = "AWS::CloudFormation::Stack"


def change(action: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    resource = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": resource}


def property_(name: str, recreation: str) -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}}


class ChangeSets:
    """describe_change_set over fixed pages."""

    def __init__(self, pages: dict[str, list[list[dict[str, Any]]]]) -> None:
        self.pages = pages

    def describe_change_set(self, *, ChangeSetName: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 (AWS's)
        pages, index = self.pages[ChangeSetName], int(NextToken)
        more = {"NextToken": str(index + 1)} if index + 1 < len(pages) else {}
        return {"Changes": pages[index], **more}


@pytest.fixture
def update() -> list[changes.Change]:
    vpc = change(
        "Modify",
        "Vpc",
        "AWS::EC2::VPC",
        Replacement="True",
        PolicyAction="ReplaceAndDelete",
        Details=[property_("CidrBlock", "Always"), property_("Tags", "Never")],
    )
    key = change("Remove", "Key", "AWS::KMS::Key", PolicyAction="Retain")
    service = change(
        "Modify", "Balancer", "AWS::X::Y", Replacement="Conditional", Details=[property_("Type", "Conditionally")]
    )
    client = ChangeSets(
        {
            "root": [
                [change("Modify", "Network", NESTED, Replacement="False", ChangeSetId="network")],
                [change("Add", "ClusterGreen", NESTED, ChangeSetId="green"), change("Modify", "Roles", NESTED)],
            ],
            "network": [[vpc], [key, change("Remove", "Route", "AWS::EC2::Route", PolicyAction="Delete")]],
            "green": [[service, change("Add", "Cluster", "AWS::ECS::Cluster")]],
        }
    )
    return list(changes.read(client, "root"))


def test_nested_changes_stand_in_the_place_of_their_stack(update: list[changes.Change]) -> None:
    paths = ["Network/Vpc", "Network/Key", "Network/Route", "ClusterGreen", "ClusterGreen/Balancer"]
    assert [found.path for found in update] == [*paths, "ClusterGreen/Cluster", "Roles"]


def test_losses_are_told_in_words_and_nothing_else_is(update: list[changes.Change]) -> None:
    *losses, counts = changes.in_words(update)
    vpc, key, route, balancer = losses
    assert "Network/Vpc" in vpc
    assert "REPLACED, because of CidrBlock: the old one is DELETED" in vpc
    assert "kept" in key
    assert "DELETED" not in key
    assert route.endswith("is DELETED")
    assert "MAY BE REPLACED" in balancer
    assert counts == "2 to add, 3 to change, 2 to remove"


def test_the_table_has_a_row_for_each_change(update: list[changes.Change]) -> None:
    head, *rows = changes.table(update)
    assert len(rows) == len(update)
    column = head.index("TYPE")
    assert {row[column - 1] for row in rows} == {" "}
