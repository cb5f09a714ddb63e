"""The connection to the Git host, through which pipelines read repositories and hear of pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, If, Output, Sub, codeconnections

from sendy_cfn import wires
from sendy_cfn.blocks import skeleton
from sendy_cfn.blocks.suppress import GUARDED, suppress_output
from sendy_cfn.config.words import Connection
from sendy_cfn.knobs import toolchain as knobs

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform

PROVIDER_TYPE = {Connection.GITHUB: "GitHub", Connection.GITLAB: "GitLab", Connection.BITBUCKET: "Bitbucket"}

MAKES_CONNECTION = "MakesConnection"


def build(platform: Platform, *, shared: bool = False) -> Template:
    """The template. A new connection is PENDING until somebody approves it at `ConnectionApprovalUrl`, once.

    `shared`: the roots of further cells use it too.
    """
    template = skeleton.new(f"{platform.platform}: connection to the Git host")
    existing = knobs.EXISTING_CONNECTION_ARN.take(template)
    template.add_condition(MAKES_CONNECTION, Equals(existing, ""))
    connection = template.add_resource(
        codeconnections.Connection(
            "Connection",
            Condition=MAKES_CONNECTION,
            # Required, and what a person looks for in the console. AWS: at most 32 characters, unique in the account.
            # https://docs.aws.amazon.com/codeconnections/latest/APIReference/API_Connection.html
            ConnectionName=platform.platform,
            ProviderType=PROVIDER_TYPE[platform.toolchain.connection],
        )
    )
    offer = wires.toolchain_offer(template, platform.platform, shared=shared)
    offer(wires.CONNECTION_ARN, If(MAKES_CONNECTION, connection.get_att("ConnectionArn"), existing))
    suppress_output(template, "W1001", [wires.CONNECTION_ARN.name], GUARDED)
    template.add_output(
        Output(
            "ConnectionApprovalUrl",
            Description="Where the connection is approved, once; no pipeline starts before that",
            # https://docs.aws.amazon.com/dtconsole/latest/userguide/connections-update.html
            Value=Sub(
                "https://${AWS::Region}.console.aws.amazon.com/codesuite/settings/connections?region=${AWS::Region}"
            ),
        )
    )
    return template
