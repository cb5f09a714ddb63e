"""Alarms, anomaly detectors and saved queries: the APIs of CloudWatch, CloudWatch Logs and Athena.

ministack's own handler of alarms takes those of one metric only.
"""

from typing import Any

from emulator import names
from emulator.real.api import Made, Properties, client, generated_name, request


def _alarm(operation: str, kind: str) -> dict[str, Any]:
    """The handler of a kind of alarm: a change of the name makes another one, and the engine deletes the first."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name = properties.get("AlarmName") or generated_name(stack_name, logical_id, 255)
        untagged = {key: value for key, value in properties.items() if key != "Tags"}
        cloudwatch = client("cloudwatch")
        put = {"PutMetricAlarm": cloudwatch.put_metric_alarm, "PutCompositeAlarm": cloudwatch.put_composite_alarm}
        put[operation](**request("cloudwatch", operation, untagged, AlarmName=name))
        # The API takes tags of new alarms only, and none of CloudFormation's own.
        names.load("cloudwatch").cloudformation_set_metric_alarm_tags(name, properties.get("Tags") or [])
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[kind])[f"{kind}s"]
        return name, {"Arn": found[0]["AlarmArn"]}

    def update(_physical_id: str, _old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
        return create(logical_id, new, stack_name)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": _delete_alarm}


def _delete_alarm(physical_id: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[physical_id])


def _create_detector(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    parameters = request("cloudwatch", "PutAnomalyDetector", properties)
    made = client("cloudwatch").put_anomaly_detector(**parameters)["AnomalyDetectorId"]
    return made, {"Id": made}


def _update_detector(_physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Made:
    """The same metric has the same detector; another metric has another one."""
    return _create_detector("", new, "")


def _delete_detector(physical_id: str, _properties: Properties) -> None:
    client("cloudwatch").delete_anomaly_detector(AnomalyDetectorId=physical_id)


def _save_query(_logical_id: str, properties: Properties, _stack_name: str, **more: str) -> Made:
    made = client("logs").put_query_definition(**request("logs", "PutQueryDefinition", properties, **more))
    return made["queryDefinitionId"], {"QueryDefinitionId": made["queryDefinitionId"]}


def _change_query(physical_id: str, _old: Properties, new: Properties, stack_name: str) -> Made:
    return _save_query("", new, stack_name, queryDefinitionId=physical_id)


def _delete_query(physical_id: str, _properties: Properties) -> None:
    client("logs").delete_query_definition(queryDefinitionId=physical_id)


def _name_query(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("Name") or generated_name(stack_name, logical_id, 128)
    made = client("athena").create_named_query(**request("athena", "CreateNamedQuery", properties, Name=name))
    return made["NamedQueryId"], {"NamedQueryId": made["NamedQueryId"]}


def _rename_query(_physical_id: str, _old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    """Each property is fixed at creation; the engine deletes what is replaced."""
    return _name_query(logical_id, new, stack_name)


def _forget_query(physical_id: str, _properties: Properties) -> None:
    client("athena").delete_named_query(NamedQueryId=physical_id)


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::CloudWatch::Alarm": _alarm("PutMetricAlarm", "MetricAlarm"),
    "AWS::CloudWatch::CompositeAlarm": _alarm("PutCompositeAlarm", "CompositeAlarm"),
    "AWS::CloudWatch::AnomalyDetector": {
        "create": _create_detector,
        "update": _update_detector,
        "delete": _delete_detector,
    },
    "AWS::Logs::QueryDefinition": {"create": _save_query, "update": _change_query, "delete": _delete_query},
    "AWS::Athena::NamedQuery": {
        "create": _name_query,
        "update": _rename_query,
        "update_with_logical_id": True,
        "delete": _forget_query,
    },
}
