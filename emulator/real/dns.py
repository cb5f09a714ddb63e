"""Health checks and record sets: the Route 53 API."""

import uuid
from typing import Any

from emulator.real.api import Made, Properties, as_map, client, request


def _retag(check: str, old: Properties, new: Properties) -> None:
    before, after = as_map(old.get("HealthCheckTags") or []), as_map(new.get("HealthCheckTags") or [])
    added = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    gone = sorted(before.keys() - after.keys())
    parts: dict[str, Any] = {"AddTags": added} if added else {}
    parts |= {"RemoveTagKeys": gone} if gone else {}
    if parts:
        client("route53").change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, **parts)


def _create_check(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    parameters = request("route53", "CreateHealthCheck", properties, CallerReference=str(uuid.uuid4()))
    made = client("route53").create_health_check(**parameters)["HealthCheck"]["Id"]
    _retag(made, {}, properties)
    return made, {"HealthCheckId": made}


def _update_check(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    config = {**new["HealthCheckConfig"]}
    for fixed in ("Type", "MeasureLatency", "RequestInterval"):
        config.pop(fixed, None)
    client("route53").update_health_check(**request("route53", "UpdateHealthCheck", config, HealthCheckId=physical_id))
    _retag(physical_id, old, new)
    return physical_id, {"HealthCheckId": physical_id}


def _delete_check(physical_id: str, _properties: Properties) -> None:
    client("route53").delete_health_check(HealthCheckId=physical_id)


def _zone(properties: Properties) -> str:
    if "HostedZoneId" in properties:
        return str(properties["HostedZoneId"])
    name = str(properties["HostedZoneName"])
    zones = [zone for zone in client("route53").list_hosted_zones()["HostedZones"] if zone["Name"] == name]
    if len(zones) != 1:
        raise ValueError(f"Found {len(zones)} hosted zones named {name}")
    return str(zones[0]["Id"]).removeprefix("/hostedzone/")


def _record(properties: Properties) -> dict[str, Any]:
    """A record set in the shape of the API, which wraps every value."""
    values = [{"Value": value} for value in properties.get("ResourceRecords") or []]
    return {**properties, "ResourceRecords": values or None}


def _change(zone: str, changes: list[tuple[str, Properties]]) -> None:
    batch = [{"Action": action, "ResourceRecordSet": _record(record)} for action, record in changes]
    if batch:
        parameters = request("route53", "ChangeResourceRecordSets", {"ChangeBatch": {"Changes": batch}})
        client("route53").change_resource_record_sets(HostedZoneId=zone, **parameters)


def _create_record(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    _change(_zone(properties), [("CREATE", properties)])
    return properties["Name"], {}


def _update_record(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    if _identity(old) == _identity(new):
        _change(_zone(new), [("UPSERT", new)])
        return physical_id, {}
    # One batch, so that the name never goes unanswered.
    _change(_zone(new), [("DELETE", old), ("CREATE", new)])
    return new["Name"], {}


def _delete_record(_physical_id: str, properties: Properties) -> None:
    if _exists(properties):
        _change(_zone(properties), [("DELETE", properties)])


def _exists(record: Properties) -> bool:
    pages = client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=_zone(record))
    return _identity(record) in [_identity(found) for page in pages for found in page["ResourceRecordSets"]]


def _identity(record: Properties) -> tuple[str, str, str]:
    return str(record["Name"]).rstrip("."), str(record["Type"]), str(record.get("SetIdentifier", ""))


def _create_group(logical_id: str, properties: Properties, stack_name: str) -> Made:
    _change(_zone(properties), [("CREATE", record) for record in properties.get("RecordSets") or []])
    group = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
    return group, {"Id": group}


def _update_group(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    before = {_identity(record): record for record in old.get("RecordSets") or []}
    after = {_identity(record): record for record in new.get("RecordSets") or []}
    gone = [("DELETE", record) for key, record in before.items() if key not in after]
    changed = [("UPSERT", record) for key, record in after.items() if before.get(key) != record]
    _change(_zone(new), gone + changed)
    return physical_id, {"Id": physical_id}


def _delete_group(_physical_id: str, properties: Properties) -> None:
    _change(_zone(properties), [("DELETE", record) for record in properties.get("RecordSets") or []])


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::Route53::HealthCheck": {"create": _create_check, "update": _update_check, "delete": _delete_check},
    "AWS::Route53::RecordSet": {"create": _create_record, "update": _update_record, "delete": _delete_record},
    "AWS::Route53::RecordSetGroup": {"create": _create_group, "update": _update_group, "delete": _delete_group},
}
