"""A VPC that exists already, taken by its ids; the environment's key and hosted zone. Offers what `network` offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, Join, Sub

from sendy_cfn import wires
from sendy_cfn.blocks import kms, net, skeleton
from sendy_cfn.blocks.suppress import GUARDED, suppress_output
from sendy_cfn.knobs import common
from sendy_cfn.knobs import network as knobs

if TYPE_CHECKING:
    from troposphere import Ref, Template

    from sendy_cfn.config.model import Platform
    from sendy_cfn.parameters import Knob


def build(platform: Platform, *, throwaway: bool = False) -> Template:
    """The network template of environments in an existing VPC; `throwaway` ones leave no key behind."""
    template = skeleton.new(f"{platform.platform}: key and hosted zone of an environment in an existing VPC")
    common.ENVIRONMENT.take(template)
    vpc = knobs.EXISTING_VPC_ID.take(template)
    public = knobs.EXISTING_PUBLIC_SUBNET_IDS.take(template)
    private = knobs.EXISTING_PRIVATE_SUBNET_IDS.take(template)
    template.add_rule("PublicSubnetsAreInVpc", _in_vpc(knobs.EXISTING_PUBLIC_SUBNET_IDS, vpc))
    template.add_rule("PrivateSubnetsAreInVpc", _in_vpc(knobs.EXISTING_PRIVATE_SUBNET_IDS, vpc))

    key = template.add_resource(kms.environment_key(platform.platform, throwaway=throwaway))
    template.add_resource(kms.alias("KeyAlias", Sub(f"alias/{platform.platform}-${{Environment}}"), key))

    wires.publish(template, platform.platform, wires.VPC_ID, vpc)
    wires.PUBLIC_SUBNET_IDS.offer(template, Join(",", public))
    wires.publish(template, platform.platform, wires.PRIVATE_SUBNET_IDS, Join(",", private))
    wires.publish(template, platform.platform, wires.KEY_ARN, key.get_att("Arn"))
    if platform.has_domain:
        existing = knobs.EXISTING_HOSTED_ZONE_ID.take(template)
        template.add_condition(net.CREATES_HOSTED_ZONE, Equals(existing, ""))
        hosted_zone = template.add_resource(net.hosted_zone(common.DOMAIN_NAME.take(template)))
        wires.publish(template, platform.platform, wires.HOSTED_ZONE_ID, net.hosted_zone_id(hosted_zone, existing))
        template.add_output(net.name_servers(hosted_zone))
        suppress_output(template, "W1001", [wires.HOSTED_ZONE_ID.name, net.NAME_SERVERS], GUARDED)
    return template


def _in_vpc(subnets: Knob, vpc: Ref) -> dict[str, Any]:
    """A rule that CloudFormation checks before it makes anything.

    Rules can't count or compare zones: too few subnets fail at the load balancer.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    belong = {"Fn::EachMemberEquals": [{"Fn::ValueOf": [subnets.name, "VpcId"]}, vpc]}
    return {"Assertions": [{"Assert": belong, "AssertDescription": f"{subnets.name}: not all are in ExistingVpcId"}]}
