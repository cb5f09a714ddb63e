"""Images of CodeBuild's own exist.

Only names below aws/ are looked at: others are Docker Hub's or somebody's registry. Behind a known tag, the exact
release may follow, as in standard:7.0-24.10.29.
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import section
from sendy_cfn.checks.house.known import IMAGES, OTHER_IMAGES
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

PREFIX = "aws/codebuild/"
ALL = frozenset(f"{PREFIX}{name}:{tag}" for name, tags in IMAGES.items() for tag in tags)


def _find(view: View) -> Iterator[Found]:
    for project in view.of("AWS::CodeBuild::Project"):
        for image in view.texts(section(project.given, "Environment").get("Image")):
            if image.startswith("aws/") and not _exists(image):
                yield Found(project.at("Environment", "Image"), project.id, unknown("Image", image, ALL))


def _exists(image: str) -> bool:
    name, _, tag = image.removeprefix(PREFIX).partition(":")
    if not image.startswith(PREFIX):
        return False
    if name in OTHER_IMAGES or name.startswith("ami/") or "@" in name:
        return True
    tags = IMAGES.get(name.replace("amazonlinux2-", "amazonlinux-"), frozenset())
    return any(tag == one or tag.startswith(f"{one}-") for one in tags)


RULE = Rule(
    "house-build-image",
    "An image below aws/ is one that CodeBuild provides",
    "no build starts: CodeBuild cannot pull the image",
    "https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html",
    _find,
)
