"""Nested stacks run by the same engine as any other stack.

ministack provisions a child with a shorter loop of its own, which has no rollback, forgets GetAtt on unchanged
resources, retention and exports. Here a child is a stack like any other, deployed on the worker thread that ministack
gives to nested stacks.

Known difference: a child deletes what an update replaced when the child is done, AWS when the root is done. A rollback
of the root therefore makes such a resource again instead of finding it.
"""

import asyncio
import copy
import uuid
from collections.abc import Mapping
from typing import Any

from emulator import names

Properties = Mapping[str, Any]
Stack = dict[str, Any]
Made = tuple[str, dict[str, Any]]
_KEPT_FOR_ROLLBACK = (
    "_resources",
    "_template",
    "_template_body",
    "_resolved_params",
    "_conditions",
    "Parameters",
    "Tags",
    "Outputs",
)


def create(logical_id: str, properties: Properties, parent_name: str) -> Made:
    """Deploy a child; a failed one is rolled back and deleted.

    Raises:
        ValueError: it failed; the reason names the resource.
    """
    engine = names.load("cloudformation.stacks")
    parent = _stacks()[parent_name]
    name = f"{parent_name}-{logical_id}-{uuid.uuid4().hex[:13].upper()}"
    stack_id = f"arn:aws:cloudformation:{names.region()}:{names.account()}:stack/{name}/{uuid.uuid4()}"
    child: Stack = {
        "StackName": name,
        "StackId": stack_id,
        "CreationTime": engine.now_iso(),
        "Outputs": [],
        "DisableRollback": bool(parent.get("DisableRollback")),
        "ParentId": parent["StackId"],
        "RootId": parent.get("RootId") or parent["StackId"],
        "_parent_stack_name": parent_name,
        "_region": names.region(),
        "_resources": {},
    }
    template = _fill(child, properties, parent)
    _stacks()[name] = child
    names.load("cloudformation")._stack_events[stack_id] = []
    _run(child, "CREATE_IN_PROGRESS", template, None)
    if child["StackStatus"] == "CREATE_COMPLETE":
        return stack_id, _outputs(child)
    reason = _reason(child)
    if child["StackStatus"] == "ROLLBACK_COMPLETE":
        asyncio.run(engine._delete_stack_async(name, stack_id))
    raise ValueError(f"Embedded stack {stack_id} was not successfully created: {reason}")


def update(physical_id: str, _old: Properties, new: Properties, parent_name: str) -> Made:
    """Update a child in place; nothing happens when nothing changed.

    Raises:
        ValueError: it failed and was rolled back; the reason names the resource.
    """
    stacks = _stacks()
    child: Stack = stacks[_name(physical_id)]
    parent = stacks[parent_name]
    previous = {key: copy.deepcopy(child.get(key)) for key in _KEPT_FOR_ROLLBACK}
    draft: Stack = dict(child)
    template = _fill(draft, new, parent)
    handlers = names.load("cloudformation.handlers")
    if handlers._stack_has_no_updates(child, template, draft["_resolved_params"], draft["Tags"], tags_given=True):
        return physical_id, _outputs(child)
    child.update(draft)
    # The root sends a child back by updating it with the old properties.
    reverting = parent["StackStatus"].startswith("UPDATE_ROLLBACK")
    status = "UPDATE_ROLLBACK_IN_PROGRESS" if reverting else "UPDATE_IN_PROGRESS"
    _run(child, status, template, previous)
    if child["StackStatus"] != "UPDATE_COMPLETE":
        raise ValueError(f"Embedded stack {physical_id} was not successfully updated: {_reason(child)}")
    if reverting:
        child["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE"
        _event(child)
    return physical_id, _outputs(child)


def delete(physical_id: str, _properties: Properties) -> None:
    """Delete a child and what it holds, except what its template retains.

    Raises:
        ValueError: something in it could not be deleted.
    """
    child = _stacks().get(_name(physical_id))
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return
    asyncio.run(names.load("cloudformation.stacks")._delete_stack_async(child["StackName"], physical_id))
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise ValueError(child.get("StackStatusReason") or f"Embedded stack {physical_id} was not deleted")


def _stacks() -> Any:
    return names.load("cloudformation")._stacks


def _name(stack_id: str) -> str:
    return stack_id.split("/")[1]


def _fill(child: Stack, properties: Properties, parent: Stack) -> dict[str, Any]:
    """Put template, parameters and tags of this deployment into the child; returns the template."""
    engine, provisioners = names.load("cloudformation.engine"), names.load("cloudformation.provisioners")
    body, error = names.load("cloudformation.helpers")._resolve_template({"TemplateURL": [properties["TemplateURL"]]})
    if error is not None or not body:
        raise ValueError(f"S3 error: cannot read the template {properties['TemplateURL']}")
    template: dict[str, Any] = engine._parse_template(body)
    provisioners._check_nested_stack_capabilities(parent["StackName"], template)
    given = [{"Key": key, "Value": str(value)} for key, value in (properties.get("Parameters") or {}).items()]
    values = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, values)
    engine.validate_template_support(template, conditions, params=values)
    tags = provisioners._tag_map(properties.get("Tags"))
    child |= {
        "LastUpdatedTime": names.load("cloudformation.stacks").now_iso(),
        "Description": template.get("Description", ""),
        "StackStatusReason": "",
        "Capabilities": list(parent.get("Capabilities") or []),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value["Value"], "NoEcho": value["NoEcho"]}
            for key, value in values.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")],
        "_conditions": conditions,
        "_resolved_params": values,
        "_template": template,
        "_template_body": body,
    }
    return template


def _run(child: Stack, status: str, template: dict[str, Any], previous: Stack | None) -> None:
    """Deploy on a loop of this thread's own; the engine hands grandchildren to further threads."""
    child["StackStatus"] = status
    _event(child)
    asyncio.run(
        names.load("cloudformation.stacks")._deploy_stack_async(
            child["StackName"],
            child["StackId"],
            template,
            child["_resolved_params"],
            # A failed create keeps its pieces only where the root says so; a failed update always goes back.
            child["DisableRollback"] and previous is None,
            child["Tags"],
            is_update=previous is not None,
            previous_stack=previous,
        )
    )


def _event(child: Stack) -> None:
    names.load("cloudformation.stacks")._add_event(
        child["StackId"],
        child["StackName"],
        child["StackName"],
        "AWS::CloudFormation::Stack",
        child["StackStatus"],
        physical_id=child["StackId"],
    )


def _reason(child: Stack) -> str:
    """The first failure of the last operation, with its resource."""
    events: list[dict[str, Any]] = names.load("cloudformation")._stack_events[child["StackId"]]
    failed: list[dict[str, Any]] = []
    for event in reversed(events):
        started = event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
        if started and event["LogicalResourceId"] == child["StackName"]:
            break
        if event["ResourceStatus"] in ("CREATE_FAILED", "UPDATE_FAILED"):
            failed.append(event)
    if not failed:
        return str(child.get("StackStatusReason", ""))
    first = failed[-1]
    return f"The following resource(s) failed: [{first['LogicalResourceId']}]. {first['ResourceStatusReason']}"


def _outputs(child: Stack) -> dict[str, Any]:
    return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in child["Outputs"]}


HANDLER: dict[str, Any] = {"create": create, "update": update, "delete": delete}
