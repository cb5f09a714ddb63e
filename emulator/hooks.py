"""Around every resource action of ministack's engine: check before, write down after."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator import names, recorder, references, schema
from emulator.state import Log

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
_SYSTEM = "aws:cloudformation:"
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_ENDED = ("_COMPLETE", "_FAILED")

# Names given in templates and who has them: (account, region, type, identifier) -> (stack, logical id).
_owners: dict[tuple[str, ...], tuple[str, str]] = {}


class Hooks:
    """The wrappers, and the log that they write to."""

    def __init__(self, log: Log) -> None:
        """Remember ministack's own functions."""
        stacks = names.load("cloudformation.stacks")
        self._log = log
        self._provision: Callable[..., Made] = stacks._provision_resource
        self._update: Callable[..., Made] = stacks._update_resource
        self._delete: Callable[..., None] = stacks._delete_resource
        self._event: Callable[..., None] = stacks._add_event

    def install(self) -> None:
        """Put the wrappers where the engine looks its functions up."""
        stacks: Any = names.load("cloudformation.stacks")
        stacks._provision_resource = self.provision
        stacks._update_resource = self.update
        stacks._delete_resource = self.delete
        stacks._add_event = self.event

    def provision(self, resource_type: str, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Check, claim the name, create, complete the attributes, write down."""
        owner = (stack_name, logical_id)
        key = _key(resource_type, properties)
        try:
            checked = _checked(resource_type, logical_id, properties, stack_name)
            references.check(resource_type, checked)
            if resource_type == _RULE:
                references.check_priority(checked)
            _claim(key, owner)
            try:
                made = self._provision(resource_type, logical_id, checked, stack_name)
            except Exception:
                _release(key, owner)
                raise
        except Exception as error:
            self._write("create", resource_type, stack_name, logical_id, "", None, properties, error=str(error))
            raise
        physical_id, found = made
        _bound(resource_type, physical_id, checked)
        self._write("create", resource_type, stack_name, logical_id, physical_id, None, checked)
        return physical_id, _completed(resource_type, logical_id, physical_id, checked, stack_name, found)

    def update(
        self,
        resource_type: str,
        physical_id: str,
        old: Properties,
        new: Properties,
        stack_name: str,
        logical_id: str,
        old_attributes: dict[str, Any] | None = None,
    ) -> Made:
        """Check, update, complete the attributes, write down; an unchanged resource is left alone."""
        owner = (stack_name, logical_id)
        key = _key(resource_type, new)
        try:
            checked = _checked(resource_type, logical_id, new, stack_name)
            before = _coerced(resource_type, old)
            if before == checked:
                return physical_id, old_attributes or {}
            references.check(resource_type, checked)
            if resource_type == _RULE:
                references.check_priority(checked, physical_id)
            _claim(key, owner)
            try:
                made = self._update(resource_type, physical_id, before, checked, stack_name, logical_id, old_attributes)
            except Exception:
                if key != _key(resource_type, before):
                    _release(key, owner)
                raise
        except Exception as error:
            self._write("update", resource_type, stack_name, logical_id, physical_id, old, new, error=str(error))
            raise
        new_id, found = made
        _bound(resource_type, new_id, checked)
        self._write("update", resource_type, stack_name, logical_id, new_id, before, checked)
        return new_id, _completed(resource_type, logical_id, new_id, checked, stack_name, found)

    def delete(
        self,
        resource_type: str,
        physical_id: str,
        properties: Properties,
        stack_name: str | None = None,
        logical_id: str | None = None,
    ) -> None:
        """Delete, free the name, write down."""
        recorded = recorder.is_recorded(resource_type, physical_id)
        self._delete(resource_type, physical_id, properties, stack_name, logical_id)
        _release(_key(resource_type, properties), (stack_name or "", logical_id or ""))
        self._write("delete", resource_type, stack_name, logical_id, physical_id, properties, None, recorded=recorded)

    def event(self, stack_id: str, stack_name: str, logical_id: str, *rest: Any, **more: Any) -> None:
        """Pass an event on; when it ends an operation, write down what the stack now holds."""
        self._event(stack_id, stack_name, logical_id, *rest, **more)
        status = str(rest[1] if len(rest) > 1 else more["status"])
        if logical_id != stack_name or not status.endswith(_ENDED):
            return
        stack = names.load("cloudformation")._stacks.get(stack_name) or {}
        held = {key: item["PhysicalResourceId"] for key, item in stack.get("_resources", {}).items()}
        self._log.write(
            account=names.account(),
            region=names.region(),
            stack=stack_name,
            stack_id=stack_id,
            action="stack",
            status=status,
            resources=held,
        )

    def _write(
        self,
        action: str,
        resource_type: str,
        stack_name: str | None,
        logical_id: str | None,
        physical_id: str,
        old: Properties | None,
        new: Properties | None,
        **more: Any,
    ) -> None:
        line = {
            "account": names.account(),
            "region": names.region(),
            "stack": stack_name,
            "logical_id": logical_id,
            "physical_id": physical_id,
            "type": resource_type,
            "action": action,
            "old_properties": None if old is None else _own(resource_type, old),
            "properties": None if new is None else _own(resource_type, new),
            "recorded": recorder.is_recorded(resource_type, physical_id),
        }
        self._log.write(**{**line, **more})


def _tag_property(resource_type: str) -> str | None:
    spec = names.load("cloudformation.provisioners")._STACK_TAG_PROPERTY.get(resource_type)
    return spec[0] if spec else None


def _own(resource_type: str, properties: Properties, injected: Mapping[str, str] | None = None) -> Properties:
    """The properties without the tags that the engine adds: its own three, and `injected` ones."""
    key = _tag_property(resource_type)
    tags = properties.get(key) if key else None
    if key is None or not tags:
        return properties
    more = (injected or {}).items()
    if isinstance(tags, dict):
        kept: Any = {k: v for k, v in tags.items() if not k.startswith(_SYSTEM) and (k, v) not in more}
    else:
        exact = [{"Key": k, "Value": v} for k, v in more]
        kept = [tag for tag in tags if not str(tag["Key"]).startswith(_SYSTEM) and tag not in exact]
    rest = {k: v for k, v in properties.items() if k != key}
    return {**rest, key: kept} if kept else rest


def _checked(resource_type: str, logical_id: str, properties: Properties, stack_name: str) -> Properties:
    """Coerced properties, tags of the stack included; these are not the template's, so they are not checked."""
    stack = names.load("cloudformation")._stacks.get(stack_name) or {}
    injected = names.load("cloudformation.provisioners")._tag_map(stack.get("Tags"))
    coerced = schema.checked(resource_type, logical_id, _own(resource_type, properties, injected))
    key = _tag_property(resource_type)
    return {**coerced, key: properties[key]} if key and key in properties else coerced


def _coerced(resource_type: str, properties: Properties) -> Properties:
    key = _tag_property(resource_type)
    coerced = schema.coerced(resource_type, properties)
    return {**coerced, key: properties[key]} if key and key in properties else coerced


def _completed(
    resource_type: str,
    logical_id: str,
    physical_id: str,
    properties: Properties,
    stack_name: str,
    found: dict[str, Any],
) -> dict[str, Any]:
    """The attributes that the schema names: ministack's values, where it gives none made-up ones, and repairs."""
    made_up = recorder.attributes(resource_type, logical_id, physical_id, properties, stack_name)
    allowed = schema.attributes(resource_type)
    known = {**made_up, **{name: value for name, value in found.items() if not allowed or name in allowed}}
    for name, repair in _REPAIRS.get(resource_type, {}).items():
        known[name] = repair(physical_id, known)
    return known


def _bound(resource_type: str, physical_id: str, properties: Properties) -> None:
    """Give a role its permissions boundary, which ministack's CloudFormation drops."""
    if resource_type == "AWS::IAM::Role":
        names.load("iam")._roles[physical_id]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def _name_servers(zone: str, _known: Mapping[str, Any]) -> list[str]:
    """Those that the zone's own NS record has; ministack's attribute has others."""
    records = names.load("route53")._records.get(zone) or []
    found: dict[str, Any] = next((record for record in records if record["Type"] == "NS"), {})
    return [str(server).rstrip(".") for server in found.get("ResourceRecords") or []]


def _ipv6_blocks(vpc: str, known: Mapping[str, Any]) -> list[str]:
    """Read by subnets once a VPCCidrBlock, which is recorded only, has added a block."""
    return known["Ipv6CidrBlocks"] or [f"2a05:d018:{int(vpc[-4:], 16):x}:ff00::/56"]


_REPAIRS: dict[str, dict[str, Callable[[str, Mapping[str, Any]], Any]]] = {
    "AWS::EC2::VPC": {"Ipv6CidrBlocks": _ipv6_blocks},
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "TargetGroupFullName": lambda arn, _known: arn.split(":")[-1],
    },
    "AWS::Route53::HostedZone": {"NameServers": _name_servers},
}


def _key(resource_type: str, properties: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What makes a resource unique, when the template gives all of it."""
    given = [recorder.at(properties, path) for path in schema.paths(resource_type, "primaryIdentifier")]
    if not given or None in given:
        return None
    return (names.account(), names.region(), resource_type, *map(str, given))


def _claim(key: tuple[str, ...] | None, owner: tuple[str, str]) -> None:
    if key is not None and _owners.setdefault(key, owner) != owner:
        stack_name, logical_id = _owners[key]
        raise ValueError(f"{'|'.join(key[3:])} already exists in stack {stack_name} ({logical_id})")


def _release(key: tuple[str, ...] | None, owner: tuple[str, str]) -> None:
    if key is not None and _owners.get(key) == owner:
        del _owners[key]
