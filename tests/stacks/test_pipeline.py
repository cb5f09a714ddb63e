from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sendy_cfn.blocks import order
from sendy_cfn.config import words
from sendy_cfn.config.model import Platform
from sendy_cfn.knobs import service as service_knobs
from sendy_cfn.render import render
from sendy_cfn.stacks import builds, pipeline
from sendy_cfn.stacks.interface import Interface
from tests.platforms import platform
from tests.stacks.deliveries import (
    ACCOUNT,
    HEAD,
    NEAR,
    PLATFORM_REPOSITORY,
    VARIANTS,
    Delivery,
    delivery,
    every_variant,
    made,
    planned,
)

TEMPLATE_LIMIT = 51_200  # bytes of a template passed as a body


@every_variant
def test_commit_messages_stay_out_of_json(variant: str) -> None:
    for _, action in delivery(variant).actions():
        for key in ("EnvironmentVariables", "ParameterOverrides"):
            assert "CommitMessage" not in action["Configuration"].get(key, "")


@every_variant
def test_environments_follow_in_order_with_one_image(variant: str) -> None:
    found = delivery(variant)
    deployments = found.by("CloudFormation")
    names = list(dict.fromkeys(action["Configuration"]["StackName"] for action in deployments))
    assert names == [f"courier-{place}-orders" for place in found.platform.environments]
    rolled = [action for action in deployments if action["Name"] == "Deploy"]
    (overrides,) = {action["Configuration"]["ParameterOverrides"] for action in rolled}
    sample = overrides.replace("#{Build.IMAGE_URI}", f"{ACCOUNT}.dkr.ecr.x/courier/orders@sha256:{'0a' * 32}")
    parameters = json.loads(re.sub(r"#\{ServiceSource\.(CommitId|VersionId)\}", "0a" * 20, sample))
    for knob in (service_knobs.IMAGE, service_knobs.VERSION):
        assert knob.check(parameters.pop(knob.name)) == ""
    assert not parameters
    assert len(sample) < 1024


@every_variant
def test_code_is_checked_before_the_image_and_each_deployment_is_tested(variant: str) -> None:
    found = delivery(variant)
    assert [stage["Name"] for stage in found.stages][:3] == ["Source", "Quality", "Build"]
    stages = [stage for stage in found.stages if stage["Name"].startswith("Deploy")]
    for stage, place in zip(stages, found.platform.environments.values(), strict=True):
        first, *others = stage["Actions"]
        tests = [a for a in others if a["Name"].lower() in list(words.Test)]
        assert {a["Name"].lower() for a in tests} == set(place.tests)
        assert [a["RunOrder"] for a in others] == list(range(2, 2 + len(others))), "one after the other"
        assert tests[0]["Name"] == "Smoke"
        for test in tests:
            variables = found.variables(test)
            assert variables["IMAGE_DIGEST"] == "#{Build.IMAGE_DIGEST}"
            assert variables["EXPECTED_VERSION"] == variables["COMMIT_ID"]
            if first["Name"] == "Deploy":
                assert variables["SERVICE_URL"] == f"#{{{first['Namespace']}.ServiceUrl}}"


@every_variant
def test_what_needs_approval_waits_for_it(variant: str) -> None:
    found = delivery(variant)
    previous: dict[str, Any] = {}
    asked = []
    for stage in found.stages:
        deploys = [a for a in stage["Actions"] if a["ActionTypeId"]["Provider"] == "CloudFormation"]
        approves = [a for a in previous.get("Actions", []) if a["ActionTypeId"]["Category"] == "Approval"]
        if deploys and approves:
            asked.append(deploys[0]["Configuration"]["StackName"])
            assert len(previous["Actions"]) == 1
            assert "OnFailure" not in previous, "a refusal must not roll anything back"
        previous = stage
    places = found.platform.environments.values()
    assert asked == [f"courier-{place.name}-orders" for place in places if place.approval]
    assert len(found.by("Manual")) == len(asked) > 0


@every_variant
def test_only_deployments_roll_back(variant: str) -> None:
    for stage in delivery(variant).stages:
        deploys = any(a["ActionTypeId"]["Category"] == "Deploy" for a in stage["Actions"])
        assert stage.get("OnFailure") == ({"Result": "ROLLBACK"} if deploys else None)


def test_an_approver_sees_what_it_is_about() -> None:
    configuration = delivery("github").by("Manual")[0]["Configuration"]
    assert configuration["ExternalEntityLink"] == "https://github.com/courier/orders/commit/#{ServiceSource.CommitId}"
    for variable in ("ServiceSource.CommitId", "ServiceSource.CommitMessage", "PlatformSource.CommitId"):
        assert f"#{{{variable}}}" in configuration["CustomData"]
    assert "Author: #{Author.COMMIT_AUTHOR}" in configuration["CustomData"]
    assert "#{DeployStaging.WorstCaseMinutes}" in configuration["CustomData"]
    assert f"{ACCOUNT}/testReports/reportGroups/courier-orders-" in configuration["CustomData"]


def test_names_of_environments_never_clash_with_other_stages() -> None:
    places = "\n".join(
        f"  {name}: {{region: eu-central-1, approval: true}}" for name in ("source", "quality", "build", "service")
    )
    text = HEAD.format(source="{repository: courier/orders}", toolchain=PLATFORM_REPOSITORY, environments=places)
    found = Delivery(platform(text))
    for names in (
        [stage["Name"] for stage in found.stages],
        [action["Namespace"] for _, action in found.actions() if "Namespace" in action],
    ):
        assert len({name.lower() for name in names}) == len(names)


@every_variant
def test_the_nested_stack_gets_its_parameters(variant: str) -> None:
    of = planned(variant)
    service = of.services["orders"]
    inner = Interface.of(builds.build(of, service))
    stack = made(pipeline, of, service).resources["Builds"]
    assert set(stack.Parameters) == set(inner.parameters)
    assert stack.TemplateURL == builds.file(service)


def test_names_of_services_never_clash() -> None:
    names = ("orders", "orders-cache", "orders-image", "orders-quality", "orders-quality-quality")
    text = HEAD.format(source="{repository: courier/orders}", toolchain=PLATFORM_REPOSITORY, environments=NEAR)
    text += "".join(f"  {name}:\n    kind: web\n    source: {{repository: courier/{name}}}\n" for name in names[1:])
    of = platform(text)
    found = []
    for service in of.services.values():
        for module in (builds, pipeline):
            for resource in made(module, of, service).to_dict()["Resources"].values():
                given = resource["Properties"].get("Name", resource["Properties"].get("RepositoryName"))
                if given:
                    found.append((resource["Type"], given))
    assert len(set(found)) == len(found) > 5 * len(names)


def largest() -> Platform:
    """Eight environments, one of them with every test, each in an account and region of its own; the longest names."""
    regions = ("eu-west-1", "eu-west-2", "us-east-1", "us-west-2", "ca-central-1", "ap-southeast-1", "ap-southeast-2")
    places = "\n".join(
        f"  {letter}nvironment{letter}: {{region: {region}, account: '{letter_number:012}', "
        f"approval: {str(letter == 'h').lower()}, tests: [smoke{', regression, load' if letter == 'a' else ''}]}}"
        for letter_number, (letter, region) in enumerate(zip("abcdefgh", (*regions, "ap-northeast-1"), strict=True), 1)
    )
    long = "a-company-with-a-long-name/a-repository-with-a-long-name"
    paths = ", ".join(f"services/with-long-name-{letter}/**" for letter in "abcdefgh")
    text = HEAD.format(
        source=f"{{repository: {long}, paths: [{paths}]}}",
        toolchain=f"{{repository: {long}s}}",
        environments=places,
    )
    return platform(text.replace("courier\n", "courierdeliverys\n").replace("  orders:", "  orders-of-customers-abcd:"))


@pytest.mark.parametrize("module", [pipeline, builds])
def test_even_the_largest_fits_into_a_template(module: Any) -> None:
    of = largest()
    (service,) = of.services.values()
    template = made(module, of, service)
    order.settle(template)
    assert len(render(template).encode()) < TEMPLATE_LIMIT


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "far"])
def test_the_root_has_little_to_pass(variant: str) -> None:
    # It passes each to each of up to 60 pipelines, within the limit of one template.
    assert len(delivery(variant).filled) <= 7
