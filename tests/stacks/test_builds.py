from __future__ import annotations

import json
import re

import pytest

from sendy_cfn.stacks import pipeline
from tests.platforms import platform
from tests.stacks.deliveries import HEAD, KEY, NEAR, PLATFORM_REPOSITORY, Delivery, delivery, every_variant, written

# What every test of a deployed service is told, for the service's own commands.
TOLD = {"ENVIRONMENT", "EXPECTED_VERSION", "IMAGE_DIGEST"}


@every_variant
def test_each_build_gets_what_its_specification_demands(variant: str) -> None:
    found = delivery(variant)
    for action in found.by("CodeBuild"):
        given = found.variables(action)
        specification = found.project(action)["Source"]["BuildSpec"]
        demanded = set(re.findall(r"\$\{([A-Z_]+):\?\}", specification))
        assert demanded <= given.keys()
        assert ({"PLATFORM", "SERVICE", "COMMIT_ID"} if found.home(action) is found.inner else set()) <= given.keys()
        read = set(re.findall(r"[A-Z][A-Z0-9_]+", specification)) | {f"{action['Name'].upper()}_COMMANDS"}
        for name in given.keys() - {"PLATFORM", "SERVICE", "COMMIT_ID", "BRANCH", *TOLD}:
            assert name in read, "no build reads it"
        assert all(given.values())


def test_own_commands_are_handed_over_as_they_are() -> None:
    found = delivery("github")
    commands = ("make check", 'echo "${PWD}" #{ServiceSource.CommitId}')
    assert found.platform.services["orders"].tests.quality == commands
    quality = next(action for action in found.by("CodeBuild") if action["Name"] == "Quality")
    assert found.variables(quality)["QUALITY_COMMANDS"] == "\n".join(commands)
    assert "make check" not in written(found.platform, pipeline), "there CodePipeline would replace #{…}"


def test_limits_of_the_load_test_come_from_the_values() -> None:
    found = delivery("github")
    load = next(action for action in found.by("CodeBuild") if action["Name"] == "Load")
    variables = found.variables(load)
    settings = {p["Name"]: p for p in found.tools.of_type("SSM::Parameter").values()}
    for name, parameter in (("MAX_P95_MILLISECONDS", "MaxP95Milliseconds"), ("MAX_ERROR_PERCENT", "MaxErrorPercent")):
        assert variables[name] in settings, "CodeBuild reads it when the build starts"
        made = found.tools.made[f"{''.join(part.capitalize() for part in name.split('_'))}Setting"]
        assert made["Properties"]["Value"] == {"Ref": parameter}


@every_variant
def test_only_the_image_build_is_privileged(variant: str) -> None:
    found = delivery(variant)
    for action in found.by("CodeBuild"):
        project = found.project(action)
        assert project["Environment"]["PrivilegedMode"] is (action["Name"] == "Image")
        assert project["EncryptionKey"] == KEY
        assert project["LogsConfig"]["CloudWatchLogs"]["Status"] == "ENABLED"
        assert 5 <= project["QueuedTimeoutInMinutes"] <= 480
        assert 5 <= project["TimeoutInMinutes"] <= (60 if found.home(action) is found.inner else 120)


@pytest.mark.parametrize(
    ("architecture", "host", "machine"),
    [("amd64", "LINUX_CONTAINER", "x86_64"), ("arm64", "ARM_CONTAINER", "aarch64")],
)
def test_images_are_built_on_machines_of_their_architecture(architecture: str, host: str, machine: str) -> None:
    source = f"{{repository: courier/orders}}\n    architecture: {architecture}"
    found = Delivery(platform(HEAD.format(source=source, toolchain=PLATFORM_REPOSITORY, environments=NEAR)))
    environment = found.build("Image")["Environment"]
    assert environment["Type"] == host
    assert machine in environment["Image"]
    image = next(action for action in found.by("CodeBuild") if action["Name"] == "Image")
    assert found.variables(image)["IMAGE_PLATFORM"] == f"linux/{architecture}"


def test_tests_that_no_environment_has_are_not_made() -> None:
    projects = {p["Name"] for p in delivery("far").inner.of_type("CodeBuild::Project").values()}
    assert projects == {"courier-orders-quality", "courier-orders-image", "courier-orders-smoke"}


@every_variant
def test_released_images_never_change_and_outlive_the_stack(variant: str) -> None:
    stack = delivery(variant).inner
    images, cache = stack.resources["Repository"], stack.resources["Cache"]
    body = stack.made["Repository"]
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert images["ImageTagMutability"] == "IMMUTABLE"
    assert "EmptyOnDelete" not in images
    for repository in (images, cache):
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": KEY}
    assert cache["ImageTagMutability"] == "MUTABLE", "the cache's tag moves"
    assert cache["EmptyOnDelete"] is True


def test_images_in_use_are_not_expired() -> None:
    policy = delivery("github").inner.resources["Repository"]["LifecyclePolicy"]["LifecyclePolicyText"]
    *first, last = sorted(json.loads(policy)["rules"], key=lambda rule: int(rule["rulePriority"]))
    assert all(rule["selection"]["tagStatus"] == "untagged" for rule in first)
    assert last["selection"]["tagStatus"] == "any", "AWS: comes last"
    assert last["selection"]["countType"] == "imageCountMoreThan", "age says nothing of use"
    assert last["selection"]["countNumber"] >= 300
