"""Build projects name a compute type that CodeBuild has.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import section
from sendy_cfn.checks.house.known import COMPUTE_TYPES
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for project in view.of("AWS::CodeBuild::Project"):
        for name in view.texts(section(project.given, "Environment").get("ComputeType")):
            if name not in COMPUTE_TYPES:
                line = project.at("Environment", "ComputeType")
                yield Found(line, project.id, unknown("ComputeType", name, COMPUTE_TYPES))


RULE = Rule(
    "house-compute-type",
    "A build project names a compute type that CodeBuild has",
    "CodeBuild refuses the project (ValidationException)",
    "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html",
    _find,
)
