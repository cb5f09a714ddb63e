"""Log groups of all templates: one per concern, kept as long as a value says, encrypted; and nothing logs elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from sendy_cfn.knobs import common
from tests.generated import CASES, Document, Generated, generated
from tests.stacks.clusters import named

# What writes lines, and the property that says where to.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
WRITERS = {
    "AWS::CodeBuild::Project": "LogsConfig",
    "AWS::EC2::FlowLog": "LogGroupName",
    "AWS::ECS::Cluster": "Configuration",
    "AWS::ECS::TaskDefinition": "ContainerDefinitions",
    "AWS::Events::Rule": "Targets",
    "AWS::WAFv2::LoggingConfiguration": "LogDestinationConfigs",
}
# Writers that always have a group; a rule has other targets, a cluster may log no commands.
ALWAYS = set(WRITERS) - {"AWS::ECS::Cluster", "AWS::Events::Rule"}
# Delivery's log has events, and the line about each release that a build makes of them, which is how it is written.
DELIVERY = {"AWS::CodeBuild::Project", "AWS::Events::Rule"}


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def groups(template: Document) -> dict[str, Document]:
    return {
        title: body["Properties"]
        for title, body in template["Resources"].items()
        if body["Type"] == "AWS::Logs::LogGroup"
    }


def written(template: Document) -> dict[str, set[str]]:
    """Log group -> kinds of what writes to it."""
    found: dict[str, set[str]] = defaultdict(set)
    for body in template["Resources"].values():
        kind = body["Type"]
        if kind in WRITERS:
            for title in named(body["Properties"].get(WRITERS[kind])) & set(groups(template)):
                found[title].add(kind)
            # Container Insights writes to a group of a fixed name, which has to be there before.
            if kind == "AWS::ECS::Cluster":
                before = body.get("DependsOn", [])
                for title in {before} if isinstance(before, str) else set(before):
                    name = groups(template)[title]["LogGroupName"]["Fn::Sub"]
                    assert name.startswith("/aws/ecs/containerinsights/")
                    found[title].add("Container Insights")
    return found


def test_each_is_kept_as_long_as_a_value_says_and_encrypted(made: Generated) -> None:
    seen = 0
    for file, template in made.templates.items():
        for title, group in groups(template).items():
            where = f"{file} {title}"
            retention = group["RetentionInDays"]["Ref"]
            parameter = template["Parameters"][retention]
            assert parameter["Type"] == "Number", where
            assert set(map(int, parameter["AllowedValues"])) == set(common.RETENTION_DAYS), where
            (key,) = named(group["KmsKeyId"])
            declared: Any = template["Parameters"].get(key) or template["Resources"][key]
            assert "KeyArn" in key or declared["Type"] == "AWS::KMS::Key", where
            seen += 1
    assert seen > 5


def test_each_has_one_concern(made: Generated) -> None:
    for file, template in made.templates.items():
        found = written(template)
        for title in groups(template):
            of_delivery = file == "delivery-monitoring.yaml" and found[title] == DELIVERY
            assert len(found[title]) == 1 or of_delivery, f"{file} {title}: {found[title]}"


def test_whatever_writes_lines_has_a_group_of_its_template(made: Generated) -> None:
    seen = set()
    for file, template in made.templates.items():
        for title, body in template["Resources"].items():
            if body["Type"] in ALWAYS:
                to = named(body["Properties"][WRITERS[body["Type"]]]) & set(groups(template))
                assert len(to) == 1, f"{file} {title}: {to}"
                seen.add(body["Type"])
    assert {"AWS::CodeBuild::Project", "AWS::ECS::TaskDefinition"} <= seen


def test_a_service_has_one_for_all_of_its_sides(made: Generated) -> None:
    for file, template in made.templates.items():
        if file.startswith("service-"):
            assert len(groups(template)) == 1, file
