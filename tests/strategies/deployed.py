"""Stacks of services as pipelines deploy them: emitted template, emitted configuration, and what the pipeline adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.generated import Document, Generated
from tests.platforms import ROOT
from tests.stacks import deliveries

CASE = ROOT / "tests/cases/strategies"
REGION = "eu-central-1"

# What the pipeline hands over, by the parameter's name; any other release's values.
OLD = dict.fromkeys(("Image", "BlueImage", "GreenImage"), "r/x@sha256:" + 64 * "0")
OLD |= dict.fromkeys(("Version", "BlueVersion", "GreenVersion"), "abc") | {"LiveCluster": "blue", "IdleTasks": "1"}
NEW = dict.fromkeys(("Image", "BlueImage", "GreenImage"), "r/x@sha256:" + 64 * "1")
NEW |= dict.fromkeys(("Version", "BlueVersion", "GreenVersion"), "def") | {"LiveCluster": "green", "IdleTasks": "9"}


class Stack(deliveries.Stack):
    """With the parameters' types, as CloudFormation hands the values on."""

    def __init__(self, template: Document, values: dict[str, str], name: str = "stack") -> None:
        declared = template["Parameters"]
        assert set(values) <= set(declared), "CloudFormation refuses parameters that a template does not have"
        given = {key: parameter.get("Default") for key, parameter in declared.items()} | values
        assert None not in given.values(), given
        typed = {key: _typed(declared[key], value) for key, value in given.items()}
        super().__init__(template, typed | {"AWS::StackName": name})

    def one(self, suffix: str) -> dict[str, Any]:
        (found,) = self.of_type(suffix).values()
        return found


def _typed(parameter: Document, value: Any) -> Any:
    kind = parameter["Type"].removeprefix("AWS::SSM::Parameter::Value<")
    if kind.startswith("List<"):
        return [f"{value}#{number}" for number in range(2)]
    return int(value) if kind == "Number" else str(value)


class Deployment(NamedTuple):
    """What a pipeline deploys."""

    environment: str
    service: str
    file: str
    stack: str


def deployments(found: Generated) -> list[Deployment]:
    """Every stack that pipelines deploy, read from the pipelines."""
    seen: dict[Deployment, None] = {}
    for name, template in found.templates.items():
        if name.startswith("pipeline-"):
            for stage in template["Resources"]["Pipeline"]["Properties"]["Stages"]:
                for action in stage["Actions"]:
                    given = action["Configuration"]
                    if "TemplateConfiguration" in given:
                        file, values = Path(given["TemplatePath"]).name, Path(given["TemplateConfiguration"])
                        service = values.stem.removeprefix("service-")
                        seen[Deployment(values.parent.name, service, file, given["StackName"])] = None
    return list(seen)


def stack(found: Generated, environment: str, service: str, **more: str) -> Stack:
    """The service's stack in the environment; `more` are values of the pipeline's other than those of `OLD`."""
    (one,) = [d for d in deployments(found) if (d.environment, d.service) == (environment, service)]
    return deployed(found, one, **more)


def deployed(found: Generated, one: Deployment, **more: str) -> Stack:
    """As `stack`, for a deployment that is known."""
    template = found.templates[one.file]
    configuration = found.configurations[f"{one.environment}/service-{one.service}.json"]["Parameters"]
    release = {name: value for name, value in (OLD | more).items() if name in template["Parameters"]}
    return Stack(template, configuration | release, one.stack)


# Logical ids of alarms that stop a release: a service's other ones may be red for reasons that no release has.
STOPPING = ("ErrorsAlarm", "LatencyAlarm", "ErrorLinesAlarm")


def create_only(kind: str) -> set[str]:
    """Properties whose change makes CloudFormation replace a resource of the type."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    return {path.split("/")[2] for path in schema.get("createOnlyProperties", [])}


def identity(found: Stack, name: str) -> str:
    """What makes a resource another one when it changes."""
    body = found.made[name]
    fixed = create_only(body["Type"])
    kept = {key: value for key, value in found.resources[name].items() if key in fixed}
    return json.dumps([name, body["Type"], kept], sort_keys=True)
