"""Each role may do what is done with it, and each part of its policies is needed for that."""

from __future__ import annotations

import pytest

from sendy_cfn.checks.policy_roles import Role
from tests.generated import CASES
from tests.policies.catalogue import ROLES, calls
from tests.policies.mutations import Part, denied, spare
from tests.policies.world import World, every_role, world

every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name, indirect=True)

# Parts that no call needs, with the reason why they are there all the same. One that is needed again fails.
NOT_NEEDED: dict[Part, str] = {
    Part(f"pipeline-{service}.yaml", "PipelineRole", "HandOnArtifacts", "s3:PutObjectAcl"): (
        "only a connection is known to upload with an ACL; of CodeCommit and S3 AWS does not say"
    )
    for service in ("shop", "cart")
}
NOT_NEEDED_IN = "other-sources"  # the only case that it is about


@every_case
def test_every_call_is_allowed(case: World) -> None:
    refused = {str(role): list(map(str, found)) for role in case.roles if (found := denied(case, role))}
    assert not refused


@every_case
def test_every_part_of_every_policy_is_needed(case: World) -> None:
    accepted = set(NOT_NEEDED) if case.made.name == NOT_NEEDED_IN else set()
    assert set(map(str, spare(case))) == set(map(str, accepted))


def test_every_kind_of_role_is_made_somewhere_and_called() -> None:
    called = {(role.stack.file, role.title) for _, of, role in every_role() if calls(of, role)}
    for template, title in ROLES:
        assert [file for file, name in called if name == title and file.startswith(template.rstrip("*"))], title


@pytest.mark.parametrize("title", ["TestRole", "NewRole"])
def test_a_role_that_nobody_listed_is_an_error(title: str) -> None:
    of = world(CASES[0])
    role = of.roles[0]
    unknown = Role(role.stack, title, role.arn, role.trust, role.policies, None)
    with pytest.raises(LookupError, match=f"cluster.yaml:{title}|network.yaml:{title}"):
        calls(of, unknown)
