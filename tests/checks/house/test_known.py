"""Lists of names are held against those that are installed."""

from __future__ import annotations

import re
from pathlib import Path

import awacs
import botocore.session
import pytest

from sendy_cfn.checks.house import build_image, known
from sendy_cfn.checks.house.service_principal import misspelt

ATTRIBUTE = re.compile(r"<li>\s*<p>\s*<code>([a-z0-9_]+(?:\.[a-z0-9_]+)+)</code>")


def test_attributes_and_compute_types_are_botocores() -> None:
    """Newer versions of botocore may have more: then they belong into known.py."""
    session = botocore.session.Session()
    balancing = session.get_service_model("elbv2")
    for shape, names in (
        ("LoadBalancerAttribute", known.LOAD_BALANCER_ATTRIBUTES),
        ("TargetGroupAttribute", known.TARGET_GROUP_ATTRIBUTES),
    ):
        listed = ATTRIBUTE.findall(balancing.shape_for(shape).members["Key"].documentation)
        assert set(listed) <= names, shape
    assert set(session.get_service_model("codebuild").shape_for("ComputeType").enum) <= known.COMPUTE_TYPES


def test_no_service_with_actions_of_its_own_is_taken_for_a_misspelt_one() -> None:
    texts = [path.read_text(encoding="utf-8") for path in Path(awacs.__file__).parent.glob("*.py")]
    prefixes = {prefix for text in texts for prefix in re.findall(r'^prefix = "(.+)"', text, re.MULTILINE)}
    assert len(prefixes) > 300
    assert [prefix for prefix in sorted(prefixes) if misspelt(f"{prefix}.amazonaws.com")] == []


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("ecs-task.amazonaws.com", "ecs-tasks.amazonaws.com"),
        ("ecs-tasks.amazon.com", "ecs-tasks.amazonaws.com"),
        ("ecs-tasks.amazonaws.co", "ecs-tasks.amazonaws.com"),
        ("ecs-tasks", "ecs-tasks.amazonaws.com"),
        ("codebiuld.amazonaws.com", "codebuild.amazonaws.com"),
        ("Lambda.amazonaws.com", "lambda.amazonaws.com"),
        ("log.eu-central-1.amazonaws.com", "logs.amazonaws.com"),
        ("logs.eu-central-1.amazonaws.com", ""),
        ("us-east-1.elasticache-snapshot.amazonaws.com", ""),
        ("ec2.amazonaws.com.cn", ""),
        ("ecs-tasks.amazonaws.eu", ""),
        ("lambda.c2s.ic.gov", ""),
        ("alexa-appkit.amazon.com", ""),
        ("wholly-new-service.amazonaws.com", ""),
    ],
)
def test_a_principal_is_misspelt_only_if_it_looks_like_another(name: str, right: str) -> None:
    assert misspelt(name) == right


def test_images_are_listed_as_they_are_written() -> None:
    assert "aws/codebuild/standard:7.0" in build_image.ALL
    assert known.IMAGES.keys().isdisjoint(known.OTHER_IMAGES)
