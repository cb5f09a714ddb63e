"""Findings of AWS's offline validator that are accepted, each with its reason.

An entry whose resource exists without drawing the finding fails the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sendy_cfn.checks.findings import Finding


@dataclass(frozen=True, slots=True)
class Suppression:
    """One accepted finding."""

    rule: str
    template: str  # file name; * as in the shell, for what is emitted once per service or environment
    resource: str  # logical id, * likewise
    reason: str

    def covers(self, template: str, resource: str) -> bool:
        """Whether the entry is about this resource (or parameter, or output) of this file."""
        return fnmatchcase(template, self.template) and fnmatchcase(resource, self.resource)

    def accepts(self, finding: Finding) -> bool:
        """Whether the finding is the accepted one."""
        return finding.rule == self.rule and self.covers(finding.template.rpartition("/")[2], finding.resource)


PACKAGED = "TemplateURL is a relative path on purpose: linters follow it, `package` rewrites it to S3"

GUARDED = "each such reference is inside Fn::If with its target's condition, which the validator does not follow"
RESOLVED = (
    "CloudFormation resolves the parameter to a list before it reaches the property: "
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html"
)
CHOSEN = "the reference is inside Fn::If with the condition that the parameter is not empty"

SUPPRESSIONS = (
    Suppression("W3002", "environment*.yaml", "*", PACKAGED),
    Suppression("W3002", "toolchain*.yaml", "*", PACKAGED),
    Suppression("W3002", "pipeline-*.yaml", "*", PACKAGED),
    Suppression("W1001", "network.yaml", "PublicSubnetIds", GUARDED),
    Suppression("W1001", "network.yaml", "PrivateSubnetIds", GUARDED),
    Suppression("W1001", "network-throwaway.yaml", "PublicSubnetIds", GUARDED),
    Suppression("W1001", "network-throwaway.yaml", "PrivateSubnetIds", GUARDED),
    Suppression("W1001", "network*.yaml", "HostedZoneId", GUARDED),
    Suppression("W1001", "network*.yaml", "NameServers", GUARDED),
    Suppression("W1001", "source.yaml", "ConnectionArn", GUARDED),
    Suppression("W1030", "network*.yaml", "FlowLogRole", CHOSEN),
    Suppression("W1030", "cluster*.yaml", "InstanceRole", CHOSEN),
    Suppression("W1030", "deploy-roles.yaml", "*Role", CHOSEN),
    Suppression("W1030", "release-tools.yaml", "*Role", CHOSEN),
    Suppression("W1030", "pipeline-*.yaml", "*Role", CHOSEN),
    Suppression("W1030", "builds-*.yaml", "*Role", CHOSEN),
    Suppression("W9003", "service-*.yaml", "Service", RESOLVED),
    Suppression("W9003", "service-*.yaml", "GreenService", RESOLVED),
    Suppression("W9003", "service-*.yaml", "TrafficShiftService", RESOLVED),
    Suppression("W9003", "service-*.yaml", "CodeDeployService", RESOLVED),
)
