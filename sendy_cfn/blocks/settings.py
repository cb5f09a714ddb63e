"""Values that builds read when they run: thresholds and images, kept as SSM parameters of the toolchain.

A changed value holds from the next build on, without an update of a single pipeline. Handed over as template
parameters, each would also stand in the toolchain's root once per pipeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from awacs import ssm as actions
from troposphere import Sub, ssm

from sendy_cfn.blocks.iam import allow
from sendy_cfn.knobs import toolchain as knobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awacs.aws import Statement
    from troposphere import AWSHelperFn

    from sendy_cfn.parameters import Knob

# Variable of the builds -> the parameter of the toolchain that has its value.
SETTINGS: dict[str, Knob] = {
    "BUILDKIT_IMAGE": knobs.BUILDKIT_IMAGE,
    "SBOM_GENERATOR": knobs.SBOM_GENERATOR,
    "FAIL_ON": knobs.FAIL_ON_SEVERITY,
    "MAX_P95_MILLISECONDS": knobs.MAX_P95_MILLISECONDS,
    "MAX_ERROR_PERCENT": knobs.MAX_ERROR_PERCENT,
    "LOAD_REQUESTS_PER_SECOND": knobs.LOAD_REQUESTS_PER_SECOND,
}


class Stored(NamedTuple):
    """A variable whose value CodeBuild reads from an SSM parameter when the build starts."""

    name: str  # of the SSM parameter


def stored(platform: str, variable: str) -> Stored:
    """Where the value of a variable is."""
    return Stored(f"/{platform}/toolchain/settings/{variable.lower().replace('_', '-')}")


def parameter(platform: str, variable: str, description: str, value: AWSHelperFn) -> ssm.Parameter:
    """The SSM parameter that holds the value of a variable."""
    title = "".join(part.capitalize() for part in variable.split("_"))
    return ssm.Parameter(
        f"{title}Setting",
        Type="String",
        Name=stored(platform, variable).name,
        Description=description,
        Value=value,
    )


def reading(variables: Iterable[object]) -> list[Statement]:
    """What a build's role needs to start with those of its variables that are stored."""
    names = sorted({value.name for value in variables if isinstance(value, Stored)})
    arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    return [allow("ReadSettings", [actions.GetParameters], *(Sub(arn + name) for name in names))] if names else []
