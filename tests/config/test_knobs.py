"""Values of knobs that the shipped platform does not have."""

from __future__ import annotations

import pytest

from sendy_cfn.knobs import find

A, B = "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ExistingPublicSubnetIds", [A, B], ""),
        ("ExistingPublicSubnetIds", [], "0 items, expected at least 2"),
        ("ExistingPublicSubnetIds", [A], "1 items, expected at least 2"),
        ("ExistingPublicSubnetIds", [A, A], f"'{A}' is listed twice"),
        ("ExistingPublicSubnetIds", [A, "subnet"], "item 'subnet', expected the id of a subnet"),
        ("ExistingPublicSubnetIds", A, f"'{A}', expected a list"),
        ("ExistingVpcId", "vpc-0123456789abcdef0", ""),
        ("ExistingVpcId", "/services/vpc-id", "'/services/vpc-id', expected the id of a VPC"),
    ],
)
def test_ids_of_an_existing_network(name: str, value: object, says: str) -> None:
    assert find(name).check(value) == says
