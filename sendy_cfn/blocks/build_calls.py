"""What builds call on AWS, read from their build specifications, and the statements that allow it.

Every `aws SERVICE OPERATION` and every `docker` command in a specification needs an entry in CALLS: without one nothing
is generated. Each entry names places; whoever makes the role says what they are there. A place that no build of the
role calls is left out. Commands that services bring along are no part of a specification, and get nothing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from awacs import cloudformation, cloudwatch, codepipeline, ecr, ecs, inspector2, logs, signer, sts

from sendy_cfn.blocks.buildspecs import load
from sendy_cfn.blocks.iam import allow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from awacs.aws import Action, Condition, Statement
    from troposphere import AWSHelperFn

    Arn = AWSHelperFn | str

_COMMENT = re.compile(r"(^|\s)#.*")
_WORD = r"[^\s;|&()]+"
_COMMAND = re.compile(rf"(?<![\w./:-])(as_reader\s+)?((?:aws\s+{_WORD}|docker(?:\s+buildx)?)\s+{_WORD})")


class Place(NamedTuple):
    """What calls of a purpose work on; nothing where the platform doesn't have it."""

    sid: str
    resources: tuple[Arn, ...]
    condition: Condition | None = None


# docker pulls and pushes by the registry's API:
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
PULL = (ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer)
PUSH = (ecr.InitiateLayerUpload, ecr.UploadLayerPart, ecr.CompleteLayerUpload, ecr.PutImage)
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
PULL_THROUGH = (ecr.BatchImportUpstreamImage, ecr.CreateRepository)

# Command -> places and the actions on them. The CLI's operations have the actions' names, with these exceptions:
# get-login-password, https://docs.aws.amazon.com/cli/latest/reference/ecr/get-login-password.html
CALLS: dict[str, dict[str, tuple[Action, ...]]] = {
    "aws cloudformation describe-stacks": {"stacks": (cloudformation.DescribeStacks,)},
    "aws cloudwatch describe-alarms": {"alarms": (cloudwatch.DescribeAlarms,)},
    "aws codepipeline get-pipeline-execution": {"executions": (codepipeline.GetPipelineExecution,)},
    "aws codepipeline list-action-executions": {"executions": (codepipeline.ListActionExecutions,)},
    "aws ecr batch-get-image": {"images": (ecr.BatchGetImage,)},
    # Where Inspector scans, ECR asks it in the caller's name.
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced-iam.html
    "aws ecr describe-image-scan-findings": {
        "images": (ecr.DescribeImageScanFindings,),
        "findings": (inspector2.ListFindings,),
    },
    "aws ecr get-login-password": {"registry": (ecr.GetAuthorizationToken,)},
    "aws ecr start-image-scan": {"images": (ecr.StartImageScan,)},
    "aws ecs describe-services": {"services": (ecs.DescribeServices,)},
    "aws ecs describe-task-definition": {"task definitions": (ecs.DescribeTaskDefinition,)},
    "aws logs filter-log-events": {"event log": (logs.FilterLogEvents,)},
    "aws sts assume-role": {"readers": (sts.AssumeRole,)},
    # ECR signs what is pushed in the name of whoever pushes.
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
    "docker buildx build": {
        "images": (*PULL, *PUSH),
        "base images": (*PULL, *PULL_THROUGH),
        "signatures": (signer.SignPayload,),
    },
    "docker buildx create": {},  # BuildKit's own image is public
    "docker login": {},  # with the password that was asked for
}


class Calls(NamedTuple):
    """Commands of a build, those with its own role and those with the one that it takes on."""

    own: tuple[str, ...]
    as_reader: tuple[str, ...]


@cache
def calls(kind: str) -> Calls:
    """Commands in the build specification of a kind, sorted."""
    own: set[str] = set()
    as_reader: set[str] = set()
    for found in _COMMAND.finditer(_COMMENT.sub("", load(kind))):
        (as_reader if found[1] else own).add(" ".join(found[2].split()))
    return Calls(tuple(sorted(own)), tuple(sorted(as_reader)))


def statements(kinds: Iterable[str], places: Mapping[str, Place], *, as_reader: bool = False) -> list[Statement]:
    """What builds of these kinds need for their calls, one statement for each place, in the order of `places`.

    With `as_reader` it is for the calls that they make with the environment's role.

    Raises:
        LookupError: a command has no entry in CALLS, or a place of its is not known.
    """
    found: dict[str, dict[str, Action]] = {}
    for kind in kinds:
        made = calls(kind)
        for command in made.as_reader if as_reader else made.own:
            if command not in CALLS:
                raise LookupError(f"buildspecs/{kind}.yaml: {command}: say in blocks/build_calls.py what it needs")
            for place, actions in CALLS[command].items():
                if place not in places:
                    raise LookupError(f"buildspecs/{kind}.yaml: {command}: its role has no {place}")
                found.setdefault(place, {}).update((action.JSONrepr(), action) for action in actions)
    return [
        allow(
            place.sid,
            [found[name][action] for action in sorted(found[name])],
            *place.resources,
            condition=place.condition,
        )
        for name, place in places.items()
        if name in found and place.resources
    ]
