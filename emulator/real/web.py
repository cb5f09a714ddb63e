"""Web ACL associations and composite alarms."""

from typing import Any

from emulator.real.api import Made, Properties, client, generated_name, request


def _protect(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    client("wafv2").associate_web_acl(WebACLArn=properties["WebACLArn"], ResourceArn=properties["ResourceArn"])
    return f"{properties['ResourceArn']}|{properties['WebACLArn']}", {}


def _unprotect(_physical_id: str, properties: Properties) -> None:
    client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


def _put_alarm(logical_id: str, properties: Properties, stack_name: str) -> Made:
    return _write_alarm(properties.get("AlarmName") or generated_name(stack_name, logical_id, 255), properties)


def _change_alarm(physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Made:
    return _write_alarm(physical_id, new)


def _write_alarm(name: str, properties: Properties) -> Made:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_composite_alarm(**request("cloudwatch", "PutCompositeAlarm", properties, AlarmName=name))
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return name, {"Arn": found[0]["AlarmArn"]}


def _delete_alarm(physical_id: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[physical_id])


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::WAFv2::WebACLAssociation": {"create": _protect, "delete": _unprotect},
    "AWS::CloudWatch::CompositeAlarm": {"create": _put_alarm, "update": _change_alarm, "delete": _delete_alarm},
}
