from __future__ import annotations

import re
from typing import Any

import pytest

from tests.platforms import platform
from tests.stacks.deliveries import (
    ACCOUNT,
    HEAD,
    NEAR,
    PLATFORM_REPOSITORY,
    REGION,
    Delivery,
    delivery,
    every_variant,
    may,
    policy_statements,
    role_of,
    stores,
)


def filters(found: Delivery) -> dict[str, list[dict[str, Any]]]:
    return {
        trigger["GitConfiguration"]["SourceActionName"]: trigger["GitConfiguration"]["Push"]
        for trigger in found.pipeline.get("Triggers", [])
    }


@every_variant
def test_nothing_polls_and_triggers_fit_awss_limits(variant: str) -> None:
    found = delivery(variant)
    connections = {action["Name"] for action in found.by("CodeStarSourceConnection")}
    for action in found.stages[0]["Actions"]:
        polls = action["Configuration"].get("DetectChanges", action["Configuration"].get("PollForSourceChanges"))
        assert polls == "false"
    for name, pushes in filters(found).items():
        assert name in connections
        assert 1 <= len(pushes) <= 3
        for push in pushes:
            assert "Tags" not in push or push.keys() == {"Tags"}, "AWS: tags combine with nothing"
            for criteria in push.values():
                assert 1 <= len(criteria["Includes"]) <= 8
    assert ("ConnectionArn" in found.parameters) is bool(connections)


def test_pushes_to_the_branch_and_changes_of_the_own_templates_start_it() -> None:
    assert filters(delivery("github")) == {
        "Service": [{"Branches": {"Includes": ["main"]}}],
        "Platform": [
            {
                "Branches": {"Includes": ["main"]},
                "FilePaths": {
                    "Includes": ["templates/service-orders.yaml", "templates/config/*/service-orders.json"],
                },
            }
        ],
    }


def test_pushes_to_other_folders_of_the_repository_do_not_start_it() -> None:
    pushes = filters(delivery("paths"))["Service"]
    assert pushes == [{"Branches": {"Includes": ["main"]}, "FilePaths": {"Includes": ["services/orders/**"]}}]


def test_in_a_monorepo_code_and_templates_are_of_one_commit() -> None:
    found = delivery("monorepo")
    source, history = found.stages[0]["Actions"]
    assert history["Configuration"]["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"
    (pushes,) = filters(found).values()
    paths = [path for push in pushes for path in push["FilePaths"]["Includes"]]
    assert paths == [
        *(f"{letter}/**" for letter in "abcdefgh"),
        "templates/service-orders.yaml",
        "templates/config/*/service-orders.json",
    ]
    for _, action in found.actions():
        expected = history["Name"] if action["Name"] == "Author" else source["Name"]
        assert all(a["Name"] == expected for a in action.get("InputArtifacts", []))


def test_a_monorepo_without_paths_starts_with_every_push() -> None:
    found = Delivery(
        platform(HEAD.format(source=PLATFORM_REPOSITORY, toolchain=PLATFORM_REPOSITORY, environments=NEAR))
    )
    assert filters(found) == {"Service": [{"Branches": {"Includes": ["main"]}}]}


def test_what_is_released_by_tags_starts_with_tags_alone() -> None:
    found = delivery("tags")
    assert filters(found) == {"Service": [{"Tags": {"Includes": ["v*"]}}]}
    assert all("BRANCH" not in found.variables(action) for action in found.by("CodeBuild"))


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """EventBridge's rules for patterns of plain values."""
    for key, wanted in pattern.items():
        here = event.get(key)
        if isinstance(wanted, dict):
            if not isinstance(here, dict) or not matches(wanted, here):
                return False
        elif not set(here if isinstance(here, list) else [here]) & set(wanted):
            return False
    return True


PUSHED = {
    "source": "aws.codecommit",
    "detail-type": "CodeCommit Repository State Change",
    "resources": [f"arn:aws:codecommit:{REGION}:{ACCOUNT}:orders"],
    "detail": {"event": "referenceUpdated", "referenceType": "branch", "referenceName": "main"},
}
UPLOADED = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "courier-sources"}, "object": {"key": "orders.zip"}},
}
OTHER_BRANCH = PUSHED | {"detail": {"event": "referenceUpdated", "referenceType": "branch", "referenceName": "x"}}
OTHER_REPOSITORY = PUSHED | {"resources": [f"arn:aws:codecommit:{REGION}:{ACCOUNT}:platform"]}
OTHER_KEY = UPLOADED | {"detail": {"bucket": {"name": "courier-sources"}, "object": {"key": "x.zip"}}}


@pytest.mark.parametrize(
    ("variant", "event", "others"),
    [("codecommit", PUSHED, [OTHER_BRANCH, OTHER_REPOSITORY]), ("s3", UPLOADED, [OTHER_KEY])],
)
def test_an_event_starts_it(variant: str, event: dict[str, Any], others: list[dict[str, Any]]) -> None:
    found = delivery(variant)
    (rule,) = found.outer.of_type("Events::Rule").values()
    assert matches(rule["EventPattern"], event)
    assert not any(matches(rule["EventPattern"], other) for other in others)
    (target,) = rule["Targets"]
    statements = policy_statements(found.outer, role_of(target["RoleArn"]))
    assert target["Arn"].endswith(f":{found.pipeline['Name']}")
    assert may(statements, "codepipeline:StartPipelineExecution", target["Arn"])
    (queue,) = found.outer.of_type("SQS::Queue")
    assert target["DeadLetterConfig"]["Arn"] == f"{queue}.Arn"


@pytest.mark.parametrize("variant", ["shipped", "github", "paths", "monorepo", "tags", "far"])
def test_without_such_a_source_there_is_no_rule(variant: str) -> None:
    assert not delivery(variant).outer.of_type("Events::Rule")


def test_roles_are_looked_up_where_the_environment_publishes_them() -> None:
    found = delivery("github")
    for place in ("test", "staging", "production"):
        parameter = found.parameters[f"{place.capitalize()}PipelineRoleArn"]
        assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
        assert parameter["Default"] == f"/courier/{place}/deploy/pipeline-role-arn"
    assert not any("Role" in name for name in found.filled)


def test_roles_of_another_account_or_region_are_copied_by_people() -> None:
    asked = {name for name in delivery("far").filled if "Role" in name}
    assert asked == {
        f"{place}{role}" for place in ("Staging", "Production") for role in ("PipelineRoleArn", "CloudFormationRoleArn")
    }


def test_each_region_has_an_artifact_store() -> None:
    found = delivery("far")
    deployments = found.by("CloudFormation")
    assert [action.get("Region", REGION) for action in deployments] == [REGION, "eu-west-1", "us-east-1"]
    assert stores(found).keys() == {REGION, "eu-west-1", "us-east-1"}
    for region, store in stores(found).items():
        assert store["EncryptionKey"]["Id"].split(":")[3] == region
    for action in deployments:
        parts = [f"{logical}RoleArn" for logical in ("Pipeline", "CloudFormation")]
        roles = [action["RoleArn"], action["Configuration"]["RoleArn"]]
        assert [role.removesuffix(part) for role, part in zip(roles, parts, strict=True)] == 2 * [
            f"arn:aws:iam::{ACCOUNT}:role/{action['Namespace'].removeprefix('Deploy')}"
        ]


def test_only_other_accounts_are_let_into_the_registry() -> None:
    assert "RepositoryPolicyText" not in delivery("github").inner.resources["Repository"]
    (statement,) = delivery("far").inner.resources["Repository"]["RepositoryPolicyText"]["Statement"]
    assert statement["Principal"] == {"AWS": ["222222222222"]}
    assert not [action for action in statement["Action"] if re.search("Put|Upload|Delete", action)]
