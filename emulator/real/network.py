"""Elastic IPs, NAT gateways, flow logs, security group rules, egress-only gateways: the EC2 API."""

from typing import Any

from emulator.real.api import Made, Properties, changed_tags, client, request


def _tagged(kind: str, properties: Properties) -> dict[str, Any]:
    tags = properties.get("Tags")
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def _retag(resource_id: str, old: Properties, new: Properties) -> None:
    changed, gone = changed_tags(old, new)
    if changed:
        client("ec2").create_tags(Resources=[resource_id], Tags=changed)
    if gone:
        client("ec2").delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in gone])


def _address(public_ip: str) -> dict[str, Any] | None:
    addresses: list[dict[str, Any]] = client("ec2").describe_addresses()["Addresses"]
    return next((address for address in addresses if address["PublicIp"] == public_ip), None)


def _create_address(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    made = client("ec2").allocate_address(Domain="vpc", **_tagged("elastic-ip", properties))
    return made["PublicIp"], {"PublicIp": made["PublicIp"], "AllocationId": made["AllocationId"]}


def _update_address(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    address = _address(physical_id)
    if address is None:
        raise ValueError(f"Address {physical_id} does not exist")
    _retag(address["AllocationId"], old, new)
    return physical_id, {"PublicIp": physical_id, "AllocationId": address["AllocationId"]}


def _delete_address(physical_id: str, _properties: Properties) -> None:
    address = _address(physical_id)
    if address is not None:
        client("ec2").release_address(AllocationId=address["AllocationId"])


def _create_nat(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    parameters = request("ec2", "CreateNatGateway", {**properties, "Tags": None}, **_tagged("natgateway", properties))
    made = client("ec2").create_nat_gateway(**parameters)["NatGateway"]["NatGatewayId"]
    return made, {"NatGatewayId": made}


def _update_nat(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    _retag(physical_id, old, new)
    return physical_id, {"NatGatewayId": physical_id}


def _delete_nat(physical_id: str, _properties: Properties) -> None:
    client("ec2").delete_nat_gateway(NatGatewayId=physical_id)


def _create_flow_log(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    parameters = request(
        "ec2",
        "CreateFlowLogs",
        {**properties, "Tags": None, "ResourceId": None},
        ResourceIds=[properties["ResourceId"]],
        **_tagged("vpc-flow-log", properties),
    )
    made = client("ec2").create_flow_logs(**parameters)["FlowLogIds"][0]
    return made, {"Id": made}


def _update_flow_log(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    _retag(physical_id, old, new)
    return physical_id, {"Id": physical_id}


def _delete_flow_log(physical_id: str, _properties: Properties) -> None:
    client("ec2").delete_flow_logs(FlowLogIds=[physical_id])


def _permission(properties: Properties) -> dict[str, Any]:
    """One rule in the shape that the API takes."""
    made: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    made |= {key: int(properties[key]) for key in ("FromPort", "ToPort") if key in properties}
    note = {"Description": properties["Description"]} if "Description" in properties else {}
    peers = {
        "CidrIp": ("IpRanges", "CidrIp"),
        "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
        "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
        "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    }
    for key, (peer, name) in peers.items():
        if key in properties:
            made[peer] = [{name: properties[key], **note}]
    return made


def _rule_handler(direction: str) -> dict[str, Any]:
    """Handler of SecurityGroupIngress and SecurityGroupEgress; only the description can be changed."""

    def create(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
        authorize = getattr(client("ec2"), f"authorize_security_group_{direction}")
        made = authorize(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])
        rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule, {"Id": rule}

    def update(physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Made:
        peers = {"CidrIp": "CidrIpv4", "CidrIpv6": "CidrIpv6"}
        for side in ("Source", "Destination"):
            peers |= {f"{side}PrefixListId": "PrefixListId", f"{side}SecurityGroupId": "ReferencedGroupId"}
        rule = {name: new[name] for name in ("IpProtocol", "FromPort", "ToPort", "Description") if name in new}
        rule |= {name: new[key] for key, name in peers.items() if key in new}
        changes = [{"SecurityGroupRuleId": physical_id, "SecurityGroupRule": rule}]
        client("ec2").modify_security_group_rules(GroupId=new["GroupId"], SecurityGroupRules=changes)
        return physical_id, {"Id": physical_id}

    def delete(physical_id: str, properties: Properties) -> None:
        revoke = getattr(client("ec2"), f"revoke_security_group_{direction}")
        revoke(GroupId=properties["GroupId"], SecurityGroupRuleIds=[physical_id])

    return {"create": create, "update": update, "delete": delete}


def _create_egress_only(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    made = client("ec2").create_egress_only_internet_gateway(VpcId=properties["VpcId"])
    gateway = made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    return gateway, {"Id": gateway}


def _update_egress_only(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    _retag(physical_id, old, new)
    return physical_id, {"Id": physical_id}


def _delete_egress_only(physical_id: str, _properties: Properties) -> None:
    client("ec2").delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=physical_id)


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::EC2::EIP": {"create": _create_address, "update": _update_address, "delete": _delete_address},
    "AWS::EC2::NatGateway": {"create": _create_nat, "update": _update_nat, "delete": _delete_nat},
    "AWS::EC2::FlowLog": {"create": _create_flow_log, "update": _update_flow_log, "delete": _delete_flow_log},
    "AWS::EC2::SecurityGroupIngress": _rule_handler("ingress"),
    "AWS::EC2::SecurityGroupEgress": _rule_handler("egress"),
    "AWS::EC2::EgressOnlyInternetGateway": {
        "create": _create_egress_only,
        "update": _update_egress_only,
        "delete": _delete_egress_only,
    },
}
