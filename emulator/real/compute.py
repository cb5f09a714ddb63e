"""Task definitions, services and capacity providers: the ECS API.

ministack's own handlers of task definitions and services drop properties (health checks, runtime platform, grace
period, exec) that its API keeps, so they are replaced.
"""

from typing import Any

from emulator.real.api import Made, Properties, changed_tags, client, generated_name, request


def _register(logical_id: str, properties: Properties, stack_name: str) -> Made:
    family = properties.get("Family") or generated_name(stack_name, logical_id, 255)
    parameters = request("ecs", "RegisterTaskDefinition", properties, family=family)
    made = client("ecs").register_task_definition(**parameters)["taskDefinition"]["taskDefinitionArn"]
    return made, {"TaskDefinitionArn": made}


def _retag(arn: str, old: Properties, new: Properties) -> None:
    changed, gone = changed_tags(old, new)
    if changed:
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in changed]
        client("ecs").tag_resource(resourceArn=arn, tags=tags)
    if gone:
        client("ecs").untag_resource(resourceArn=arn, tagKeys=gone)


def _update_task(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    if {**old, "Tags": None} == {**new, "Tags": None}:
        _retag(physical_id, old, new)
        return physical_id, {"TaskDefinitionArn": physical_id}
    return _register(logical_id, new, stack_name)


def _deregister(physical_id: str, _properties: Properties) -> None:
    client("ecs").deregister_task_definition(taskDefinition=physical_id)


def _create_service(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("ServiceName") or generated_name(stack_name, logical_id, 255)
    # Without a count AWS starts one task.
    count = {} if "DesiredCount" in properties else {"desiredCount": 1}
    parameters = request("ecs", "CreateService", {**properties, "ForceNewDeployment": None}, serviceName=name, **count)
    made = client("ecs").create_service(**parameters)["service"]["serviceArn"]
    return made, {"ServiceArn": made, "Name": name}


def _update_service(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    # A count that the template leaves out is not sent, so that what autoscaling set stays.
    parameters = request("ecs", "UpdateService", {**new, "ForceNewDeployment": None}, service=physical_id)
    for given_once in ("serviceName", "role", "launchType"):
        parameters.pop(given_once, None)
    client("ecs").update_service(**parameters)
    _retag(physical_id, old, new)
    return physical_id, {"ServiceArn": physical_id, "Name": physical_id.rsplit("/", 1)[-1]}


def _delete_service(physical_id: str, properties: Properties) -> None:
    client("ecs").delete_service(cluster=properties.get("Cluster", "default"), service=physical_id, force=True)


def _create_provider(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("Name") or generated_name(stack_name, logical_id, 255)
    client("ecs").create_capacity_provider(**request("ecs", "CreateCapacityProvider", properties, name=name))
    return name, {}


def _update_provider(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Made:
    if {**old, "Tags": None} != {**new, "Tags": None}:
        parameters = request("ecs", "UpdateCapacityProvider", new, name=physical_id)
        parameters["autoScalingGroupProvider"].pop("autoScalingGroupArn", None)
        client("ecs").update_capacity_provider(**parameters)
    return physical_id, {}


def _delete_provider(physical_id: str, _properties: Properties) -> None:
    client("ecs").delete_capacity_provider(capacityProvider=physical_id)


def _associate(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    client("ecs").put_cluster_capacity_providers(
        **request("ecs", "PutClusterCapacityProviders", properties, cluster=properties["Cluster"])
    )
    return str(properties["Cluster"]).rsplit("/", 1)[-1], {}


def _reassociate(physical_id: str, _old: Properties, new: Properties, stack_name: str) -> Made:
    return _associate(physical_id, new, stack_name)


def _disassociate(_physical_id: str, properties: Properties) -> None:
    client("ecs").put_cluster_capacity_providers(
        cluster=properties["Cluster"], capacityProviders=[], defaultCapacityProviderStrategy=[]
    )


HANDLERS: dict[str, dict[str, Any]] = {
    "AWS::ECS::TaskDefinition": {
        "create": _register,
        "update": _update_task,
        "update_with_logical_id": True,
        "delete": _deregister,
    },
    "AWS::ECS::Service": {"create": _create_service, "update": _update_service, "delete": _delete_service},
    "AWS::ECS::CapacityProvider": {"create": _create_provider, "update": _update_provider, "delete": _delete_provider},
    "AWS::ECS::ClusterCapacityProviderAssociations": {
        "create": _associate,
        "update": _reassociate,
        "delete": _disassociate,
    },
}
